#pragma once

#include <cstdint>
#include <vector>

#include "base/bytes.h"
#include "model/connection.h"

namespace sslsniff {

/// Follows the bytes of one connection of a protocol with state, and makes up others with which a dissector
/// that begins in the middle understands the rest: what a later capture file has to begin with.
class StreamContext {
  public:
    StreamContext() = default;
    StreamContext(const StreamContext&) = delete;
    StreamContext& operator=(const StreamContext&) = delete;
    virtual ~StreamContext() = default;

    struct Piece {
        Direction direction = Direction::sent;
        Bytes bytes;
        bool for_dissectors = false;  ///< who parses it for us does not want to see it
    };
    struct Beginning {
        std::vector<Piece>
            pieces;             ///< in this order, before everything else; empty when there is nothing to say
        bool is_exact = false;  ///< they hold what passed before, no placeholders for what nobody saw
    };
    /// A dissector begins with what is written next.
    virtual Beginning begin() = 0;

    /// `bytes` are written next: what has to be written before, and before what before() says, so that a
    /// dissector understands those of streams whose beginning nobody saw.
    virtual std::vector<Piece> opening(ByteView /*bytes*/) { return {}; }

    /// `bytes` are written next, of which the call takes note: what to write before them, mostly nothing.
    virtual Bytes before(Direction direction, ByteView bytes) = 0;

    /// `bytes` are missing, 0 when nobody knows how many. False when zeros in their place would put the
    /// dissector out of step: it has to begin anew behind them.
    virtual bool skip(Direction direction, std::uint64_t bytes) = 0;

    /// Bytes of memory, itself included.
    virtual std::size_t held() const = 0;
};

}  // namespace sslsniff
