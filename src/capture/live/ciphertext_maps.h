#pragma once

#include <chrono>
#include <cstdint>
#include <optional>

#include "capture/live/capture_programs.h"

namespace sslsniff {

/// What the kernel side and we tell each other about memory BIOs (bpf/memory_bio.bpf.h, ciphertext.bpf.h).
class CiphertextMaps {
  public:
    explicit CiphertextMaps(const CapturePrograms& programs);

    /// The socket of a connection is known: stops looking at both.
    void mark_bound(std::uint64_t generation, std::uint64_t socket_cookie) const;
    /// The connection is over, and the socket may get another.
    void release_socket(std::uint64_t socket_cookie) const;

    /// When a call on a connection without a socket was last seen in the process, CLOCK_MONOTONIC; nothing
    /// when the process ended, or has another image.
    std::optional<std::chrono::nanoseconds> last_needed(std::uint32_t tgid) const;
    void mark_attached(std::uint32_t tgid) const;
    /// The next call on a connection without a socket asks again.
    void forget_process(std::uint32_t tgid) const;

  private:
    int processes_;
    int sockets_;
    int bound_;
};

}  // namespace sslsniff
