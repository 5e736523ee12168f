#pragma once

#include <chrono>
#include <cstdint>
#include <optional>

#include "capture/live/capture_programs.h"

namespace sslsniff {

/// What the kernel side and we tell each other about transports that are no sockets
/// (bpf/detached_transport.bpf.h, ciphertext.bpf.h).
class CiphertextMaps {
  public:
    explicit CiphertextMaps(const CapturePrograms& programs);

    /// The socket of a connection is known: stops looking at both.
    void mark_bound(std::uint64_t generation, std::uint64_t socket_cookie) const;
    /// What passes through the socket is TLS: neither its ciphertext nor its bytes are wanted.
    void leave_socket(std::uint64_t socket_cookie) const;
    /// The connection is over, and the socket may get another.
    void release_socket(std::uint64_t socket_cookie) const;

    struct Need {
        std::chrono::nanoseconds last{};  ///< call on a connection without a socket, CLOCK_MONOTONIC; 0: none
        bool may_come = false;            ///< attached early, and nothing says yet that there is no need
    };
    /// Nothing when the process ended, or has another image.
    std::optional<Need> need(std::uint32_t tgid) const;
    /// The probes on its transport are attached before there is a need.
    void mark_early(std::uint32_t tgid) const;
    void mark_attached(std::uint32_t tgid) const;
    /// The next call on a connection without a socket asks again.
    void forget_process(std::uint32_t tgid) const;

  private:
    int processes_;
    int sockets_;
    int bound_;
};

}  // namespace sslsniff
