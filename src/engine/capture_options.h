#pragma once

#include <sys/types.h>

#include <cstdint>
#include <string>
#include <vector>

#include "capture/live/live_options.h"

namespace sslsniff {

/// Whom a live capture is about, and how it is made. Plain data: nothing in it was compared with the system.
struct CaptureOptions {
    // Targets: at least one, or a command.
    std::vector<pid_t> pids;
    std::vector<std::string> comms;       ///< names of processes; the kernel keeps 15 bytes of one
    std::vector<std::string> users;       ///< names or uids
    std::vector<std::string> containers;  ///< names, ids or how those begin
    std::vector<std::string> pods;        ///< "NAMESPACE/POD"
    bool whole_host = false;
    bool children = true;              ///< of `pids` and of the command
    std::vector<std::string> command;  ///< a program, as PATH has it, and its arguments

    bool tls = true;
    LibraryChoice libraries;  ///< with `tls`
    bool cleartext = true;
    std::uint64_t snaplen = 0;                        ///< bytes kept of each call; 0: all
    std::uint64_t buffer_size = 64ULL * 1024 * 1024;  ///< bytes of the ring buffer, as asked for
    bool all_remarks = false;  ///< also of what cannot be captured of processes that nobody named

    /// For tests and for finding out what is wrong: not the best that the kernel has.
    PayloadStrategy payload = PayloadStrategy::automatic;
    ProbeMechanism probes = ProbeMechanism::automatic;
    SocketBackend sockets = SocketBackend::automatic;
};

}  // namespace sslsniff
