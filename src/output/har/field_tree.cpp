#include "output/har/field_tree.h"

#include <algorithm>

namespace sslsniff {

const FieldTree::Node* FieldTree::Node::find(std::string_view name) const {
    const auto found = std::ranges::find(children, name, &Node::key);
    return found == children.end() ? nullptr : &*found;
}

ByteView FieldTree::Node::text_of(std::string_view name) const {
    const Node* node = find(name);
    return node != nullptr ? ByteView(node->text) : ByteView();
}

FieldTree::Node& FieldTree::add(std::string_view key) {
    Node& node = path_.back()->children.emplace_back();
    node.key = key;
    return node;
}

}  // namespace sslsniff
