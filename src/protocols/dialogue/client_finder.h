#pragma once

#include <array>
#include <optional>
#include <utility>
#include <vector>

#include "base/memory.h"
#include "protocols/dialogue/role_finder.h"

namespace sslsniff::dialogue {

/// Finds out which direction is the client's, holding what comes until it is known.
template <Tiles Tiling>
class ClientFinder {
  public:
    enum class State : std::uint8_t { unknown, known, refused };
    /// Whether a connection begins with what that side says; `no` for the side that does not speak first.
    using Begins = Verdict (*)(Side side, ByteView said);
    struct Early {
        Direction direction;
        Timestamp time;
        Bytes bytes;
    };

    explicit ClientFinder(Begins begins) : begins_(begins) {}

    State add(Direction direction, ByteView bytes, Timestamp time, Role role, bool midstream) {
        Bytes& said = said_[index(direction)];
        if (latest_ != direction) {
            begin_[index(direction)] = said.size();
        }
        latest_ = direction;
        said += bytes;
        early_.push_back({direction, time, Bytes(bytes)});
        return midstream ? look(direction, role) : look_at_beginning(direction);
    }
    /// The client's, once it is known.
    Direction client() const { return client_; }
    std::vector<Early> take() {
        said_ = {};
        return std::exchange(early_, {});
    }
    /// Bytes are missing: what the direction said so far is of no use.
    void lose(Direction direction) {
        std::erase_if(early_, [&](const Early& one) { return one.direction == direction; });
        said_[index(direction)].clear();
        begin_ = {};
        roles_ = {};
        latest_.reset();
    }
    /// Bytes of memory outside of itself, about.
    std::size_t held() const {
        return 3 * (heap_bytes(said_[0]) + heap_bytes(said_[1])) + early_.capacity() * sizeof(Early);
    }

  private:
    /// So much without a sign of who is the client, and it is something else.
    static constexpr std::size_t kMost = std::size_t{32} * 1024;

    static std::size_t index(Direction direction) { return static_cast<std::size_t>(direction); }
    bool too_much() const { return said_[0].size() + said_[1].size() > kMost; }
    State found(Direction client) {
        client_ = client;
        return State::known;
    }

    State look_at_beginning(Direction direction) {
        bool may_be = said_[index(opposite(direction))].empty();
        for (const Side side : {Side::client, Side::server}) {
            const Verdict verdict = begins_(side, said_[index(direction)]);
            if (verdict == Verdict::yes) {
                return found(side == Side::client ? direction : opposite(direction));
            }
            may_be = may_be || verdict == Verdict::need_more;
        }
        return may_be && !too_much() ? State::unknown : State::refused;
    }
    State look(Direction direction, Role role) {
        const std::size_t begin = begin_[index(direction)];
        roles_.look(direction, ByteView(said_[index(direction)]).substr(begin), begin);
        if (roles_.verdict() == Verdict::yes) {
            return found(roles_.client());
        }
        if (role != Role::unknown) {
            return found(role == Role::client ? Direction::sent : Direction::received);
        }
        return too_much() ? State::refused : State::unknown;
    }

    Begins begins_;
    RoleFinder<Tiling> roles_;
    std::vector<Early> early_;
    std::array<Bytes, 2> said_;           ///< the same, by direction
    std::array<std::size_t, 2> begin_{};  ///< where the latest of it begins
    std::optional<Direction> latest_;
    Direction client_ = Direction::sent;
};

}  // namespace sslsniff::dialogue
