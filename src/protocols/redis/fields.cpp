#include "protocols/redis/redis.h"

#include <array>

namespace sslsniff {
namespace {

using enum FieldType;

constexpr auto kFields = std::to_array<FieldSpec>({
    {"kind", text},
    {"request.command", text, "command"},
    {"request.args", text},
    {"request.arg_count", number},
    {"request.keys", text, "key"},
    {"request.bytes", size},
    {"request.inline", boolean},
    {"request.secrets_hidden", boolean},
    {"request.truncated", boolean},
    {"response.type", text},
    {"response.value", text},
    {"response.elements", number},
    {"response.bytes", size},
    {"response.truncated", boolean},
    {"response.error.code", text, "error"},
    {"response.error.message", text},
    {"response.redirect.kind", text},
    {"response.redirect.slot", number},
    {"response.redirect.endpoint", text},
    {"snapshot.bytes", size},
    {"snapshot.finished", boolean},
    {"snapshot.diskless", boolean},
    {"response.attributes", text},
});

}  // namespace

std::span<const FieldSpec> redis_fields() {
    return kFields;
}

}  // namespace sslsniff
