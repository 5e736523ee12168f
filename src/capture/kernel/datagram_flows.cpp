#include "capture/kernel/datagram_flows.h"

#include <iterator>

namespace sslsniff {

void DatagramFlows::add(std::uint64_t generation, std::uint64_t cookie, Timestamp time) {
    remove(generation);
    by_activity_.push_back({generation, cookie, time});
    by_generation_[generation] = std::prev(by_activity_.end());
    by_cookie_.emplace(cookie, generation);
}

void DatagramFlows::touch(std::uint64_t generation, Timestamp time) {
    if (const auto found = by_generation_.find(generation); found != by_generation_.end()) {
        found->second->latest = time;
        by_activity_.splice(by_activity_.end(), by_activity_, found->second);
    }
}

void DatagramFlows::remove(std::uint64_t generation) {
    if (const auto found = by_generation_.find(generation); found != by_generation_.end()) {
        by_cookie_.erase({found->second->cookie, generation});
        by_activity_.erase(found->second);
        by_generation_.erase(found);
    }
}

std::vector<std::uint64_t> DatagramFlows::of_socket(std::uint64_t cookie) const {
    std::vector<std::uint64_t> generations;
    for (auto at = by_cookie_.lower_bound({cookie, 0}); at != by_cookie_.end() && at->first == cookie; ++at) {
        generations.push_back(at->second);
    }
    return generations;
}

std::optional<std::uint64_t> DatagramFlows::idle(Timestamp time, Duration patience) const {
    if (by_activity_.empty() || by_activity_.front().latest >= time) {
        return std::nullopt;
    }
    // Unsigned, because hostile times may lie further apart than a signed difference can say.
    const auto since = static_cast<std::uint64_t>(by_activity_.front().latest.time_since_epoch().count());
    const std::uint64_t silent = static_cast<std::uint64_t>(time.time_since_epoch().count()) - since;
    return silent > static_cast<std::uint64_t>(patience.count())
               ? std::optional(by_activity_.front().generation)
               : std::nullopt;
}

}  // namespace sslsniff
