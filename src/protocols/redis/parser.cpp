#include "protocols/redis/parser.h"

#include <algorithm>
#include <utility>

#include "base/memory.h"
#include "protocols/redis/commands.h"

namespace sslsniff::redis {
namespace {

constexpr std::string_view kGap = "gap in stream";
constexpr std::string_view kNotResp = "bytes that are not RESP";

RespLimits value_limits(const ParserLimits& limits) {
    RespLimits out;
    out.max_text = limits.max_body;
    return out;
}

}  // namespace

RedisParser::RedisParser(ParserHost& host, const ParserLimits& limits)
    : host_(host),
      matcher_(host, limits),
      requests_(RespReader::Grammar::requests, value_limits(limits)),
      replies_(RespReader::Grammar::replies, value_limits(limits)),
      commands_(RespReader::Grammar::requests, value_limits(limits)) {
    if (host.connection().midstream) {
        join_midstream();
    }
}

void RedisParser::join_midstream() {
    midstream_ = true;
    matcher_.joined_midstream();
    requests_.lose();
    replies_.lose();
}

ProtocolParser::Status RedisParser::feed(Direction direction, ByteView bytes, Timestamp time) {
    if (rejected_) {
        return Status::rejected;
    }
    if (role_.state() == RoleFinder::State::known) {
        return direction == role_.requests() ? feed_requests(bytes, time) : feed_replies(bytes, time);
    }
    switch (role_.add(direction, bytes, host_.connection().role, midstream_)) {
        case RoleFinder::State::unknown:
            return Status::ok;
        case RoleFinder::State::refused:
            rejected_ = true;
            return Status::rejected;
        case RoleFinder::State::known:
            break;
    }
    host_.set_role(role_.requests() == Direction::sent ? Role::client : Role::server);
    const Bytes requests = role_.take(role_.requests());
    const Bytes replies = role_.take(opposite(role_.requests()));
    // In the middle of a stream replies that came before any request answer requests of the past.
    const bool replies_first = midstream_ && direction == role_.requests();
    const Status early = replies_first ? feed_replies(replies, time) : Status::ok;
    const Status asked = early == Status::rejected ? early : feed_requests(requests, time);
    const Status answered =
        replies_first || asked == Status::rejected ? Status::ok : feed_replies(replies, time);
    return std::max({early, asked, answered});
}

ProtocolParser::Status RedisParser::feed_requests(ByteView bytes, Timestamp time) {
    bool strange = false;
    const auto on_value = [&](TimedValue value) {
        // Many protocols have lines of words.
        strange = strange || (value.value.is_inline &&
                              (midstream_ || find_command(element_text(value.value, 0)) == nullptr));
        matcher_.on_request(std::move(value));
        return true;
    };
    while (!bytes.empty()) {
        if (!requests_.feed(bytes, time, on_value)) {
            TimedValue cut = requests_.lose();
            if (reject()) {
                return Status::rejected;
            }
            matcher_.requests_lost(std::move(cut), kNotResp);
            strange = true;
        }
    }
    return strange ? Status::strange : Status::ok;
}

bool RedisParser::reject() {
    rejected_ = matcher_.emitted() == 0 && !midstream_;
    return rejected_;
}

ProtocolParser::Status RedisParser::feed_replies(ByteView bytes, Timestamp time) {
    bool strange = false;
    while (!bytes.empty()) {
        bool good = true;
        switch (matcher_.stream()) {
            case Matcher::Stream::replies:
                good = feed_reply_values(bytes, time);
                break;
            case Matcher::Stream::snapshot:
                good = feed_snapshot(bytes, time);
                break;
            case Matcher::Stream::commands:
                good = feed_commands(bytes, time);
                break;
        }
        if (good) {
            continue;
        }
        if (reject()) {
            return Status::rejected;
        }
        lose_server_stream(kNotResp, time);
        strange = true;
    }
    return strange ? Status::strange : Status::ok;
}

bool RedisParser::feed_reply_values(ByteView& bytes, Timestamp time) {
    if (matcher_.awaits_snapshot() && !replies_.searching() && replies_.at_boundary()) {
        if (bytes.front() == '\n') {  // the master keeps the connection alive
            bytes.remove_prefix(1);
            return true;
        }
        if (bytes.front() == '$' && matcher_.awaits_bare_snapshot()) {
            matcher_.accept_bare_snapshot(time);
            return true;
        }
    }
    return replies_.feed(bytes, time, [&](TimedValue value) {
        matcher_.on_reply(std::move(value));
        return matcher_.stream() == Matcher::Stream::replies && !matcher_.awaits_snapshot();
    });
}

bool RedisParser::feed_snapshot(ByteView& bytes, Timestamp time) {
    snapshot_start_ = snapshot_start_.value_or(time);
    switch (snapshot_.read(bytes)) {
        case SnapshotReader::Result::malformed:
            return false;
        case SnapshotReader::Result::done:
            end_snapshot(time, {});
            return true;
        case SnapshotReader::Result::need_more:
            return true;
    }
    return false;
}

bool RedisParser::feed_commands(ByteView& bytes, Timestamp time) {
    return commands_.feed(bytes, time, [&](TimedValue value) {
        matcher_.on_replicated(std::move(value));
        return true;
    });
}

void RedisParser::end_snapshot(Timestamp time, std::string_view reason) {
    matcher_.on_snapshot(snapshot_.snapshot(), snapshot_start_.value_or(time), time, reason);
    snapshot_ = {};
    snapshot_start_.reset();
}

void RedisParser::lose_server_stream(std::string_view reason, Timestamp time) {
    switch (matcher_.stream()) {
        case Matcher::Stream::replies:
            matcher_.replies_lost(replies_.lose(), reason);
            break;
        case Matcher::Stream::snapshot:
            end_snapshot(time, reason);
            commands_.lose();
            break;
        case Matcher::Stream::commands:
            commands_.lose();
            break;
    }
}

void RedisParser::gap(Direction direction, std::uint64_t bytes, Timestamp time) {
    if (rejected_) {
        return;
    }
    if (role_.state() != RoleFinder::State::known) {
        role_.take(direction);
        join_midstream();
        return;
    }
    if (direction == role_.requests()) {
        if (!requests_.skip(bytes)) {
            matcher_.requests_lost(requests_.lose(), kGap);
        }
        return;
    }
    const Matcher::Stream stream = matcher_.stream();
    const bool kept = stream == Matcher::Stream::replies    ? replies_.skip(bytes)
                      : stream == Matcher::Stream::snapshot ? snapshot_.skip(bytes)
                                                            : commands_.skip(bytes);
    if (!kept) {
        lose_server_stream(kGap, time);
    }
}

void RedisParser::end_of_stream(Direction, Timestamp) {
    // Values are delimited by themselves; what is unfinished is told by finish().
}

std::size_t RedisParser::held() const {
    return allocated(sizeof(*this)) + matcher_.held() + requests_.held() + replies_.held() +
           commands_.held() + role_.held();
}

std::uint64_t RedisParser::give_up(std::size_t bytes) {
    const std::size_t before = held();
    const std::size_t goal = before - std::min(before, bytes);
    std::uint64_t number = 0;
    for (StreamHalf* half : {&requests_, &replies_, &commands_}) {
        number += held() > goal && half->shed() ? 1 : 0;
    }
    return number + (held() > goal ? matcher_.give_up(held() - goal) : 0);
}

void RedisParser::finish(Timestamp time) {
    if (rejected_ || role_.state() != RoleFinder::State::known) {
        return;
    }
    if (matcher_.stream() == Matcher::Stream::snapshot) {
        end_snapshot(time, "snapshot unfinished");
    }
    matcher_.finish(requests_.unfinished(), replies_.unfinished());
}

}  // namespace sslsniff::redis
