#include "protocols/http1/exchange_queue.h"

#include <algorithm>
#include <utility>

#include "base/memory.h"
#include "base/saturating.h"
#include "base/text.h"
#include "protocols/http/trace_headers.h"

namespace sslsniff::http1 {
namespace {

constexpr std::string_view kNotSeen = "request not seen";
constexpr std::string_view kNotKept = "request no longer kept";
constexpr std::string_view kDoubtful = "request and response may not belong together";

/// The first reason stays: what follows is mostly its consequence.
void spoil(Integrity& integrity, std::string_view why) {
    integrity.complete = false;
    if (integrity.reason.empty()) {
        integrity.reason = why;
    }
}

/// `line`: as it came; what shows it makes it safe.
void spoil_with(Integrity& integrity, std::string_view what, ByteView line) {
    std::string why(what);
    why += " not understood: \"";
    why += line;
    why += '"';
    spoil(integrity, why);
}

template <class Message>
void take_fields(Message& message, Head& head) {
    message.version = std::move(head.version);
    message.headers = std::move(head.headers);
    message.headers_truncated = head.truncated;
    message.describe_body();
}

}  // namespace

HttpRequest& ExchangeQueue::begin_request(Head&& head, Timestamp now) {
    if (!pipelines_) {
        close_lost_responses(nullptr);
    }
    any_request_ = true;
    if (is_idle() && given_up_ == 0 && !pipelines_ && !owed_) {
        requests_lost_ = responses_lost_ = false;
    }
    Slot& slot = slot_for_request();
    request_ = &slot;
    slot.request_begun = true;
    slot.doubtful |= requests_lost_;
    slot.timing.start = slot.response_begun ? std::min(slot.timing.start, head.start) : head.start;
    HttpRequest& request = slot.exchange->request.emplace();
    request.method = std::move(head.method);
    request.target = std::move(head.target);
    slot.exchange->set_protocol(to_lower(head.version));
    take_fields(request, head);
    complete_url(request, host_.connection());
    slot.exchange->set_request_number(
        host_.begin_request(now, incoming_trace_ids(request.headers, host_.connection())));
    find_application(*slot.exchange, 0, host_, limits_);
    measure(slot);
    return request;
}

/// A client that does not pipeline sends a request only when it has the response to the one before: if that
/// did not come by and bytes are missing, it is among them. `last`: the request whose response may still
/// come.
void ExchangeQueue::close_lost_responses(const Slot* last) {
    for (auto slot = unanswered_.begin();
         slot != unanswered_.end() && slot->timing.start < responses_lost_at_;) {
        const auto at = slot++;
        if (&*at != last && at->request_done) {
            spoil(at->integrity, "response lost");
            at->response_begun = at->response_done = true;
            unanswered_.pass(at, open_);
        }
    }
    emit_finished();
}

ExchangeQueue::Slot& ExchangeQueue::slot_for_request() {
    if (!unasked_.empty()) {
        return unasked_.pass_oldest(open_);
    }
    make_room();
    return unanswered_.add();
}

/// Gives up the oldest request nobody answered when there are too many.
void ExchangeQueue::make_room() {
    if (open_.size() + unanswered_.size() < limits_.max_pending || unanswered_.empty() ||
        &unanswered_.oldest() == request_) {
        return;
    }
    give_up_request("too many requests are waiting for responses");
}

/// Emits the oldest request that waits. Its response will still come.
void ExchangeQueue::give_up_request(std::string_view why) {
    Slot& oldest = unanswered_.oldest();
    spoil(oldest.integrity, why);
    emit(oldest);
    unanswered_.drop_oldest();
    ++given_up_;
}

void ExchangeQueue::end_request(Timestamp time) {
    if (request_ != nullptr) {
        request_->timing.request_end = time;
        cut(StartLineMatcher::Kind::request);
    }
}

ExchangeQueue::Slot* ExchangeQueue::next_for_response() {
    return given_up_ > 0 || unanswered_.empty() ? nullptr : &unanswered_.oldest();
}

void ExchangeQueue::add_informational(Head&& head) {
    if (Slot* slot = next_for_response(); slot != nullptr) {
        slot->exchange->add_informational(
            {std::move(head.version), head.status, std::move(head.reason), std::move(head.headers)},
            limits_.max_headers);
        measure(*slot);
    }
}

ExchangeQueue::Slot& ExchangeQueue::slot_for_response(const Head& head) {
    if (Slot* slot = next_for_response(); slot != nullptr) {
        slot->doubtful |= responses_lost_;
        pipelines_ |=
            !responses_lost_ && unanswered_.size() > 1 && unanswered_.latest().timing.start < head.start;
        return unanswered_.pass_oldest(open_);
    }
    if (unasked_.size() >= limits_.max_pending) {
        requests_lost_ = true;  // no two threads are that far apart
        release_unasked_responses();
    }
    const bool alone = given_up_ > 0 || requests_lost_ || responses_lost_;
    return alone ? slot_without_request(head) : unasked_.add();
}

/// For a response whose request is not to come.
ExchangeQueue::Slot& ExchangeQueue::slot_without_request(const Head& head) {
    Slot& slot = alone_.emplace(Slot{});
    slot.request_done = true;
    responses_lost_at_ = head.start;
    if (given_up_ > 0) {
        --given_up_;
        spoil(slot.integrity, kNotKept);
    } else if (!not_understood_.empty()) {
        const Bytes beginning = std::exchange(not_understood_, {});
        const std::size_t line = std::min(beginning.find_first_of("\r\n"), beginning.size());
        spoil_with(slot.integrity, "request", ByteView(beginning).substr(0, line));
    } else {
        slot.integrity.joined_midstream = true;
        spoil(slot.integrity, kNotSeen);
    }
    return slot;
}

HttpResponse& ExchangeQueue::begin_response(Head&& head) {
    Slot& slot = slot_for_response(head);
    response_ = &slot;
    owed_ = false;
    slot.response_begun = true;
    slot.timing.response_start = head.start;
    if (!slot.request_begun) {
        slot.timing.start = head.start;
        slot.exchange->set_protocol(to_lower(head.version));
    } else if (slot.doubtful) {
        spoil(slot.integrity, kDoubtful);
    }
    HttpResponse& response = slot.exchange->response.emplace();
    response.status = head.status;
    response.reason = std::move(head.reason);
    take_fields(response, head);
    find_application(*slot.exchange, 0, host_, limits_);
    measure(slot);
    return response;
}

void ExchangeQueue::end_response(Timestamp time) {
    if (response_ != nullptr) {
        response_->timing.end = time;
        if (!response_->request_done) {
            host_.end_answer(response_->exchange->request_number());
        }
        cut(StartLineMatcher::Kind::response);
    }
}

void ExchangeQueue::cut(StartLineMatcher::Kind kind) {
    const bool request = kind == StartLineMatcher::Kind::request;
    if (Slot* slot = std::exchange(request ? request_ : response_, nullptr); slot != nullptr) {
        (request ? slot->request_done : slot->response_done) = true;
        measure(*slot);
        emit_finished();
    }
}

void ExchangeQueue::damage(StartLineMatcher::Kind kind, std::uint64_t missing, std::string_view why) {
    if (Slot* slot = current(kind); slot != nullptr) {
        add_saturating(slot->integrity.missing_bytes, missing);
        spoil(slot->integrity, why);
    }
}

void ExchangeQueue::owe_response() {
    owed_ = true;
}

void ExchangeQueue::refuse_request(ByteView line, Timestamp start) {
    any_request_ = true;
    Slot& slot = slot_for_request();
    slot.request_begun = slot.request_done = true;
    slot.doubtful |= requests_lost_;
    slot.timing.start = slot.response_begun ? std::min(slot.timing.start, start) : start;
    spoil_with(slot.integrity, "request", line);
    measure(slot);
    emit_finished();
}

void ExchangeQueue::refuse_response(ByteView line) {
    if (Slot* slot = next_for_response(); slot != nullptr) {
        spoil_with(slot->integrity, "response", line);
        measure(*slot);
    }
}

void ExchangeQueue::lost(StartLineMatcher::Kind kind, std::uint64_t bytes, Timestamp time) {
    if (kind == StartLineMatcher::Kind::request) {
        requests_lost_ = true;
        owed_ |= any_request_ || bytes != 0;
        if (release_unasked_responses()) {
            owed_ = false;
        }
    } else {
        responses_lost_ = true;
        responses_lost_at_ = time;
        if (!pipelines_ && !unanswered_.empty()) {
            close_lost_responses(&unanswered_.latest());
        }
    }
}

/// Emits the responses that wait for their request: it is among what was lost. False when there are none.
bool ExchangeQueue::release_unasked_responses() {
    const bool any = !unasked_.empty();
    for (; !unasked_.empty(); unasked_.drop_oldest()) {
        Slot& slot = unasked_.oldest();
        slot.request_done = true;
        spoil(slot.integrity, kNotSeen);
        if (slot.response_done) {
            emit(slot);
        } else {
            response_ = &alone_.emplace(std::move(slot));
        }
    }
    return any;
}

void ExchangeQueue::emit_finished() {
    for (; !open_.empty() && open_.oldest().request_done && open_.oldest().response_done;
         open_.drop_oldest()) {
        emit(open_.oldest());
    }
    if (alone_ && alone_->response_done) {
        emit(*alone_);
        alone_.reset();
    }
}

void ExchangeQueue::emit(Slot& slot) {
    held_.leave(slot);
    Timing& timing = slot.timing;
    if (timing.end && timing.request_end) {
        timing.end = std::max(*timing.end, *timing.request_end);
    }
    host_.emit(timing, std::move(slot.integrity), std::move(slot.exchange));
}

std::size_t ExchangeQueue::cost_of(const Slot& slot) {
    return Slots::kItem + heap_bytes(slot.integrity.reason) + slot.exchange->held();
}

void ExchangeQueue::measure(Slot& slot) {
    held_.measure(slot, cost_of(slot));
}

std::size_t ExchangeQueue::held() const {
    std::size_t held = held_.bytes();
    // What grows just now.
    if (request_ != nullptr) {
        held += cost_of(*request_) - request_->held;
    }
    if (response_ != nullptr && response_ != request_) {
        held += cost_of(*response_) - response_->held;
    }
    return held;
}

bool ExchangeQueue::shed(Slot& slot) {
    if (!slot.exchange->shed()) {
        return false;
    }
    measure(slot);
    spoil(slot.integrity, kNoLongerKept);
    return !std::exchange(slot.was_shed, true);
}

std::uint64_t ExchangeQueue::give_up(std::size_t bytes) {
    for (Slot* slot : {request_, response_}) {
        if (slot != nullptr) {
            measure(*slot);
        }
    }
    const std::size_t goal = held_.bytes() - std::min(held_.bytes(), bytes);
    std::uint64_t number = 0;
    // Bodies and header fields first: who asked for what, and what came of it, is still shown then.
    for (Slots* slots : {&open_, &unanswered_, &unasked_}) {
        for (auto slot = slots->begin(); slot != slots->end() && held_.bytes() > goal; ++slot) {
            number += shed(*slot) ? 1 : 0;
        }
    }
    if (alone_ && held_.bytes() > goal) {
        number += shed(*alone_) ? 1 : 0;
    }
    while (held_.bytes() > goal) {
        const std::uint64_t more = give_up_oldest();
        if (more == 0) {
            break;
        }
        number += more;
    }
    return number;
}

/// Emits what waits for its other half; returns how many exchanges that are.
std::uint64_t ExchangeQueue::give_up_oldest() {
    if (!unanswered_.empty() && &unanswered_.oldest() != request_) {
        give_up_request(kNoLongerKept);
        return 1;
    }
    const std::uint64_t number = unasked_.size();
    if (number != 0) {
        requests_lost_ = true;
        release_unasked_responses();
    }
    return number;
}

void ExchangeQueue::finish() {
    request_ = response_ = nullptr;
    for (Slots* slots : {&open_, &unanswered_, &unasked_}) {
        for (Slot& slot : *slots) {
            emit_unfinished(slot);
        }
        slots->clear();
    }
    if (alone_) {
        emit_unfinished(*alone_);
        alone_.reset();
    }
}

void ExchangeQueue::emit_unfinished(Slot& slot) {
    if (!slot.request_begun) {
        spoil(slot.integrity, kNotSeen);
    } else if (!slot.request_done) {
        spoil(slot.integrity, "request not finished");
    } else if (!slot.response_begun) {
        spoil(slot.integrity, "no response");
    } else if (!slot.response_done) {
        spoil(slot.integrity, "response not finished");
    }
    emit(slot);
}

}  // namespace sslsniff::http1
