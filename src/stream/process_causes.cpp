#include "stream/process_causes.h"

#include <utility>

namespace sslsniff {
namespace {

/// Both name a trace, and not the same one.
bool differ(const std::optional<TraceId>& a, const std::optional<TraceId>& b) {
    return a && b && *a != *b;
}

}  // namespace

void ProcessCauses::Asker::see(const ConnectionId& asking, Timestamp time) {
    if (connection != asking) {
        connection = asking;
        since = time;
    }
}

/// No other connection has brought bytes since the request came.
bool ProcessCauses::Asker::is_alone(const Request& request) const {
    return connection == request.what.id.connection && since <= request.what.known;
}

void ProcessCauses::see_all_no_more() {
    has_missed_some_ = true;
    sees_all_ = false;
}

/// What is in progress may be over, and others may be in progress.
void ProcessCauses::on_loss(Timestamp time) {
    lost_until_ = time;
    see_all_no_more();
}

ProcessCauses::Thread* ProcessCauses::thread(std::uint32_t tid) {
    if (tid == 0) {
        return nullptr;
    }
    if (threads_.size() >= kMostThreads && !threads_.contains(tid)) {
        forget_threads();
        if (is_crowded_) {
            return nullptr;
        }
    }
    return &threads_[tid];
}

/// Those of which nothing has to be remembered: most have ended. All at once, as it takes time for each.
void ProcessCauses::forget_threads() {
    if (!is_crowded_) {
        std::erase_if(threads_, [](const auto& entry) {
            const Thread& thread = entry.second;
            return !thread.request && !thread.multiplexes && !thread.hands_over;
        });
        is_crowded_ = threads_.size() > kMostThreads / 2;
    }
}

void ProcessCauses::on_received(const ConnectionId& connection, std::uint32_t tid, Timestamp time) {
    asker_.see(connection, time);
    if (Thread* const reader = thread(tid)) {
        reader->asker.see(connection, time);
    }
}

void ProcessCauses::begin(Incoming request) {
    if (requests_.size() >= kMostRequests) {
        is_crowded_ = true;
        return;
    }
    if (requests_.empty()) {
        idle_to_ = request.known;
    }
    if (Thread* const reader = thread(request.tid)) {
        reader->multiplexes |= reader->request.has_value();
        reader->request = request.id;
    }
    ids_.begin(request.id, request.ids, request.known);
    const TransactionId id = request.id;
    requests_.insert_or_assign(id, Request{std::move(request)});
}

void ProcessCauses::hand_over(std::uint32_t tid) {
    if (Thread* const reader = thread(tid)) {
        reader->hands_over = true;
    }
}

void ProcessCauses::doubt(const ConnectionId& connection) {
    for (auto at = requests_.lower_bound({connection, 0});
         at != requests_.end() && at->first.connection == connection; ++at) {
        at->second.is_doubtful = true;
    }
}

void ProcessCauses::end_answer(const TransactionId& request) {
    if (const auto found = requests_.find(request); found != requests_.end()) {
        found->second.is_doubtful = true;
    }
}

void ProcessCauses::end(const TransactionId& request, Timestamp time) {
    if (const auto found = requests_.find(request); found != requests_.end()) {
        end(found, time);
    }
}

void ProcessCauses::end(Requests::iterator request, Timestamp time) {
    const Incoming& what = request->second.what;
    if (const auto reader = threads_.find(what.tid);
        reader != threads_.end() && reader->second.request == what.id) {
        reader->second.request.reset();
    }
    ids_.end(what.id, what.ids, time);
    requests_.erase(request);
    if (requests_.empty()) {
        idle_from_ = time;
    }
}

void ProcessCauses::forget(const ConnectionId& connection, Timestamp time) {
    for (auto at = requests_.lower_bound({connection, 0});
         at != requests_.end() && at->first.connection == connection;) {
        end(at++, time);
    }
}

/// A call that began while there was nothing to do: the program does things by itself.
void ProcessCauses::note_own_call(Timestamp start) {
    const bool is_idle = requests_.empty();
    acts_alone_ |= start >= idle_from_ && (is_idle || start < idle_to_);
}

/// The one in progress that the thread of the call has read; null when there is none, or may be another.
const ProcessCauses::Request* ProcessCauses::request_of(const Outgoing& call) const {
    const auto caller = threads_.find(call.tid);
    if (call.tid == 0 || caller == threads_.end() || !caller->second.request || caller->second.multiplexes ||
        is_crowded_) {
        return nullptr;
    }
    const auto found = requests_.find(*caller->second.request);
    if (found == requests_.end()) {
        return nullptr;
    }
    const Request& request = found->second;
    const bool had_come = request.what.known < call.start && request.what.known > lost_until_;
    return had_come && !request.is_doubtful && caller->second.asker.is_alone(request) ? &request : nullptr;
}

std::optional<CauseConfidence> ProcessCauses::confidence(const Outgoing& call, const Request& request) const {
    if (request.what.waits && !threads_.at(call.tid).hands_over) {
        return CauseConfidence::thread;
    }
    const bool is_only = requests_.size() == 1 && asker_.is_alone(request) && silent_ == 0;
    return is_only && sees_all_ && !acts_alone_ ? std::optional(CauseConfidence::sole) : std::nullopt;
}

std::optional<Cause> ProcessCauses::find(const Outgoing& call) {
    note_own_call(call.start);
    if (const auto cause = ids_.find(call.ids, call.start)) {
        return cause;
    }
    const Request* const request = request_of(call);
    if (request == nullptr || differ(request->what.ids.trace_parent, call.ids.trace_parent) ||
        differ(request->what.ids.b3, call.ids.b3)) {
        return std::nullopt;
    }
    const auto confidence = this->confidence(call, *request);
    return confidence
               ? std::optional(Cause{request->what.id, *confidence, false, request->what.ids.trace_parent})
               : std::nullopt;
}

}  // namespace sslsniff
