#include <array>

#include "protocols/mongodb/mongodb.h"

namespace sslsniff {
namespace {

using enum FieldType;

/// Those that other rows have are not repeated: command, bytes, decoded and error.
constexpr auto kFields = std::to_array<FieldSpec>({
    {"request.database", text, "database"},
    {"request.collection", text, "collection"},
    {"request.request_id", number},
    {"request.compressor", text},
    {"request.flags", text},
    {"request.sequence.id", text},
    {"request.sequence.count", number},
    {"response.request_id", number},
    {"response.response_to", number},
    {"response.opcode", text},
    {"response.compressor", text},
    {"response.flags", text},
    {"response.n", number},
    {"response.document_count", number},
    {"response.cursor_id", number},
    {"response.error.write_errors", number},
});

}  // namespace

std::span<const FieldSpec> mongodb_fields() {
    return kFields;
}

}  // namespace sslsniff
