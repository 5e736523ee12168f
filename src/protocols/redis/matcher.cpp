#include "protocols/redis/matcher.h"

#include <algorithm>
#include <utility>

#include "base/memory.h"
#include "base/saturating.h"
#include "base/text.h"
#include "protocols/redis/resp_number.h"

namespace sslsniff::redis {
namespace {

constexpr std::string_view kUncertain = "pairing uncertain after gap";
constexpr std::string_view kNoRequest = "request not seen";
// Pipelines may be deep. Beyond max_pending requests, or this many bytes of memory for them, only the
// beginning of each request is kept; beyond this multiple of max_pending the oldest is given up.
constexpr std::size_t kMaxPendingHeld = 2'097'152;
constexpr std::size_t kTrimmedText = 64;
constexpr std::size_t kTrimmedNodes = 4;
constexpr std::size_t kDeepest = 64;

void trim_value(RespValue& value) {
    if (value.nodes.size() <= kTrimmedNodes && value.text.size() <= kTrimmedText) {
        return;
    }
    RespValue trimmed;
    trimmed.wire_size = value.wire_size;
    trimmed.missing = value.missing;
    trimmed.finished = value.finished;
    trimmed.truncated = true;
    trimmed.text = value.text.substr(0, kTrimmedText);
    for (RespNode& node : value.nodes) {
        if (node.offset > trimmed.text.size() || trimmed.nodes.size() >= kTrimmedNodes) {
            break;
        }
        node.kept = std::min(node.kept, static_cast<std::uint32_t>(trimmed.text.size()) - node.offset);
        trimmed.nodes.push_back(node);
    }
    value = std::move(trimmed);
}

ByteView root_text(const RespValue& value) {
    const std::size_t root = root_index(value);
    return root < value.nodes.size() ? value.text_of(value.nodes[root]) : ByteView{};
}

bool root_is(const RespValue& value, RespType type) {
    const std::size_t root = root_index(value);
    return root < value.nodes.size() && value.nodes[root].type == type;
}

}  // namespace

bool Matcher::wants_reply(ReplyRule rule) {
    const bool skipped = std::exchange(skip_next_, rule == ReplyRule::reply_skip);
    if (rule == ReplyRule::reply_on) {
        replies_off_ = false;
        return true;
    }
    replies_off_ = replies_off_ || rule == ReplyRule::reply_off;
    return !replies_off_ && !skipped && rule != ReplyRule::reply_skip && rule != ReplyRule::none;
}

void Matcher::on_request(TimedValue request) {
    Pending pending;
    pending.request = std::move(request);
    RespValue& value = pending.request.value;
    trust_.on_request(pending_.size(), pending.request.end);
    pending.certain = trust_.certain();
    pending.rule = reply_rule(value);
    if (pending.rule == ReplyRule::subscription) {
        pending.wait = SubscriptionWait::of(value);
    }
    if (!limits_.show_secrets) {
        pending.secrets_hidden = hide_secrets(value);
    }
    if (!wants_reply(pending.rule)) {
        emit_pending(std::move(pending), {}, {});
        return;
    }
    Pending& waiting = pending_.add(std::move(pending));
    pending_held_.measure(waiting, waiting.request.value.held());
    bound_pending();
}

void Matcher::bound_pending() {
    if (pending_.size() <= limits_.max_pending && pending_held_.bytes() <= kMaxPendingHeld) {
        return;
    }
    trim(pending_.latest());
    if (pending_.size() > limits_.max_pending * kDeepest) {
        give_up_oldest("too many requests waiting for replies");
    }
}

void Matcher::trim(Pending& pending) {
    trim_value(pending.request.value);
    pending_held_.measure(pending, pending.request.value.held());
}

Matcher::Pending Matcher::take_oldest() {
    pending_held_.leave(pending_.oldest());
    return pending_.take_oldest();
}

void Matcher::give_up_oldest(std::string_view why) {
    trust_.doubt();
    emit_pending(take_oldest(), {}, why);
}

std::size_t Matcher::held() const {
    return pending_held_.bytes() + pending_.size() * pairing::InOrder<Pending>::kItem;
}

std::uint64_t Matcher::give_up(std::size_t bytes) {
    const std::size_t before = held();
    const std::size_t goal = before - std::min(before, bytes);
    std::uint64_t number = 0;
    for (auto pending = pending_.begin(); pending != pending_.end() && held() > goal; ++pending) {
        const std::size_t whole = held();
        trim(*pending);
        number += held() < whole ? 1 : 0;
    }
    for (; !pending_.empty() && held() > goal; ++number) {
        give_up_oldest(kNoLongerKept);
    }
    return number;
}

bool Matcher::is_push(const RespValue& value, ByteView first) const {
    if (root_is(value, RespType::push)) {
        return true;
    }
    // RESP2 has no push type: in subscribed mode messages are arrays.
    return subscriptions_.active() && root_is(value, RespType::array) &&
           (first == "message" || first == "pmessage" || first == "smessage");
}

void Matcher::on_reply(TimedValue reply) {
    const RespValue& value = reply.value;
    const bool list = root_is(value, RespType::push) || root_is(value, RespType::array);
    const ByteView first = list ? element_text(value, 0) : ByteView{};
    if (list && Subscriptions::is_confirmation(first)) {
        subscriptions_.confirm(value);
        if (!pending_.empty() && pending_.oldest().rule == ReplyRule::subscription) {
            Pending& front = pending_.oldest();
            if (!front.wait.advance(subscriptions_)) {
                front.reply_start = front.reply_start.value_or(reply.start);
                return;
            }
            answer(std::move(reply));
            return;
        }
    }
    if (is_push(value, first)) {
        emit_unasked(std::move(reply), ExchangeKind::push);
        return;
    }
    const ByteView text = root_text(value);
    if (monitor_ && root_is(value, RespType::simple_string) && !text.empty() && text.front() >= '0' &&
        text.front() <= '9') {
        emit_unasked(std::move(reply), ExchangeKind::monitor);
        return;
    }
    answer(std::move(reply));
}

void Matcher::emit_unasked(TimedValue reply, ExchangeKind kind) {
    auto exchange = std::make_unique<RedisExchange>();
    exchange->kind = kind;
    if (kind == ExchangeKind::monitor && !limits_.show_secrets) {
        exchange->secrets_hidden = hide_monitored_secrets(reply.value);
    }
    const Timing timing{reply.start, {}, reply.start, reply.end};
    exchange->response = std::move(reply.value);
    emit(std::move(exchange), timing, {}, false);
}

void Matcher::answer(TimedValue reply) {
    trust_.on_reply(pending_.size(), reply.end);
    if (pending_.empty()) {
        auto exchange = std::make_unique<RedisExchange>();
        const Timing timing{reply.start, {}, reply.start, reply.end};
        exchange->response = std::move(reply.value);
        emit(std::move(exchange), timing, kNoRequest, true);
        return;
    }
    Pending pending = take_oldest();
    follow(pending, reply.value);
    emit_pending(std::move(pending), std::move(reply), {});
}

void Matcher::follow(const Pending& pending, const RespValue& reply) {
    const ByteView text = root_text(reply);
    if (!root_is(reply, RespType::simple_string)) {
        return;
    }
    if (pending.rule == ReplyRule::monitor && text == "OK") {
        monitor_ = true;
    } else if (pending.rule == ReplyRule::replication && text.starts_with("FULLRESYNC")) {
        stream_ = Stream::snapshot;
    } else if (pending.rule == ReplyRule::replication &&
               // Since Redis 8 the snapshot may come on a connection of its own.
               (text.starts_with("CONTINUE") || text.starts_with("RDBCHANNELSYNC"))) {
        stream_ = Stream::commands;
    } else if (text == "RESET") {
        monitor_ = false;
        replies_off_ = false;
        subscriptions_.clear();
    }
}

void Matcher::on_replicated(TimedValue command) {
    auto exchange = std::make_unique<RedisExchange>();
    exchange->kind = ExchangeKind::replicated;
    exchange->reply_expected = false;
    if (!limits_.show_secrets) {
        exchange->secrets_hidden = hide_secrets(command.value);
    }
    const Timing timing{command.start, {}, {}, command.end};
    exchange->request = std::move(command.value);
    emit(std::move(exchange), timing, {}, false);
}

void Matcher::on_snapshot(const Snapshot& snapshot, Timestamp start, Timestamp end, std::string_view reason) {
    auto exchange = std::make_unique<RedisExchange>();
    exchange->kind = ExchangeKind::snapshot;
    exchange->snapshot = snapshot;
    Timing timing{start, {}, start, {}};
    if (snapshot.finished) {
        timing.end = end;
    }
    stream_ = Stream::commands;
    emit(std::move(exchange), timing, reason, false);
}

bool Matcher::awaits_snapshot() const {
    return stream_ == Stream::snapshot ||
           (!pending_.empty() && pending_.oldest().rule == ReplyRule::replication);
}

bool Matcher::awaits_bare_snapshot() const {
    return !pending_.empty() && equals_ignore_case(element_text(pending_.oldest().request.value, 0), "sync");
}

void Matcher::accept_bare_snapshot(Timestamp time) {
    Pending pending = take_oldest();
    stream_ = Stream::snapshot;
    pending.reply_start = time;
    pending.rule = ReplyRule::none;
    emit_pending(std::move(pending), {}, {});
}

void Matcher::requests_lost(TimedValue cut, std::string_view reason) {
    if (!cut.value.empty()) {
        Pending pending;
        pending.request = std::move(cut);
        pending.secrets_hidden = !limits_.show_secrets && hide_secrets(pending.request.value);
        emit_pending(std::move(pending), {}, reason);
    }
    trust_.doubt();
}

void Matcher::replies_lost(TimedValue cut, std::string_view reason) {
    trust_.doubt();
    if (pending_.empty() && !cut.value.empty()) {
        auto exchange = std::make_unique<RedisExchange>();
        const Timing timing{cut.start, {}, cut.start, {}};
        exchange->response = std::move(cut.value);
        emit(std::move(exchange), timing, reason, true);
    }
    while (!pending_.empty()) {
        const bool partial = !cut.value.empty();
        emit_pending(take_oldest(), std::exchange(cut, {}), partial ? "response unfinished" : reason);
    }
}

void Matcher::finish(TimedValue cut_request, TimedValue cut_reply) {
    replies_lost(std::move(cut_reply), "no response");
    requests_lost(std::move(cut_request), "request unfinished");
}

void Matcher::emit_pending(Pending pending, TimedValue reply, std::string_view reason) {
    auto exchange = std::make_unique<RedisExchange>();
    exchange->secrets_hidden = pending.secrets_hidden;
    exchange->reply_expected = !reply.value.empty() || !reason.empty();
    Timing timing{pending.request.start, {}, {}, {}};
    if (pending.request.value.finished) {
        timing.request_end = pending.request.end;
    }
    if (!reply.value.empty()) {
        timing.response_start = pending.reply_start.value_or(reply.start);
        if (!limits_.show_secrets) {
            hide_reply_secrets(pending.request.value, reply.value);
        }
    }
    if (reply.value.finished) {
        timing.end = reply.end;
    } else if (reason.empty()) {
        timing.end = pending.request.end;
    }
    exchange->request = std::move(pending.request.value);
    exchange->response = std::move(reply.value);
    const bool in_doubt = reason.empty() && !pending.certain && exchange->reply_expected;
    emit(std::move(exchange), timing, in_doubt ? kUncertain : reason, false);
}

void Matcher::emit(std::unique_ptr<RedisExchange> exchange, const Timing& timing, std::string_view reason,
                   bool midstream) {
    Integrity integrity;
    integrity.missing_bytes = saturating_sum(
        saturating_sum(exchange->request.missing, exchange->response.missing), exchange->snapshot.missing);
    integrity.joined_midstream = midstream;
    if (reason.empty() && integrity.missing_bytes > 0) {
        reason = "gap in value";
    }
    integrity.complete = reason.empty();
    integrity.reason = reason;
    ++emitted_;
    host_.emit(timing, std::move(integrity), std::move(exchange));
}

}  // namespace sslsniff::redis
