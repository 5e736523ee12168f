#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "filter/field_paths.h"
#include "filter/field_table.h"
#include "model/transaction.h"
#include "output/output_settings.h"

namespace sslsniff {

/// Understands --by: names with commas between them, each a column of its own (docs/stat.md) or a field of
/// --where.
Result<std::vector<StatColumn>> parse_columns(std::string_view names, const FieldTable& fields);
/// process, peer and endpoint.
std::vector<StatColumn> default_columns();

/// Tells which group a transaction belongs to.
class Grouping {
  public:
    explicit Grouping(std::vector<StatColumn> columns);

    const std::vector<StatColumn>& columns() const { return columns_; }
    /// Some columns are fields of the exchange.
    bool reads_fields() const { return !paths_.empty(); }
    /// One value for each column, hostile, each of at most 200 bytes; "-" for what a transaction does not
    /// have. `facts`: those of its exchange.
    std::vector<std::string> values(const Transaction& transaction, const Facts& facts) const;

  private:
    std::vector<StatColumn> columns_;
    FieldPaths paths_;  ///< of the columns that are fields, in their order
};

}  // namespace sslsniff
