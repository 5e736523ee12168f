#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "filter/comparison.h"
#include "filter/field_paths.h"
#include "filter/field_table.h"
#include "model/transaction.h"

namespace sslsniff {

/// A --where expression (docs/filters.md): comparisons of fields, joined by and, or, not. Looks at what is
/// known of a transaction without decoding its bodies. A field that a transaction does not have compares
/// false.
class WhereFilter {
  public:
    /// Errors show the place in the expression.
    static Result<WhereFilter> parse(std::string_view expression, const FieldTable& fields);

    bool matches(const Transaction& transaction) const;
    bool matches(const ConnectionRecord& record) const;

  private:
    friend class WhereParser;
    struct Node {
        enum class Kind : std::uint8_t { comparison, negation, conjunction, disjunction };
        Kind kind = Kind::comparison;
        std::size_t left = 0;  ///< node, or comparison
        std::size_t right = 0;
    };

    WhereFilter() = default;
    bool evaluate(std::size_t node, const FieldCollector& fields) const;

    FieldPaths paths_;
    std::vector<Comparison> comparisons_;
    std::vector<Node> nodes_;
    std::size_t root_ = 0;
    bool needs_exchange_ = false;
};

}  // namespace sslsniff
