#include "api/thread_trace.h"

namespace sslsniff::api {

std::uint64_t ThreadTrace::received(std::uint32_t pid, std::uint32_t tid, std::uint64_t connection) {
    if (tid == 0) {
        return 0;
    }
    if (last_.size() >= kMostThreads && !last_.contains({pid, tid})) {
        last_.clear();
    }
    Received& last = last_[{pid, tid}];
    if (last.number == 0 || last.connection != connection || last.is_passed_on) {
        last = {.connection = connection, .number = ++numbers_};
    }
    return last.number;
}

std::uint64_t ThreadTrace::sent(std::uint32_t pid, std::uint32_t tid, std::uint64_t connection) {
    const auto last = last_.find({pid, tid});
    if (last == last_.end()) {
        return 0;
    }
    last->second.is_passed_on = true;
    return last->second.connection != connection ? last->second.number : 0;
}

}  // namespace sslsniff::api
