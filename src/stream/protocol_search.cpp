#include "stream/protocol_search.h"

#include <algorithm>
#include <utility>

#include "base/memory.h"
#include "base/saturating.h"

namespace sslsniff {
namespace {

/// Of a connection that may begin anywhere, so many times the limit is searched for anything anywhere.
constexpr std::uint32_t kThoroughRounds = 4;
constexpr std::size_t kMostLimit = std::size_t{1} << 28U;
/// Messages that a search takes before it is given up: a thorough one, and one of a later message.
constexpr unsigned kMaxTurns = 256;
constexpr unsigned kMaxLaterTurns = 16;
/// A protocol that was wrong so many times and more is asked about one message of 2^kMaxRefusals.
constexpr std::uint8_t kMaxRefusals = 6;
constexpr std::uint32_t kAll = ~std::uint32_t{0};

std::size_t index(Direction direction) {
    return static_cast<std::size_t>(direction);
}

}  // namespace

ProtocolSearch::ProtocolSearch(std::size_t limit, bool joined)
    : limit_(static_cast<std::uint32_t>(std::min<std::size_t>(limit, kMostLimit))) {
    begin(joined);
}

void ProtocolSearch::begin(bool joined) {
    joined_ = anywhere_ = joined;
    begun_ = false;
    thorough_left_ = kThoroughRounds * limit_;
    refused_ = 0;
    dropped_ = {};
    attempt_.reset();
    patience_.reset();
}

ProtocolSearch::Claim ProtocolSearch::add(Direction direction, ByteView bytes, Timestamp time,
                                          const Call& call, const ConnectionInfo& connection) {
    if (connection.endpoints.transport == Transport::udp) {
        return add_datagram(direction, bytes, connection);
    }
    const bool turn = !begun_ || direction != latest_;
    const bool starts = turn || is_another_write(bytes);
    latest_ = direction;
    latest_size_ = static_cast<std::uint32_t>(bytes.size());
    ended_line_ = bytes.back() == '\n';
    const bool continued = attempt_ != nullptr;
    while (attempt_ || begin_attempt(bytes, starts, connection)) {
        Attempt& attempt = *attempt_;
        if (turn || attempt.buffer.empty()) {
            attempt.messages[index(direction)] = attempt.buffer.evidence(direction).size();
            ++attempt.turns;
            if (attempt.start == Evidence::Start::message) {
                invite(attempt, worth_searching(bytes, connection));
            }
        }
        const ByteView kept = bytes.substr(0, attempt.buffer.room(direction));
        attempt.buffer.add(direction, kept, time, call);
        bool more = false;
        const Claim claim = ask(connection, more);
        if (claim.protocol != nullptr) {
            attempt.buffer.remove_latest();
            drop_foreign(*attempt.detectors[row_of(*claim.protocol)]);
            return claim;
        }
        const unsigned most = attempt.start == Evidence::Start::message ? kMaxLaterTurns : kMaxTurns;
        if (more && kept.size() == bytes.size() && attempt.turns <= most) {
            return {};
        }
        const bool alone = attempt.buffer.entries().size() == 1;
        fail(1);
        if (alone || !continued || !starts) {
            break;
        }
    }
    refused_ = 0;
    drop(direction, bytes.size());
    return {};
}

/// The same side goes on. It may be another message when it looks like another write: of another size, and
/// behind a line or the first bytes of all, which may be a proxy's.
bool ProtocolSearch::is_another_write(ByteView bytes) const {
    const bool after_first = dropped_[index(latest_)] == latest_size_;
    return bytes.size() != latest_size_ && (ended_line_ || after_first);
}

/// Each is a message, and stands for itself.
ProtocolSearch::Claim ProtocolSearch::add_datagram(Direction direction, ByteView bytes,
                                                   const ConnectionInfo& connection) {
    begun_ = true;
    Evidence evidence{connection, Evidence::Start::message, {}};
    evidence.sides[index(direction)].bytes = bytes;
    const std::uint32_t rows = worth_searching(bytes, connection);
    for (const Protocol& protocol : protocols()) {
        if ((rows & bit(protocol)) != 0 && protocol.detect()->look(evidence) == Verdict::yes) {
            return {&protocol, false};
        }
    }
    drop(direction, bytes.size());
    return {};
}

/// Whether to search from here on, `bytes` being what comes.
bool ProtocolSearch::begin_attempt(ByteView bytes, bool starts, const ConnectionInfo& connection) {
    if (!std::exchange(begun_, true)) {
        return open(joined_ ? Evidence::Start::anywhere : Evidence::Start::beginning, kAll);
    }
    if (anywhere_ && thorough_left_ != 0) {
        return open(Evidence::Start::anywhere, kAll);
    }
    const std::uint32_t rows = starts ? worth_searching(bytes, connection) : 0;
    return rows != 0 && open(Evidence::Start::message, rows);
}

bool ProtocolSearch::open(Evidence::Start start, std::uint32_t rows) {
    attempt_ = std::make_unique<Attempt>(limit_, start);
    attempt_->detectors.resize(protocols().size());
    invite(*attempt_, rows);
    return true;
}

void ProtocolSearch::invite(Attempt& attempt, std::uint32_t rows) const {
    for (std::size_t row = 0; row < attempt.detectors.size(); ++row) {
        const Protocol& protocol = protocols()[row];
        if (!attempt.detectors[row] && (rows & ~refused_ & bit(protocol)) != 0) {
            attempt.detectors[row] = protocol.detect();
        }
    }
}

/// The rows to ask about a message of an unknown connection.
std::uint32_t ProtocolSearch::worth_searching(ByteView message, const ConnectionInfo& connection) {
    std::uint32_t rows = 0;
    for (const Protocol& protocol : protocols()) {
        if (!protocol.may_begin(message, connection) || is_refused(protocol)) {
            continue;
        }
        if (!patience_ || patience_[row_of(protocol)].skip == 0) {
            rows |= bit(protocol);
        } else {
            --patience_[row_of(protocol)].skip;
        }
    }
    return rows;
}

ProtocolSearch::Claim ProtocolSearch::ask(const ConnectionInfo& connection, bool& more) {
    const DetectionBuffer& buffer = attempt_->buffer;
    const Evidence evidence{connection,
                            attempt_->start,
                            {Evidence::Side{buffer.evidence(Direction::sent), attempt_->messages[0]},
                             Evidence::Side{buffer.evidence(Direction::received), attempt_->messages[1]}}};
    Claim claim;
    for (std::size_t row = 0; row < attempt_->detectors.size(); ++row) {
        Detector* const detector = attempt_->detectors[row].get();
        const Verdict verdict = detector != nullptr ? detector->look(evidence) : Verdict::no;
        more = more || verdict == Verdict::need_more;
        if (verdict == Verdict::yes || (verdict == Verdict::likely && claim.protocol == nullptr)) {
            claim = {&protocols()[row], verdict == Verdict::likely};
        }
        if (verdict == Verdict::yes) {
            break;
        }
    }
    return claim;
}

/// What the protocol just claimed has nothing to do with.
void ProtocolSearch::drop_foreign(const Detector& detector) {
    for (const Direction direction : {Direction::sent, Direction::received}) {
        drop(direction, attempt_->buffer.drop_before(direction, detector.foreign(direction)));
    }
}

/// The search from this place was in vain. The last `entries_kept` entries are not counted as dropped.
void ProtocolSearch::fail(std::size_t entries_kept) {
    const auto attempt = std::exchange(attempt_, nullptr);
    const auto& entries = attempt->buffer.entries();
    refused_ = 0;
    std::uint32_t searched = 0;
    for (std::size_t at = 0; at < entries.size(); ++at) {
        searched += static_cast<std::uint32_t>(entries[at].size);
        if (at + entries_kept < entries.size()) {
            drop(entries[at].direction, entries[at].size);
        }
    }
    if (attempt->start == Evidence::Start::anywhere) {
        thorough_left_ -= std::min(thorough_left_, searched + 1);
    }
    for (std::size_t row = 0; row < attempt->detectors.size(); ++row) {
        if (attempt->start == Evidence::Start::message && attempt->detectors[row]) {
            lose_patience(protocols()[row]);
        }
    }
}

void ProtocolSearch::lose_patience(const Protocol& protocol) {
    if (!patience_) {
        patience_ = std::make_unique<Patience[]>(protocols().size());
    }
    Patience& patience = patience_[row_of(protocol)];
    patience.refusals = std::min<std::uint8_t>(kMaxRefusals, patience.refusals + 1);
    patience.skip = static_cast<std::uint8_t>((1U << patience.refusals) - 1);
}

void ProtocolSearch::refuse(const Protocol& protocol, bool again) {
    lose_patience(protocol);
    if (again) {
        refused_ |= bit(protocol);
        begun_ = taken_ != Evidence::Start::beginning;
    }
    if (taken_ == Evidence::Start::anywhere) {
        thorough_left_ -= std::min(thorough_left_, limit_ / 4);
    }
}

void ProtocolSearch::add_gap(Direction direction, std::uint64_t bytes, Timestamp time) {
    anywhere_ = true;
    if (!attempt_ && !std::exchange(begun_, true)) {
        open(Evidence::Start::anywhere, kAll);
    }
    if (!attempt_) {
        drop(direction, std::max<std::uint64_t>(bytes, 1));
        return;
    }
    // What the other side said is searched once more.
    const auto again = static_cast<std::uint32_t>(attempt_->buffer.evidence(opposite(direction)).size() + 1);
    if (again > thorough_left_ || !attempt_->buffer.add_gap(direction, bytes, time)) {
        fail(0);
        drop(direction, std::max<std::uint64_t>(bytes, 1));
        return;
    }
    thorough_left_ -= again;
    attempt_->messages[index(direction)] = 0;
    attempt_->start = Evidence::Start::anywhere;
    attempt_->detectors.clear();
    attempt_->detectors.resize(protocols().size());
    invite(*attempt_, kAll);
}

DetectionBuffer ProtocolSearch::take() {
    taken_ = attempt_ ? attempt_->start : Evidence::Start::message;
    return attempt_ ? std::move(std::exchange(attempt_, nullptr)->buffer) : DetectionBuffer(limit_);
}

bool ProtocolSearch::drop() {
    const bool any = attempt_ != nullptr && !attempt_->buffer.empty();
    if (attempt_) {
        fail(0);
    }
    return any;
}

void ProtocolSearch::drop(Direction direction, std::uint64_t bytes) {
    add_saturating(dropped_[index(direction)], bytes);
}

std::size_t ProtocolSearch::held() const {
    std::size_t held = patience_ ? allocated(protocols().size() * sizeof(Patience)) : 0;
    if (attempt_) {
        held += allocated(sizeof(Attempt)) + attempt_->buffer.held() + heap_bytes(attempt_->detectors);
        for (const auto& detector : attempt_->detectors) {
            held += detector ? detector->held() : 0;
        }
    }
    return held;
}

}  // namespace sslsniff
