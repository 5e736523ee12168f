#include <array>

#include "protocols/memcached/memcached.h"

namespace sslsniff {
namespace {

using enum FieldType;

/// Those that other rows have are not repeated: request.command, response.error.
constexpr auto kFields = std::to_array<FieldSpec>({
    {"encoding", text},
    {"request.key", text},
    {"request.key_count", number},
    {"request.client_flags", number},
    {"request.exptime_s", number},
    {"request.cas_unique", number},
    {"request.delta", number},
    {"request.initial", number},
    {"request.noreply", boolean},
    {"request.quiet", boolean},
    {"request.meta_flags", text},
    {"request.arguments", text},
    {"request.opcode_number", number},
    {"request.opaque", number},
    {"request.sasl", text},
    {"request.data.size", size},
    {"request.data.captured", size},
    {"request.data.missing", size},
    {"request.data.text", text},
    {"response.reply", text},
    {"response.status_code", number},
    {"response.result", number},
    {"response.hits", number},
    {"response.stat_count", number},
    {"response.key", text},
    {"response.client_flags", number},
    {"response.cas_unique", number},
    {"response.meta_flags", text},
    {"response.sasl", text},
    {"response.items.key", text},
    {"response.items.client_flags", number},
    {"response.items.cas_unique", number},
    {"response.items.data.size", size},
    {"response.items.data.captured", size},
    {"response.items.data.missing", size},
    {"response.items.data.text", text},
    {"response.stats.*", text},
    {"response.data.size", size},
    {"response.data.captured", size},
    {"response.data.missing", size},
    {"response.data.text", text},
});

}  // namespace

std::span<const FieldSpec> memcached_fields() {
    return kFields;
}

}  // namespace sslsniff
