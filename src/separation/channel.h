#pragma once

#include <cstdint>
#include <optional>
#include <utility>

#include "base/bytes.h"
#include "base/result.h"
#include "base/unique_fd.h"

namespace sslsniff::separation {

/// One end of the line between the two processes: messages whole and in order, each with at most one
/// descriptor beside it.
class Channel {
  public:
    static Result<std::pair<Channel, Channel>> make_pair();

    int descriptor() const { return socket_.get(); }

    enum class Sent : std::uint8_t { sent, full, broken };
    /// `full` only when it is not to `wait`. `fd` stays the caller's; -1: none.
    Sent send(ByteView message, int fd = -1, bool wait = true) const;

    struct Received {
        Bytes bytes;
        UniqueFd fd;
    };
    enum class Wait : bool { no, yes };
    /// Nothing when there is none yet, or `ended`: there will never be one.
    std::optional<Received> receive(Wait wait, bool& ended) const;

    void close() { socket_.reset(); }

  private:
    explicit Channel(UniqueFd socket) : socket_(std::move(socket)) {}
    UniqueFd socket_;  ///< SOCK_SEQPACKET
};

}  // namespace sslsniff::separation
