#include "protocols/mysql/matcher.h"

#include <algorithm>
#include <utility>

#include "base/memory.h"

namespace sslsniff::mysql {
namespace {

constexpr std::string_view kUncertain = "pairing uncertain after gap";
// Beyond max_pending requests, or this many bytes of memory for them, only the beginning of each request is
// kept; beyond this multiple of max_pending the oldest is given up.
constexpr std::size_t kMaxPendingHeld = std::size_t{4} << 20U;
constexpr std::size_t kDeepest = 64;

}  // namespace

void Matcher::measure(Pending& pending) {
    pending_held_.measure(pending, pending.exchange->held() + heap_bytes(pending.body) +
                                       (pending.columns ? sql::held_by(*pending.columns) : 0));
}

void Matcher::bound_pending() {
    if (pending_.size() <= limits_.max_pending && pending_held_.bytes() <= kMaxPendingHeld) {
        return;
    }
    Pending& latest = pending_.latest();
    latest.exchange->request.truncated = true;
    latest.exchange->shed();
    latest.body = Bytes(ByteView(latest.body).substr(0, 10));
    measure(latest);
    if (pending_.size() > limits_.max_pending * kDeepest) {
        trust_.doubt();
        emit_pending(take_oldest(), "too many requests waiting for answers");
    }
}

Pending Matcher::take_oldest() {
    pending_held_.leave(pending_.oldest());
    return pending_.take_oldest();
}

/// The statement and its parameters, once the server has answered what came before.
void Matcher::resolve(Pending& pending) {
    if (std::exchange(pending.resolved, true) || pending.login || pending.body.empty()) {
        return;
    }
    sql::SqlExchange::Request& request = pending.exchange->request;
    Prepared* prepared = statements_.find(pending.statement_id);
    request.statement = prepared != nullptr ? prepared->statement : nullptr;
    request.unknown_statement = request.statement == nullptr;
    request.attributes.push_back({"statement_id", std::int64_t{pending.statement_id}});
    const bool executes =
        pending.command == Command::stmt_execute || pending.command == Command::stmt_bulk_execute;
    if (executes) {
        prepared = prepared != nullptr ? prepared : &statements_.at(pending.statement_id);
        pending.command == Command::stmt_execute
            ? read_execute(pending.body, *prepared, capabilities_, limits_.max_body, request)
            : read_bulk_execute(pending.body, *prepared, limits_.max_body, request);
        statements_.measure(*prepared);
    }
    pending.body = {};
}

void Matcher::emit_pending(Pending pending, std::string_view reason) {
    trust_.on_reply(pending_.size() + 1, pending.end.value_or(pending.request_end));
    resolve(pending);
    const bool asked = pending.exchange->request.seen;
    const bool in_doubt = reason.empty() && !pending.certain && pending.exchange->answer_expected;
    Timing timing{pending.start, {}, pending.response_start, pending.end};
    if (asked) {
        timing.request_end = pending.request_end;
    }
    Integrity integrity;
    integrity.missing_bytes = pending.missing;
    integrity.reason = in_doubt ? kUncertain : reason;
    if (integrity.reason.empty() && pending.missing != 0) {
        integrity.reason = "gap in message";
    }
    integrity.complete = integrity.reason.empty();
    ++emitted_;
    host_.emit(timing, std::move(integrity), std::move(pending.exchange));
}

void Matcher::joined_midstream() {
    phase_ = Phase::commands;
    trust_.doubt();
}

void Matcher::requests_lost() {
    phase_ = Phase::commands;
    trust_.doubt();
    statements_.clear();  // what the lost ones did to them is not known
}

void Matcher::replies_lost(std::string_view reason) {
    phase_ = Phase::commands;
    trust_.doubt();
    while (!pending_.empty()) {
        Pending pending = take_oldest();
        const bool streams = pending.stage == Stage::binlog;
        emit_pending(std::move(pending), streams ? std::string_view() : reason);
    }
}

void Matcher::finish() {
    replies_lost("no response");
}

std::size_t Matcher::held() const {
    return pending_held_.bytes() + pending_.size() * pairing::InOrder<Pending>::kItem + statements_.held() +
           heap_bytes(beginning_.version);
}

std::uint64_t Matcher::give_up(std::size_t bytes) {
    const std::size_t before = held();
    const std::size_t goal = before - std::min(before, bytes);
    std::uint64_t number = 0;
    for (auto pending = pending_.begin(); pending != pending_.end() && held() > goal; ++pending) {
        const std::size_t whole = pending->held;
        pending->exchange->shed();
        pending->body = Bytes(ByteView(pending->body).substr(0, 10));
        measure(*pending);
        if (pending->held < whole) {
            pending->exchange->request.truncated = true;
            ++number;
        }
    }
    for (; !pending_.empty() && held() > goal; ++number) {
        trust_.doubt();
        emit_pending(take_oldest(), kNoLongerKept);
    }
    if (held() > goal) {
        statements_.clear();
    }
    return number;
}

}  // namespace sslsniff::mysql
