#include "output/otlp/request_queue.h"

#include <fmt/format.h>

#include <utility>

#include "base/text.h"

namespace sslsniff {

RequestQueue::RequestQueue(Spool* spool) : spool_(spool) {
    if (spool_ == nullptr) {
        return;
    }
    for (const SpoolFile& file : spool_->take_found()) {
        waiting_.push_back({file.kind, file.items, {}, file});
        items_ += file.items;
    }
}

bool RequestQueue::push_to_spool(const Request& request) {
    if (spool_ == nullptr || !spool_->has_room(request.body.size())) {
        return false;
    }
    auto file = spool_->write(request.kind, request.items, request.body);
    if (!file) {
        if (!std::exchange(told_of_spool_, true)) {
            remark_ = fmt::format("cannot spool in {}: {}; what waits is kept in memory",
                                  printable(spool_->path()), file.error().message);
        }
        return false;
    }
    told_of_spool_ = false;
    waiting_.push_back({request.kind, request.items, {}, *file});
    return true;
}

bool RequestQueue::push(Request request) {
    const std::uint64_t items = request.items;
    if (push_to_spool(request)) {
        items_ += items;
        return true;
    }
    // A spool that is full is the bound; one that fails is not.
    const bool is_full = spool_ != nullptr && !spool_->has_room(request.body.size());
    if (is_full || memory_ + request.body.size() > kMostMemory) {
        return false;
    }
    memory_ += request.body.size();
    items_ += items;
    waiting_.push_back({request.kind, items, std::move(request.body), std::nullopt});
    return true;
}

std::uint64_t RequestQueue::spooled_items() const {
    std::uint64_t sum = 0;
    for (const Waiting& request : waiting_) {
        sum += request.spooled ? request.items : 0;
    }
    return sum;
}

std::optional<RequestQueue::Request> RequestQueue::front() const {
    const Waiting& first = waiting_.front();
    if (!first.spooled) {
        return Request{first.kind, first.items, first.body};
    }
    auto body = spool_->read(*first.spooled);
    return body ? std::optional(Request{first.kind, first.items, *std::move(body)}) : std::nullopt;
}

void RequestQueue::pop() {
    const Waiting& first = waiting_.front();
    if (first.spooled) {
        spool_->remove(*first.spooled);
    }
    memory_ -= first.body.size();
    items_ -= first.items;
    waiting_.pop_front();
}

}  // namespace sslsniff
