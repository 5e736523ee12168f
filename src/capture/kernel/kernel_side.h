#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "base/bytes.h"
#include "capture/kernel/process_libraries.h"
#include "capture/kernel/stream_ends.h"
#include "model/event.h"

namespace sslsniff {

/// Probes were attached that name the library by this number, from 1 on, as in "OpenSSL 3.0.17".
struct LibraryNamed {
    std::uint32_t number = 0;
    std::string name;
};

/// Probes that tell the sockets of connections are in place from `time` on.
struct SocketProbesAttached {
    std::uint32_t pid = 0;  ///< 0: in all processes
    Timestamp time;
};

using KernelNews = std::variant<LibraryNamed, SocketProbesAttached>;

/// What was lost on the kernel's side since the capture began.
struct KernelLoss {
    LossCause cause = LossCause::unknown;
    std::uint64_t events = 0;
    std::uint64_t bytes = 0;  ///< of payload, where it is known
};

/// What whoever reads the kernel's records asks of, and tells, whoever holds the probes, the maps and the
/// privileges. They share nothing else but the ring buffer. This one knows nothing and does nothing.
class KernelSide {
  public:
    KernelSide() = default;
    KernelSide(const KernelSide&) = delete;
    KernelSide& operator=(const KernelSide&) = delete;
    virtual ~KernelSide() = default;

    /// What happened since the last call. To be asked for before the records that may depend on it are read.
    virtual std::vector<KernelNews> take_news() { return {}; }
    /// Waits until what has happened so far can be taken by take_news().
    virtual void catch_up() {}
    /// Records were read that ask for probes (EVENT_TRANSPORT_WANTED, EVENT_CALLS_WANTED).
    virtual void attach_wanted(ByteView /*record*/) {}
    virtual std::vector<KernelLoss> losses() { return {}; }

    /// A connection ended without a record of its own: what the kernel keeps of it, and keeps no longer.
    virtual std::optional<StreamEnds> take_ends(const ConnectionId& /*id*/, std::uint64_t /*generation*/) {
        return std::nullopt;
    }
    virtual bool has_connection(const ConnectionId& /*id*/, std::uint64_t /*generation*/) { return false; }

    /// The socket of a connection was found by its ciphertext: neither need be looked at any longer.
    virtual void mark_bound(std::uint64_t /*generation*/, std::uint64_t /*socket_cookie*/) {}
    /// Such a connection is over: its socket may carry another.
    virtual void release_socket(std::uint64_t /*socket_cookie*/) {}
    /// Nothing more is wanted of a socket.
    virtual void leave_socket(std::uint64_t /*socket_cookie*/) {}

    /// Completes what the records do not tell: the exe of a process that was running before, a container that
    /// its cgroup does not name.
    virtual void describe_process(ProcessInfo& /*process*/) {}
    /// Only payload shows which sockets carry the TLS of this process: before it passes, nobody knows.
    virtual bool shows_sockets_by_payload(std::uint32_t /*pid*/) { return false; }
    /// What is known of TLS of a process that no probe sees.
    virtual UncoveredTls describe_uncovered(std::uint32_t /*pid*/) { return {{}, kUnknownLibrary}; }
};

}  // namespace sslsniff
