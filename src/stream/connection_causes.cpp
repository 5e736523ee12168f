#include "stream/connection.h"

// What a connection tells of the requests that its process gets and makes (ProcessCauses).

namespace sslsniff {

/// `silent`: payload may have passed that is held back until its socket is known.
void Connection::set_silent(bool silent) {
    if (causes_ && silent != silent_) {
        causes_->add_silent(silent ? 1 : -1);
        silent_ = silent;
    }
}

/// Before the bytes of the event are looked at.
void Connection::note_caller(const DataEvent& event) {
    set_silent(false);
    if (event.direction == Direction::received) {
        if (info_.role != Role::client) {
            causes_->on_received(info_.id, event.tid, event.time);
        }
        return;
    }
    if (info_.role != Role::server) {
        callers_.add(event.tid, event.time);
    }
    if (info_.role == Role::client) {
        return;
    }
    if (in_progress_ != 0 && event.tid != reader_) {
        causes_->hand_over(reader_);
    }
    if (!parser_ && totals(Direction::received).bytes != 0) {  // it answers what nobody understood
        causes_->see_all_no_more();
    }
}

std::uint64_t Connection::begin_request(Timestamp time, const TraceIds& ids) {
    has_begun_requests_ = true;
    const std::uint64_t number = ++requests_;
    if (causes_ && info_.role == Role::server) {
        // What was held back until the parser could read it came by an earlier call.
        const bool by_this_call = fed_ == Direction::received && fed_at_ == time;
        reader_ = by_this_call ? call_.tid : 0;
        ++in_progress_;
        causes_->begin({.id = {info_.id, number},
                        .tid = reader_,
                        .waits = by_this_call && call_.waits,
                        .known = time,
                        .ids = ids});
    }
    return number;
}

void Connection::end_answer(std::uint64_t request_number) {
    if (causes_ && in_progress_ != 0) {
        causes_->end_answer({info_.id, request_number});
    }
}

void Connection::forget_requests() {
    if (causes_ && in_progress_ != 0) {
        causes_->forget(info_.id, now_);
        in_progress_ = 0;
    }
}

/// An exchange is over.
void Connection::note_cause(Transaction& transaction) {
    const Timing& timing = transaction.timing;
    const bool was_begun = transaction.exchange->request_number() != 0;
    if (info_.role == Role::server) {
        if (was_begun && in_progress_ != 0) {
            --in_progress_;
            causes_->end(transaction.id(), now_);
        }
        // The process may still be working on what nobody waits for any more, or on what was no HTTP. What
        // answers nothing at all (400, to a connection that was opened and closed) is neither.
        const bool was_asked = totals(Direction::received).bytes != 0;
        if (!timing.end || (!was_begun && was_asked && (switched_ || !has_begun_requests_))) {
            causes_->see_all_no_more();
        }
    } else if (info_.role == Role::client && timing.request_end && !transaction.integrity.joined_midstream) {
        transaction.caused_by =
            causes_->find({.tid = callers_.caller(timing.start),
                           .start = timing.start,
                           .ids = causes_->wants_ids() ? transaction.exchange->trace_ids() : TraceIds()});
    }
}

}  // namespace sslsniff
