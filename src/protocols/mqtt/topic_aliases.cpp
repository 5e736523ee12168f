#include "protocols/mqtt/topic_aliases.h"

#include "base/memory.h"

namespace sslsniff::mqtt {
namespace {

constexpr std::size_t kMostHeld = std::size_t{256} * 1024;
constexpr std::size_t kEntry =
    allocated(sizeof(std::pair<const std::uint16_t, std::string>) + sizeof(void*)) + sizeof(void*);

}  // namespace

std::string TopicAliases::resolve(std::uint16_t alias, ByteView topic) {
    const auto found = topics_.find(alias);
    if (topic.empty()) {
        return found != topics_.end() ? found->second : std::string(kUnknownTopic);
    }
    if (found != topics_.end()) {
        held_ -= kEntry + heap_bytes(found->second);
        topics_.erase(found);
    }
    std::string kept(topic);
    const std::size_t size = kEntry + heap_bytes(kept);
    if (held_ + size <= kMostHeld) {
        held_ += size;
        topics_.emplace(alias, std::move(kept));
    }
    return std::string(topic);
}

void TopicAliases::forget() {
    topics_.clear();
    held_ = 0;
}

}  // namespace sslsniff::mqtt
