#include "protocols/postgresql/matcher.h"

#include <algorithm>
#include <utility>

#include "base/memory.h"
#include "protocols/postgresql/rows.h"

namespace sslsniff::postgresql {
namespace {

constexpr std::string_view kUncertain = "pairing uncertain after gap";
// Pipelines may be deep. Beyond max_pending requests, or this many bytes of memory for them, only the
// beginning of each request is kept; beyond this multiple of max_pending the oldest is given up.
constexpr std::size_t kMaxPendingHeld = std::size_t{4} << 20U;
constexpr std::size_t kDeepest = 64;

std::size_t held_by(const Pending& pending) {
    std::size_t held = pending.exchange ? pending.exchange->held() : 0;
    held += heap_bytes(pending.steps) + heap_bytes(pending.parse_name) + heap_bytes(pending.statement_name) +
            heap_bytes(pending.portal_name) + heap_bytes(pending.executed) + heap_bytes(pending.values) +
            heap_bytes(pending.closed);
    for (const RawValue& value : pending.values) {
        held += heap_bytes(value.bytes);
    }
    for (const auto& [what, name] : pending.closed) {
        held += heap_bytes(name);
    }
    return held + (pending.formats ? heap_bytes(*pending.formats) : 0) +
           (pending.parsed ? heap_bytes(pending.parsed->parameter_types) + sizeof(Prepared) : 0);
}

}  // namespace

void Matcher::measure(Pending& pending) {
    if (&pending != orphan_.get()) {
        pending_held_.measure(pending, held_by(pending));
    }
}

void Matcher::bound_pending() {
    if (pending_.size() <= limits_.max_pending && pending_held_.bytes() <= kMaxPendingHeld) {
        return;
    }
    Pending& latest = pending_.latest();
    if (latest.exchange) {
        latest.exchange->request.truncated = true;
        latest.values = {};
        latest.exchange->shed();
        measure(latest);
    }
    if (pending_.size() > limits_.max_pending * kDeepest) {
        trust_.doubt();
        Pending oldest = take_oldest();
        if (oldest.exchange) {
            emit_pending(std::move(oldest), "too many requests waiting for answers");
        }
    }
}

Pending Matcher::take_oldest() {
    open_ = open_ == &pending_.oldest() ? nullptr : open_;
    pending_held_.leave(pending_.oldest());
    return pending_.take_oldest();
}

/// What a unit asked, when its server has not confirmed it.
void Matcher::resolve(Pending& pending) {
    sql::SqlExchange::Request& request = pending.exchange->request;
    if (pending.type != Pending::Type::unit) {
        return;
    }
    std::shared_ptr<Prepared> prepared;
    if (pending.parsed) {
        prepared = pending.parsed;
    } else if (pending.binds || pending.steps.find('D') != std::string::npos) {
        prepared = prepared_.find(pending.statement_name);
    } else if (const auto portal = prepared_.find_portal(pending.executed);
               portal && !request.statement && pending.steps.find('E') != std::string::npos) {
        prepared = portal->prepared;
    }
    if (!request.statement && prepared) {
        request.statement = prepared->statement;
    }
    const bool has_statement = pending.steps.find_first_of("BDE") != std::string::npos;
    request.unknown_statement = has_statement && !request.statement;
    if (!pending.values.empty() && !request.parameters) {
        request.parameters = decode_parameters(
            pending.values, prepared ? prepared->parameter_types : std::vector<std::uint32_t>());
    }
    if (pending.exchange->response.title.empty() && pending.exchange->response.results.empty() &&
        pending.exchange->response.seen) {
        pending.exchange->response.title = "OK";
    }
}

void Matcher::emit_pending(Pending pending, std::string_view reason) {
    trust_.on_reply(exchanges_, pending.end.value_or(pending.request_end));
    --exchanges_;
    resolve(pending);
    const bool in_doubt = reason.empty() && !pending.certain;
    const bool asked = pending.exchange->request.seen;
    Timing timing{pending.start, {}, pending.response_start, pending.end};
    if (asked) {
        timing.request_end = pending.request_end;
    }
    Integrity integrity;
    integrity.missing_bytes = pending.missing;
    integrity.joined_midstream = !asked;
    integrity.reason = in_doubt ? kUncertain : reason;
    if (integrity.reason.empty() && pending.missing != 0) {
        integrity.reason = "gap in message";
    }
    integrity.complete = integrity.reason.empty();
    ++emitted_;
    host_.emit(timing, std::move(integrity), std::move(pending.exchange));
}

void Matcher::emit_alone(std::unique_ptr<sql::SqlExchange> exchange, const Message& message) {
    Timing timing{message.start, {}, {}, message.end};
    if (exchange->request.seen) {
        timing.request_end = message.end;
    } else {
        timing.response_start = message.start;
    }
    Integrity integrity;
    integrity.missing_bytes = message.missing;
    integrity.complete = message.missing == 0;
    integrity.reason = integrity.complete ? "" : "gap in message";
    ++emitted_;
    host_.emit(timing, std::move(integrity), std::move(exchange));
}

void Matcher::requests_lost() {
    open_ = nullptr;
    trust_.doubt();
    prepared_.clear();  // any of the lost ones may have defined others
}

void Matcher::replies_lost(std::string_view reason) {
    trust_.doubt();
    open_ = nullptr;
    failed_ = false;
    if (const std::unique_ptr<Pending> orphan = std::exchange(orphan_, nullptr)) {
        ++exchanges_;
        emit_pending(std::move(*orphan), reason);
    }
    while (!pending_.empty()) {
        Pending pending = take_oldest();
        if (pending.parsed) {
            prepared_.close_statement(pending.parse_name);  // nobody knows whether it was
        }
        if (pending.exchange) {
            const bool is_whole = pending.end || pending.copy == Copy::both;
            emit_pending(std::move(pending), is_whole ? std::string_view() : reason);
        }
    }
}

void Matcher::finish() {
    replies_lost("no response");
}

std::size_t Matcher::held() const {
    return pending_held_.bytes() + pending_.size() * pairing::InOrder<Pending>::kItem + prepared_.held();
}

std::uint64_t Matcher::give_up(std::size_t bytes) {
    const std::size_t before = held();
    const std::size_t goal = before - std::min(before, bytes);
    std::uint64_t number = 0;
    for (auto pending = pending_.begin(); pending != pending_.end() && held() > goal; ++pending) {
        if (pending->exchange && (pending->exchange->shed() || !pending->values.empty())) {
            pending->values = {};
            pending->exchange->request.truncated = true;
            measure(*pending);
            ++number;
        }
    }
    if (held() > goal) {
        prepared_.clear();
    }
    while (!pending_.empty() && held() > goal) {
        trust_.doubt();
        Pending oldest = take_oldest();
        if (oldest.exchange) {
            emit_pending(std::move(oldest), kNoLongerKept);
            ++number;
        }
    }
    return number;
}

}  // namespace sslsniff::postgresql
