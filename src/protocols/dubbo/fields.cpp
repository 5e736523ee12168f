#include <array>

#include "protocols/dubbo/dubbo.h"

namespace sslsniff {
namespace {

using enum FieldType;

/// Those that other rows have are not repeated: request.method, request.arguments, response.value.
constexpr auto kFields = std::to_array<FieldSpec>({
    {"request.serialization", text},
    {"request.event", boolean},
    {"request.dubbo_version", text},
    {"request.service", text},
    {"request.service_version", text},
    {"request.parameter_types", text},
    {"request.attachments.*", text},
    {"request.dubbo_status", text},
    {"response.serialization", text},
    {"response.event", boolean},
    {"response.dubbo_status", text},
    {"response.exception.class", text},
    {"response.exception.detailMessage", text},
    {"response.attachments.*", text},
});

}  // namespace

std::span<const FieldSpec> dubbo_fields() {
    return kFields;
}

}  // namespace sslsniff
