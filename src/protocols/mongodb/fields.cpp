#include <array>

#include "protocols/mongodb/mongodb.h"

namespace sslsniff {
namespace {

using enum FieldType;

constexpr auto kFields = std::to_array<FieldSpec>({
    {"request.command", text, "command"},
    {"request.database", text, "database"},
    {"request.collection", text, "collection"},
    {"request.request_id", number},
    {"request.opcode", text},
    {"request.compressor", text},
    {"request.flags", text},
    {"request.bytes", size},
    {"response.request_id", number},
    {"response.response_to", number},
    {"response.opcode", text},
    {"response.compressor", text},
    {"response.flags", text},
    {"response.n", number},
    {"response.document_count", number},
    {"response.cursor_id", number},
    {"response.bytes", size},
    {"response.error.code", text, "error"},
    {"response.error.number", number},
    {"response.error.message", text},
    {"response.error.write_errors", number},
});

}  // namespace

std::span<const FieldSpec> mongodb_fields() {
    return kFields;
}

}  // namespace sslsniff
