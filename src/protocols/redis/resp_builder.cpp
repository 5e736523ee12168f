#include "protocols/redis/resp_builder.h"

#include <algorithm>
#include <utility>

#include "base/give_back.h"
#include "base/saturating.h"

namespace sslsniff::redis {

std::uint32_t RespBuilder::add(RespType type, std::uint64_t size) {
    holed_ = false;
    current_ = kNotKept;
    if (value_.nodes.size() >= limits_.max_nodes) {
        value_.truncated = true;
        return current_;
    }
    if (value_.nodes.empty()) {
        value_.nodes.reserve(4);
    }
    current_ = static_cast<std::uint32_t>(value_.nodes.size());
    value_.nodes.push_back({type, static_cast<std::uint32_t>(value_.text.size()), 0, size});
    return current_;
}

void RespBuilder::set_size(std::uint32_t node, std::uint64_t size) {
    if (node != kNotKept) {
        value_.nodes[node].size = size;
    }
}

void RespBuilder::keep(ByteView bytes) {
    if (current_ == kNotKept) {
        value_.truncated = value_.truncated || !bytes.empty();
        return;
    }
    const std::size_t room = holed_ ? 0 : limits_.max_text - std::min(limits_.max_text, value_.text.size());
    const std::size_t count = std::min(room, bytes.size());
    value_.text.append(bytes.substr(0, count));
    RespNode& node = value_.nodes[current_];
    node.size += bytes.size();
    node.kept += static_cast<std::uint32_t>(count);
    value_.truncated = value_.truncated || count < bytes.size();
}

void RespBuilder::miss(std::uint64_t bytes) {
    add_saturating(value_.wire_size, bytes);
    add_saturating(value_.missing, bytes);
    value_.truncated = true;
    holed_ = true;
    if (current_ != kNotKept) {
        add_saturating(value_.nodes[current_].size, bytes);
    }
}

bool RespBuilder::shed() {
    if (value_.text.empty()) {
        return false;
    }
    give_back(value_.text);
    for (RespNode& node : value_.nodes) {
        node.offset = node.kept = 0;
    }
    value_.truncated = true;
    holed_ = true;
    return true;
}

RespValue RespBuilder::release() {
    current_ = kNotKept;
    holed_ = false;
    return std::exchange(value_, {});
}

RespValue RespBuilder::take() {
    RespValue out = release();
    out.finished = true;
    return out;
}

}  // namespace sslsniff::redis
