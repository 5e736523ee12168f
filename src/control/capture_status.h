#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/process_use.h"
#include "capture/event_source.h"
#include "model/time.h"
#include "model/transaction.h"
#include "stages/protocol_tally.h"

namespace sslsniff {

/// How a capture is going, for whoever asks it (docs/stats.md).
struct CaptureStatus {
    using Counts = std::vector<std::pair<std::string_view, std::uint64_t>>;

    pid_t pid = 0;
    std::string command_line;
    Timestamp started;
    Timestamp now;
    bool capturing = true;  ///< false: it was stopped, and can be started again
    std::string kernel;     ///< release, as of uname(2)

    std::string filter;  ///< pcap-filter, of new connections; empty: all
    std::string where;   ///< of transactions; empty: all

    CaptureSummary summary;
    std::uint64_t open_connections = 0;
    Counts events;                       ///< by kind
    ProtocolTally::Protocols protocols;  ///< before `where`
    std::uint64_t held = 0;              ///< bytes that connections hold
    std::uint64_t max_held = 0;

    std::optional<BufferUse> buffer;
    std::vector<MapUse> maps;
    std::vector<std::string> libraries;  ///< that are probed: "OpenSSL 3.0.17"
    std::vector<std::string> processes;  ///< "nginx[42]"; that are captured and run

    struct OutputState {
        std::string name;  ///< as it was given: "json:FILE"
        bool done = false;
        std::vector<std::pair<std::string, std::uint64_t>> counts;  ///< Output::counts()
    };
    std::vector<OutputState> outputs;

    ProcessUse own;
    std::optional<AttacherUse> attacher;
};

}  // namespace sslsniff
