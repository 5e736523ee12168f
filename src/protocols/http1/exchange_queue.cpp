#include "protocols/http1/exchange_queue.h"

#include <algorithm>
#include <utility>

#include "base/text.h"

namespace sslsniff {
namespace {

constexpr std::string_view kNotSeen = "request not seen";
constexpr std::string_view kNotUnderstood = "request not understood";
constexpr std::string_view kNotKept = "request no longer kept";
constexpr std::string_view kDoubtful = "request and response may not belong together";

/// The first reason stays: what follows is mostly its consequence.
void spoil(Integrity& integrity, std::string_view why) {
    integrity.complete = false;
    if (integrity.reason.empty()) {
        integrity.reason = why;
    }
}

template <class Message>
void take_fields(Message& message, Http1Head& head) {
    message.version = std::move(head.version);
    message.headers = std::move(head.headers);
    message.headers_truncated = head.truncated;
    message.describe_body();
}

}  // namespace

HttpRequest& ExchangeQueue::begin_request(Http1Head&& head) {
    if (!pipelines_) {
        close_lost_responses(nullptr);
    }
    any_request_ = true;
    if (slots_.empty() && given_up_ == 0 && !pipelines_ && !owed_) {
        requests_lost_ = responses_lost_ = false;
        refused_ = 0;
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
    find_application(*slot.exchange, 0, host_, limits_);
    return request;
}

/// A client that does not pipeline sends a request only when it has the response to the one before: if that
/// did not come by and octets are missing, it is among them. `last`: the request whose response may still
/// come.
void ExchangeQueue::close_lost_responses(const Slot* last) {
    for (Slot& slot : slots_) {
        if (slot.timing.start >= responses_lost_at_) {
            break;  // as are all later ones
        }
        if (&slot != last && slot.request_done && !slot.response_begun) {
            spoil(slot.integrity, "response lost");
            slot.response_begun = slot.response_done = true;
        }
    }
    emit_finished();
}

ExchangeQueue::Slot& ExchangeQueue::slot_for_request() {
    for (Slot& slot : slots_) {
        if (!slot.request_begun && !slot.request_done) {
            return slot;
        }
        if (!slot.response_begun) {
            break;  // a later response would have been its
        }
    }
    make_room();
    return slots_.emplace_back();
}

/// Gives up the oldest request nobody answered when there are too many.
void ExchangeQueue::make_room() {
    if (slots_.size() < limits_.max_pending) {
        return;
    }
    const auto oldest = std::ranges::find_if(
        slots_, [this](const Slot& slot) { return !slot.response_begun && &slot != request_; });
    if (oldest != slots_.end()) {
        spoil(oldest->integrity, "too many requests are waiting for responses");
        emit(*oldest);
        slots_.erase(oldest);
        ++given_up_;
    }
}

void ExchangeQueue::end_request(Timestamp time) {
    if (request_ != nullptr) {
        request_->timing.request_end = time;
        cut(StartLineMatcher::Kind::request);
    }
}

ExchangeQueue::Slot* ExchangeQueue::next_for_response() {
    if (given_up_ > 0) {
        return nullptr;
    }
    const auto found = std::ranges::find_if(slots_, [](const Slot& slot) { return !slot.response_begun; });
    return found == slots_.end() ? nullptr : &*found;
}

void ExchangeQueue::add_informational(Http1Head&& head) {
    if (Slot* slot = next_for_response(); slot != nullptr) {
        slot->exchange->informational.push_back(
            {std::move(head.version), head.status, std::move(head.reason), std::move(head.headers)});
    }
}

ExchangeQueue::Slot& ExchangeQueue::slot_for_response(const Http1Head& head) {
    if (Slot* slot = next_for_response(); slot != nullptr) {
        slot->doubtful |= responses_lost_;
        pipelines_ |= !responses_lost_ && slot != &slots_.back() && slots_.back().timing.start < head.start;
        return *slot;
    }
    const bool alone = given_up_ > 0 || requests_lost_ || responses_lost_;
    Slot& slot = given_up_ > 0 ? slots_.emplace_front() : slots_.emplace_back();
    if (alone) {
        slot.request_done = true;
        responses_lost_at_ = head.start;
    }
    if (given_up_ > 0) {
        --given_up_;
        spoil(slot.integrity, kNotKept);
    } else if (alone && refused_ > 0) {
        --refused_;
        spoil(slot.integrity, kNotUnderstood);
    } else if (alone) {
        slot.integrity.joined_midstream = true;
        spoil(slot.integrity, kNotSeen);
    }
    return slot;
}

HttpResponse& ExchangeQueue::begin_response(Http1Head&& head) {
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
    return response;
}

void ExchangeQueue::end_response(Timestamp time) {
    if (response_ != nullptr) {
        response_->timing.end = time;
        cut(StartLineMatcher::Kind::response);
    }
}

void ExchangeQueue::cut(StartLineMatcher::Kind kind) {
    const bool request = kind == StartLineMatcher::Kind::request;
    if (Slot* slot = std::exchange(request ? request_ : response_, nullptr); slot != nullptr) {
        (request ? slot->request_done : slot->response_done) = true;
        emit_finished();
    }
}

void ExchangeQueue::damage(StartLineMatcher::Kind kind, std::uint64_t missing, std::string_view why) {
    if (Slot* slot = current(kind); slot != nullptr) {
        slot->integrity.missing_bytes += missing;
        spoil(slot->integrity, why);
    }
}

void ExchangeQueue::owe_response(bool refused) {
    owed_ = true;
    refused_ += refused ? 1 : 0;
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
        if (!pipelines_ && !slots_.empty()) {
            close_lost_responses(&slots_.back());
        }
    }
}

/// Emits the responses that wait for their request: it is among what was lost. False when there are none.
bool ExchangeQueue::release_unasked_responses() {
    bool any = false;
    for (Slot& slot : slots_) {
        if (!slot.request_begun && !slot.request_done) {
            slot.request_done = any = true;
            spoil(slot.integrity, kNotSeen);
        }
    }
    emit_finished();
    return any;
}

void ExchangeQueue::emit_finished() {
    while (!slots_.empty() && slots_.front().request_done && slots_.front().response_done) {
        emit(slots_.front());
        slots_.pop_front();
    }
}

void ExchangeQueue::emit(Slot& slot) {
    Timing& timing = slot.timing;
    if (timing.end && timing.request_end) {
        timing.end = std::max(*timing.end, *timing.request_end);
    }
    host_.emit(timing, std::move(slot.integrity), std::move(slot.exchange));
}

void ExchangeQueue::finish() {
    request_ = response_ = nullptr;
    for (Slot& slot : slots_) {
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
    slots_.clear();
}

}  // namespace sslsniff
