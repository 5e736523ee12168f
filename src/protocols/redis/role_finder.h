#pragma once

#include <array>
#include <optional>

#include "base/bytes.h"
#include "base/memory.h"
#include "model/connection.h"

namespace sslsniff::redis {

/// Finds out which direction carries the requests, holding back the first bytes until it is known.
class RoleFinder {
  public:
    /// What is known: the connection's role, nothing, or that this cannot be Redis.
    enum class State : std::uint8_t { unknown, known, refused };

    /// `role` as the socket tells it. Adds bytes of one direction. While the state stays unknown they are
    /// held; once known, take() returns them.
    State add(Direction direction, ByteView bytes, Role role, bool midstream);
    State state() const { return state_; }
    Direction requests() const { return requests_; }
    Bytes take(Direction direction);
    /// Bytes of memory outside of itself.
    std::size_t held() const { return heap_bytes(held_[0]) + heap_bytes(held_[1]); }

  private:
    State decide(Role role, bool midstream);
    State choose(Direction requests);
    const Bytes& held(Direction direction) const { return held_[direction == Direction::sent ? 0 : 1]; }

    State state_ = State::unknown;
    Direction requests_ = Direction::sent;
    std::array<Bytes, 2> held_;
};

}  // namespace sslsniff::redis
