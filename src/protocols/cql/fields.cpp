#include <array>

#include "protocols/cql/cql.h"

namespace sslsniff {
namespace {

using enum FieldType;

/// Besides what all databases have (protocols/sql), and what other rows have: request.opcode.
constexpr auto kFields = std::to_array<FieldSpec>({
    {"request.stream", number},
    {"request.consistency", text},
    {"request.serial_consistency", text},
    {"request.page_size_rows", number},
    {"request.next_page", boolean},
    {"request.client_timestamp", number},
    {"request.keyspace", text},
    {"request.batch_type", text},
    {"request.statement_count", number},
    {"request.compression", text},
    {"request.cql_version", text},
    {"request.driver_name", text},
    {"request.driver_version", text},
    {"response.has_more_pages", boolean},
    {"response.keyspace", text},
    {"response.change", text},
    {"response.target", text},
    {"response.address", text},
    {"response.authenticator", text},
    {"response.token", text},
    {"response.tracing_id", text},
});

}  // namespace

std::span<const FieldSpec> cql_fields() {
    return kFields;
}

}  // namespace sslsniff
