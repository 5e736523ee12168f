#include <array>

#include "protocols/imap/imap.h"

namespace sslsniff {
namespace {

using enum FieldType;

/// Those that other rows have are not repeated: request.command, request.arguments.
constexpr auto kFields = std::to_array<FieldSpec>({
    {"request.tag", text},
    {"request.mailbox", text},
    {"request.literal.size", size},
    {"request.literal.captured", size},
    {"request.literal.missing", size},
    {"request.literal.text", text},
    {"response.condition", text},
    {"response.response_code", text},
    {"response.text", text},
    {"response.untagged", text},
    {"response.untagged_count", number},
    {"response.literal_bytes", number},
});

}  // namespace

std::span<const FieldSpec> imap_fields() {
    return kFields;
}

}  // namespace sslsniff
