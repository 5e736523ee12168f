#pragma once

#include <algorithm>
#include <array>
#include <concepts>

#include "protocols/dialogue/side.h"
#include "protocols/protocol.h"

namespace sslsniff::dialogue {

/// Follows messages of one side that lie end to end from the first byte on. Remembers how far it came: looks
/// at each byte a fixed number of times.
template <class T>
concept Tiles = std::constructible_from<T, Side> && requires(T tiling, const T& done, ByteView bytes) {
    tiling.look(bytes);                                // those of the last time, and more
    { done.bad() } -> std::same_as<bool>;              // what lies there is no message
    { done.sure() } -> std::convertible_to<unsigned>;  // whole messages whose form leaves little to chance
    { done.exact() } -> std::same_as<bool>;            // the last of them ends where the bytes end
};

/// Tells from what both directions say, each from the beginning of a message on, whether they speak a
/// protocol, and which one is the client.
template <Tiles Tiling>
class RoleFinder {
  public:
    /// What a direction has said by now from `begin` on, where what its sender said last begins; `bytes` are
    /// those of the last time, and more, unless `begin` is another one.
    void look(Direction direction, ByteView bytes, std::size_t begin) {
        End& end = ends_[index(direction)];
        if (end.begin != begin) {
            end = {};
            end.begin = begin;
        }
        end.spoke = end.spoke || !bytes.empty();
        end.client.look(bytes);
        end.server.look(bytes);
    }

    Verdict verdict() const {
        return std::max(verdict_with(Direction::sent), verdict_with(Direction::received));
    }
    /// The direction of the client, once verdict() is yes.
    Direction client() const {
        const bool sent = verdict_with(Direction::sent) == Verdict::yes;
        const bool received = verdict_with(Direction::received) == Verdict::yes;
        if (sent != received) {
            return sent ? Direction::sent : Direction::received;
        }
        return weight(Direction::sent) >= weight(Direction::received) ? Direction::sent : Direction::received;
    }
    /// Where a direction's latest message begins, as look() was told.
    std::size_t begin(Direction direction) const { return ends_[index(direction)].begin; }

  private:
    /// One direction, read as either side's.
    struct End {
        std::size_t begin = 0;
        Tiling client{Side::client};
        Tiling server{Side::server};
        bool spoke = false;
    };
    static std::size_t index(Direction direction) { return static_cast<std::size_t>(direction); }

    unsigned weight(Direction client) const {
        return ends_[index(client)].client.sure() + ends_[index(opposite(client))].server.sure();
    }
    /// One message of each side, or several of one: then chance has little to do with it.
    Verdict verdict_with(Direction client) const {
        constexpr unsigned kAlone = 3;
        const End& asking = ends_[index(client)];
        const End& answering = ends_[index(opposite(client))];
        const unsigned asked = asking.client.sure();
        const unsigned answered = answering.server.sure();
        if ((asked >= 1 && answered >= 1) || asked >= kAlone || answered >= kAlone) {
            return Verdict::yes;
        }
        const bool may_be =
            (asking.spoke && !asking.client.bad()) || (answering.spoke && !answering.server.bad());
        return may_be ? Verdict::need_more : Verdict::no;
    }

    std::array<End, 2> ends_;
};

}  // namespace sslsniff::dialogue
