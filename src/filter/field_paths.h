#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace sslsniff {

/// Fields that somebody wants to know of what writes its fields, by the paths of filter_fields(), header
/// names in lower case: as a tree, so that what nobody wants costs little.
class FieldPaths {
  public:
    /// A place in the tree: all paths that begin alike. kNone: there are none.
    using Node = std::uint32_t;
    static constexpr Node kRoot = 0;
    static constexpr Node kNone = UINT32_MAX;

    /// Its index, which is that of the values in a FieldCollector: they count from 0, also where a path comes
    /// again.
    std::size_t add(std::string_view path);
    /// Of the first one that is equal.
    std::optional<std::size_t> index_of(std::string_view path) const;
    std::size_t size() const { return size_; }
    bool empty() const { return size_ == 0; }

    /// Where `key` leads to from `node`, which may be kNone. It may have dots: header names do.
    Node below(Node node, std::string_view key) const;
    /// Indices of the paths that end at `node`, which is not kNone.
    const std::vector<std::size_t>& ending_at(Node node) const { return nodes_[node].ending; }

  private:
    struct Place {
        std::string key;
        std::vector<Node> children;
        std::vector<std::size_t> ending;
    };

    Node child(Node node, std::string_view key) const;

    std::vector<Place> nodes_{Place()};
    std::size_t size_ = 0;
};

}  // namespace sslsniff
