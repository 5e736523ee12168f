#include "output/pcapng/handovers.h"

namespace sslsniff {

void Handovers::add(std::string socket, Conversation conversation, std::uint32_t file) {
    waiting_.insert_or_assign(socket, Waiting{std::move(conversation), file, ++last_});
    order_.emplace_back(last_, std::move(socket));
    while (order_.size() > kMost) {
        const auto found = waiting_.find(order_.front().second);
        if (found != waiting_.end() && found->second.number == order_.front().first) {
            waiting_.erase(found);
        }
        order_.pop_front();
    }
}

std::optional<Conversation> Handovers::take(const std::string& socket, std::uint32_t file) {
    auto found = waiting_.extract(socket);
    if (found.empty() || found.mapped().file != file) {
        return std::nullopt;
    }
    return std::move(found.mapped().conversation);
}

}  // namespace sslsniff
