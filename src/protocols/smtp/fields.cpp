#include <array>

#include "protocols/smtp/smtp.h"

namespace sslsniff {
namespace {

using enum FieldType;

/// Those that other rows have are not repeated: request.command.
constexpr auto kFields = std::to_array<FieldSpec>({
    {"request.argument", text},
    {"request.from", text},
    {"request.to", text},
    {"request.parameters", text},
    {"request.mechanism", text},
    {"request.initial_response", text},
    {"request.responses", text},
    {"request.mail.subject", text},
    {"request.mail.from", text},
    {"request.mail.to", text},
    {"request.mail.date", text},
    {"request.mail.message_id", text},
    {"response.code", number},
    {"response.enhanced_code", text},
    {"response.lines", text},
});

}  // namespace

std::span<const FieldSpec> smtp_fields() {
    return kFields;
}

}  // namespace sslsniff
