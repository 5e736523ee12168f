#include "protocols/kafka/topic_names.h"

#include <algorithm>

#include "base/memory.h"
#include "base/text.h"

namespace sslsniff::kafka {
namespace {

constexpr std::size_t kMost = 1024;
constexpr std::size_t kLongestName = 249;  // Topic.java: MAX_NAME_LENGTH

}  // namespace

void TopicNames::learn(ByteView id, ByteView name) {
    if (names_.size() >= kMost || name.empty() || name.size() > kLongestName) {
        return;
    }
    const auto [place, is_new] = names_.try_emplace(std::string(id), name);
    if (is_new) {
        held_ += allocated(sizeof(*place) + 2 * sizeof(void*)) + sizeof(void*) + heap_bytes(place->first) +
                 heap_bytes(place->second);
    }
}

const std::string* TopicNames::find(ByteView id) const {
    const auto found = names_.find(std::string(id));
    return found == names_.end() ? nullptr : &found->second;
}

std::string uuid_text(ByteView id) {
    constexpr std::size_t kLength = 22;
    std::string text = base64(id).substr(0, kLength);
    std::ranges::replace(text, '+', '-');
    std::ranges::replace(text, '/', '_');
    return text;
}

}  // namespace sslsniff::kafka
