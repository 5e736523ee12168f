#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/memory.h"

namespace sslsniff::redis {

/// Types of RESP2 and RESP3 (https://redis.io/docs/latest/develop/reference/protocol-spec/), named as in
/// docs/json.md.
enum class RespType : std::uint8_t {
    null,             ///< `_`, and RESP2's `$-1` and `*-1`
    simple_string,    ///< `+`
    error,            ///< `-`
    integer,          ///< `:`
    bulk_string,      ///< `$`, also streamed `$?`
    array,            ///< `*`, also streamed `*?`
    floating,         ///< `,`
    boolean,          ///< `#`
    bulk_error,       ///< `!`
    verbatim_string,  ///< `=`
    big_number,       ///< `(`
    map,              ///< `%`
    set,              ///< `~`
    attribute,        ///< `|`
    push              ///< `>`
};
std::string_view to_string(RespType type);

constexpr bool is_aggregate(RespType type) {
    return type == RespType::array || type == RespType::map || type == RespType::set ||
           type == RespType::attribute || type == RespType::push;
}
constexpr bool is_error(RespType type) {
    return type == RespType::error || type == RespType::bulk_error;
}

/// One scalar, or the head of an aggregate.
struct RespNode {
    RespType type = RespType::null;
    std::uint32_t offset = 0;  ///< of the kept bytes in RespValue::text
    std::uint32_t kept = 0;    ///< bytes kept
    std::uint64_t size = 0;    ///< scalars: bytes that passed; aggregates: values directly below (map: 2 per
                               ///< entry)
};

/// One value, bounded: a tree in preorder. Once a bound is reached no further node is kept, so the nodes are
/// always a prefix of the whole tree. An attribute is followed by the value it annotates and is not counted
/// in its parent's size.
struct RespValue {
    std::vector<RespNode> nodes;
    Bytes text;
    std::uint64_t wire_size = 0;  ///< bytes on the wire, framing included
    std::uint64_t missing = 0;    ///< of these, not captured
    bool truncated = false;       ///< more nodes or bytes passed than were kept
    bool finished = false;        ///< the last byte was seen
    bool is_inline = false;       ///< a request sent as a line of words

    bool empty() const { return nodes.empty(); }
    /// Bytes of memory outside of itself.
    std::size_t held() const { return heap_bytes(nodes) + heap_bytes(text); }
    ByteView text_of(const RespNode& node) const { return ByteView(text).substr(node.offset, node.kept); }
};

/// Index of the value itself: the first node that is neither an attribute nor inside one; nodes.size() when
/// there is none.
std::size_t root_index(const RespValue& value);

/// Index behind the value at `index` with all below it; an attribute ends where the value it annotates
/// begins.
std::size_t next_index(const RespValue& value, std::size_t index);

/// Text of the `n`-th value directly below the root aggregate; empty when not kept or itself an aggregate.
/// Constant time for the arrays of strings that requests are.
ByteView element_text(const RespValue& value, std::size_t n);

}  // namespace sslsniff::redis
