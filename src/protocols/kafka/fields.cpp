#include <array>

#include "protocols/kafka/kafka.h"

namespace sslsniff {
namespace {

using enum FieldType;

/// Those that other rows have are not repeated: client_id, bytes and error.
constexpr auto kFields = std::to_array<FieldSpec>({
    {"request.api", text, "api"},
    {"request.api_key", number},
    {"request.api_version", number},
    {"request.correlation_id", number},
    {"request.group_id", text, "group"},
    {"request.transactional_id", text},
    {"request.topics", text},
    {"request.topic_count", number},
    {"request.partition_count", number},
    {"request.record_count", number},
    {"request.record_bytes", size},
    {"request.records_truncated", boolean},
    {"request.error_in_message", text},
    {"request.decoded", boolean},
    {"response.correlation_id", number},
    {"response.group_id", text},
    {"response.transactional_id", text},
    {"response.topics", text},
    {"response.topic_count", number},
    {"response.partition_count", number},
    {"response.record_count", number},
    {"response.record_bytes", size},
    {"response.records_truncated", boolean},
    {"response.error_in_message", text},
    {"response.decoded", boolean},
    {"response.error.number", number},
    {"response.error.count", number},
});

}  // namespace

std::span<const FieldSpec> kafka_fields() {
    return kFields;
}

}  // namespace sslsniff
