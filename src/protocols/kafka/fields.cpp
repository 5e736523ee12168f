#include <array>

#include "protocols/kafka/kafka.h"

namespace sslsniff {
namespace {

using enum FieldType;

constexpr auto kFields = std::to_array<FieldSpec>({
    {"request.api", text, "api"},
    {"request.api_key", number},
    {"request.api_version", number},
    {"request.correlation_id", number},
    {"request.client_id", text},
    {"request.group_id", text, "group"},
    {"request.transactional_id", text},
    {"request.topics", text, "topic"},
    {"request.topic_count", number},
    {"request.partition_count", number},
    {"request.record_count", number},
    {"request.record_bytes", size},
    {"request.bytes", size},
    {"response.topics", text},
    {"response.topic_count", number},
    {"response.partition_count", number},
    {"response.record_count", number},
    {"response.record_bytes", size},
    {"response.bytes", size},
    {"response.error.code", text, "error"},
    {"response.error.number", number},
    {"response.error.message", text},
});

}  // namespace

std::span<const FieldSpec> kafka_fields() {
    return kFields;
}

}  // namespace sslsniff
