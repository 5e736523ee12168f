#pragma once

#include <string_view>

#include "model/exchange.h"
#include "model/field_spec.h"
#include "model/transaction.h"

namespace sslsniff {

/// "a number": what messages call it.
std::string_view to_string(FieldType type);

/// What every transaction and connection has, under the paths of a FieldTable: durations in nanoseconds.
void write_common_fields(const Transaction& transaction, FieldWriter& writer);
void write_common_fields(const ConnectionRecord& record, FieldWriter& writer);

}  // namespace sslsniff
