#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <variant>
#include <vector>

#include "base/result.h"
#include "filter/field_collector.h"
#include "filter/fields.h"

namespace re2 {
class RE2;
}

namespace sslsniff {

enum class Operator : std::uint8_t {
    equal,
    less,
    greater,
    less_equal,
    greater_equal,
    matches,
    contains,
    in,
    present
};

/// One "field operator literal", checked for types. != and !~ are the negation of one.
struct Comparison {
    /// Numbers, sizes in bytes, durations in nanoseconds; both ends belong to it.
    struct Range {
        long double low = 0;
        long double high = 0;
    };
    /// Addresses whose first `bits` are those of `address`.
    struct Network {
        IpAddress address;
        unsigned bits = 0;
    };
    using Literal = std::variant<Range, Bytes, bool, Network>;

    std::size_t field = 0;  ///< index of the FieldCollector
    Operator op = Operator::equal;
    std::vector<Literal> literals;            ///< one, but for `in`
    std::shared_ptr<const re2::RE2> regex{};  ///< of `matches`

    /// True when any of the values fits; false without values.
    bool holds(const std::vector<FieldValue>& values) const;
};

/// `text` as a literal for a field of `type`: "500", "500..599", "200ms", "1.5M", "10.0.0.0/8", "GET". The
/// error is a phrase without place.
Result<Comparison::Literal> parse_literal(std::string_view text, FieldType type);

}  // namespace sslsniff
