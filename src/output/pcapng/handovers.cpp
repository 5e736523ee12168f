#include "output/pcapng/handovers.h"

namespace sslsniff {

void Handovers::add(std::string socket, Conversation conversation, std::uint32_t file,
                    std::shared_ptr<const ProcessInfo> process, Timestamp time) {
    waiting_.insert_or_assign(socket,
                              Waiting{std::move(conversation), file, ++last_, std::move(process), time});
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

void Handovers::flush(Section& section, std::uint32_t file) {
    for (const auto& [number, socket] : order_) {
        const auto found = waiting_.find(socket);
        if (found != waiting_.end() && found->second.number == number && found->second.file == file) {
            Waiting& waiting = found->second;
            waiting.conversation.flush(section, {*waiting.process, waiting.time});
        }
    }
}

}  // namespace sslsniff
