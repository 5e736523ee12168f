#include "protocols/redis/resp.h"

#include "model/names.h"

namespace sslsniff::redis {
namespace {

constexpr Names<RespType, 15> kTypeNames{{{RespType::null, "null"},
                                          {RespType::simple_string, "simple_string"},
                                          {RespType::error, "error"},
                                          {RespType::integer, "integer"},
                                          {RespType::bulk_string, "bulk_string"},
                                          {RespType::array, "array"},
                                          {RespType::floating, "double"},
                                          {RespType::boolean, "boolean"},
                                          {RespType::bulk_error, "error"},
                                          {RespType::verbatim_string, "verbatim_string"},
                                          {RespType::big_number, "big_number"},
                                          {RespType::map, "map"},
                                          {RespType::set, "set"},
                                          {RespType::attribute, "attribute"},
                                          {RespType::push, "push"}}};

}  // namespace

std::string_view to_string(RespType type) {
    return name_of(kTypeNames, type);
}

std::size_t next_index(const RespValue& value, std::size_t index) {
    // Values still to pass on this level and all below it; the bound of the tree is the end of the nodes.
    std::uint64_t open = 1;
    const bool attribute = index < value.nodes.size() && value.nodes[index].type == RespType::attribute;
    for (bool first = true; open > 0 && index < value.nodes.size(); ++index, first = false) {
        const RespNode& node = value.nodes[index];
        if (node.type == RespType::attribute && !(attribute && first)) {
            open += node.size;
        } else {
            open += (is_aggregate(node.type) ? node.size : 0) - 1;
        }
    }
    return index;
}

std::size_t root_index(const RespValue& value) {
    std::size_t index = 0;
    while (index < value.nodes.size() && value.nodes[index].type == RespType::attribute) {
        index = next_index(value, index);
    }
    return index;
}

ByteView element_text(const RespValue& value, std::size_t n) {
    const std::size_t root = root_index(value);
    if (root >= value.nodes.size() || n >= value.nodes[root].size || !is_aggregate(value.nodes[root].type)) {
        return {};
    }
    std::size_t index = root + 1;
    for (std::size_t i = 0; index < value.nodes.size();) {
        const RespNode& node = value.nodes[index];
        if (i == n && node.type != RespType::attribute) {
            return is_aggregate(node.type) ? ByteView{} : value.text_of(node);
        }
        i += node.type != RespType::attribute;
        index = is_aggregate(node.type) ? next_index(value, index) : index + 1;
    }
    return {};
}

}  // namespace sslsniff::redis
