#include "filter/field_paths.h"

#include <algorithm>

namespace sslsniff {
namespace {

/// Takes what is before the first dot off `path`.
std::string_view take_key(std::string_view& path) {
    const std::size_t dot = path.find('.');
    const std::string_view key = path.substr(0, dot);
    path.remove_prefix(dot == std::string_view::npos ? path.size() : dot + 1);
    return key;
}

}  // namespace

std::size_t FieldPaths::add(std::string_view path) {
    Node node = kRoot;
    while (!path.empty()) {
        const std::string_view key = take_key(path);
        Node next = child(node, key);
        if (next == kNone) {
            next = static_cast<Node>(nodes_.size());
            nodes_[node].children.push_back(next);
            nodes_.push_back({std::string(key), {}, {}});
        }
        node = next;
    }
    nodes_[node].ending.push_back(size_);
    return size_++;
}

std::optional<std::size_t> FieldPaths::index_of(std::string_view path) const {
    const Node node = below(kRoot, path);
    return node == kNone || nodes_[node].ending.empty() ? std::nullopt
                                                        : std::optional(nodes_[node].ending.front());
}

FieldPaths::Node FieldPaths::child(Node node, std::string_view key) const {
    const auto& children = nodes_[node].children;
    const auto found = std::ranges::find_if(children, [&](Node one) { return nodes_[one].key == key; });
    return found != children.end() ? *found : kNone;
}

FieldPaths::Node FieldPaths::below(Node node, std::string_view key) const {
    while (node != kNone && !key.empty()) {
        node = child(node, take_key(key));
    }
    return node;
}

}  // namespace sslsniff
