#pragma once

#include <array>
#include <optional>

#include "protocols/framed/tiling.h"
#include "protocols/protocol.h"

namespace sslsniff::framed {

/// How much must be seen before bytes are taken for a protocol's.
struct Proof {
    /// Telling messages of one side alone, when the other one says nothing against it.
    unsigned alone = 3;
    /// The same where the bytes are the first of a connection.
    unsigned alone_at_beginning = 1;
    /// At the beginning of a connection: the server may speak first.
    bool server_may_begin = false;
    /// One telling message of each side will do as well.
    bool pair = true;
    /// Of one side will do, where all that the other one says are messages of any form.
    bool with_any = false;
    /// What is claimed then: `likely` where other protocols have such messages.
    Verdict verdict = Verdict::yes;
};

/// Tells from what both directions say, each from the beginning of a message on, whether it is the protocol,
/// and which one is the client.
class RoleFinder {
  public:
    RoleFinder(const Framing& framing, const Proof& proof);

    /// What a direction said by now from `begin` on, the beginning of what its sender said last; `bytes` are
    /// those of the last time, and more, unless `begin` or `beginning` is another one. `beginning`: they are
    /// the first of the connection.
    void look(Direction direction, ByteView bytes, std::size_t begin, bool beginning);

    /// `beginning`: the bytes are the first of the connection.
    Verdict verdict(bool beginning) const;
    /// The direction of the client, as far as the form of the messages tells.
    std::optional<Direction> client(bool beginning) const;
    std::size_t begin(Direction direction) const { return ends_[index(direction)].begin; }

  private:
    /// One direction, read as either side's.
    struct End {
        std::size_t begin = 0;
        bool beginning = false;
        Tiling client;
        Tiling server;
        bool spoke = false;
    };
    static std::size_t index(Direction direction) { return static_cast<std::size_t>(direction); }
    Verdict verdict_with(Direction client, bool beginning) const;

    const Framing& framing_;
    Proof proof_;
    std::array<End, 2> ends_;
};

}  // namespace sslsniff::framed
