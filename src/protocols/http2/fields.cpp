#include "protocols/http2/http2_parser.h"

#include <array>

namespace sslsniff {
namespace {

using enum FieldType;

/// What it adds to http_fields().
constexpr auto kFields = std::to_array<FieldSpec>({
    {"stream.id", number},
    {"stream.pushed", boolean},
    {"stream.protocol", text},
    {"stream.reset", text},
    {"stream.reset_by", text},
});

}  // namespace

std::span<const FieldSpec> http2_fields() {
    return kFields;
}

}  // namespace sslsniff
