#include "protocols/redis/role_finder.h"

#include <utility>

#include "protocols/redis/plausible.h"

namespace sslsniff::redis {
namespace {

// So much of a stream without a sign of RESP, and it is something else.
constexpr std::size_t kMaxHeld = 8192;

/// Whether a request begins at the first byte, or, when joining in the middle, behind any CRLF.
Verdict finds_request(ByteView bytes, bool midstream, bool known) {
    Verdict verdict = plausible_request(bytes, known);
    if (verdict == Verdict::no && !midstream) {
        verdict = plausible_inline(bytes, known);
    }
    for (std::size_t at = 0; midstream && verdict == Verdict::no; at += 2) {
        at = bytes.find("\r\n", at);
        if (at == ByteView::npos) {
            return Verdict::no;
        }
        verdict = plausible_request(bytes.substr(at + 2), known);
    }
    return verdict;
}

}  // namespace

RoleFinder::State RoleFinder::choose(Direction requests) {
    requests_ = requests;
    return state_ = State::known;
}

RoleFinder::State RoleFinder::add(Direction direction, ByteView bytes, Role role, bool midstream) {
    held_[direction == Direction::sent ? 0 : 1].append(bytes);
    return state_ = decide(role, midstream);
}

Bytes RoleFinder::take(Direction direction) {
    return std::exchange(held_[direction == Direction::sent ? 0 : 1], {});
}

RoleFinder::State RoleFinder::decide(Role role, bool midstream) {
    const Direction guess = role == Role::server ? Direction::received : Direction::sent;
    bool refused = true;
    // A known command tells; the socket's role breaks the tie of an array in both directions.
    for (const Direction direction : {guess, opposite(guess)}) {
        const Verdict verdict = finds_request(held(direction), midstream, true);
        if (verdict == Verdict::yes) {
            return choose(direction);
        }
        refused = refused && verdict == Verdict::no;
    }
    // A command nobody knows (a module's, a new one), answered by what can only be a reply.
    for (const Direction direction : {guess, opposite(guess)}) {
        const ByteView other = held(opposite(direction));
        if (finds_request(held(direction), midstream, false) != Verdict::yes) {
            continue;
        }
        if (role != Role::unknown && direction == guess) {
            return choose(direction);
        }
        refused = false;
        if (!other.empty() && plausible_reply(other) == Verdict::yes &&
            plausible_request(other, false) == Verdict::no) {
            return choose(direction);
        }
    }
    if (held_[0].size() + held_[1].size() > kMaxHeld) {
        return State::refused;
    }
    // In the middle of a stream anything may come first, and replies alone do not tell.
    return refused && !midstream && !held(guess).empty() && !held(opposite(guess)).empty() ? State::refused
                                                                                           : State::unknown;
}

}  // namespace sslsniff::redis
