#include <array>

#include "model/field_spec.h"
#include "protocols/sql/exchange.h"

namespace sslsniff::sql {
namespace {

using enum FieldType;

constexpr auto kFields = std::to_array<FieldSpec>({
    {"request.statement", text, "statement"},
    {"request.operation", text, "operation"},
    {"request.table", text},
    {"request.statement_name", text},
    {"request.parameters", text},
    {"request.parameter_count", number},
    {"request.user", text, "user"},
    {"request.database", text, "database"},
    {"request.application_name", text},
    {"request.authentication", text},
    {"request.password", text},
    {"request.portal", text},
    {"request.max_rows", number},
    {"request.replication", text},
    {"request.settings", text},
    {"request.protocol_version", text},
    {"request.process_id", number},
    {"request.function", number},
    {"request.copy_failure", text},
    {"response.command_tag", text},
    {"response.affected_rows", number},
    {"response.row_count", number, "rows"},
    {"response.column_count", number},
    {"response.columns.name", text},
    {"response.columns.type", text},
    {"response.rows", text},
    {"response.results.command_tag", text},
    {"response.results.row_count", number},
    {"response.results.affected_rows", number},
    {"response.result_count", number},
    {"response.error.severity", text},
    {"response.error.sqlstate", text, "sqlstate"},
    {"response.error.detail", text},
    {"response.error.hint", text},
    {"response.error.position", number},
    {"response.error.where", text},
    {"response.error.schema", text},
    {"response.error.column", text},
    {"response.error.data_type", text},
    {"response.error.table", text},
    {"response.error.constraint", text},
    {"response.notices.code", text},
    {"response.notices.message", text},
    {"response.notices.severity", text},
    {"response.notice_count", number},
    {"response.copy.direction", text},
    {"response.copy.format", text},
    {"response.copy.messages", number},
    {"response.copy.body.size", size},
    {"response.copy.body.captured", size},
    {"response.copy.body.missing", size},
    {"response.copy.body.text", text},
    {"response.transaction_status", text, "transaction"},
    {"response.skipped", boolean},
    {"response.server_version", text},
    {"response.process_id", number},
    {"response.suspended", boolean},
    {"response.encryption", boolean},
    {"response.channel", text},
    {"response.payload", text},
});

}  // namespace

std::span<const FieldSpec> sql_fields() {
    return kFields;
}

}  // namespace sslsniff::sql
