#include "protocols/http/fields.h"

#include <array>

namespace sslsniff {
namespace {

using enum FieldType;

constexpr auto kFields = std::to_array<FieldSpec>({
    {"request.method", text, "method"},
    {"request.target", text, "path"},
    {"request.url", text, "url"},
    {"request.host", text, "host"},
    {"request.version", text},
    {"request.headers.*", text},
    {"request.trailers.*", text},
    {"request.headers_truncated", boolean},
    {"request.trailers_truncated", boolean},
    {"request.body.size", size},
    {"request.body.captured", size},
    {"request.body.missing", size},
    {"request.body.text", text},
    {"response.status", number, "status"},
    {"response.reason", text},
    {"response.version", text},
    {"response.headers.*", text},
    {"response.trailers.*", text},
    {"response.headers_truncated", boolean},
    {"response.trailers_truncated", boolean},
    {"response.body.size", size},
    {"response.body.captured", size},
    {"response.body.missing", size},
    {"response.body.text", text},
    {"informational.status", number},
    {"informational.reason", text},
    {"informational.headers.*", text},
    {"informational_omitted", number},
});

}  // namespace

std::span<const FieldSpec> http_fields() {
    return kFields;
}

}  // namespace sslsniff
