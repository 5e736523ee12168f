#include <array>

#include "protocols/mqtt/mqtt.h"

namespace sslsniff {
namespace {

using enum FieldType;

constexpr auto kFields = std::to_array<FieldSpec>({
    {"packet", text},
    {"version", text},
    {"topic", text},
    {"attempts", number},
    {"pubrec_reason", text},
    {"pubrel_reason", text},
    {"request.packet", text},
    {"request.packet_id", number},
    {"request.qos", number},
    {"request.retain", boolean},
    {"request.dup", boolean},
    {"request.client_id", text, "client_id"},
    {"request.clean_session", boolean},
    {"request.clean_start", boolean},
    {"request.keep_alive_s", number},
    {"request.bridge", boolean},
    {"request.username", text, "username"},
    {"request.password", text},
    {"request.will.topic", text},
    {"request.will.qos", number},
    {"request.will.retain", boolean},
    {"request.will.payload.size", size},
    {"request.will.payload.captured", size},
    {"request.will.payload.text", text},
    {"request.filters.filter", text},
    {"request.filters.qos", number},
    {"request.filters.no_local", boolean},
    {"request.filters.retain_as_published", boolean},
    {"request.filters.retain_handling", number},
    {"request.filter_count", number},
    {"request.reason_code", number},
    {"request.reason", text},
    {"request.properties.receive_maximum", number},
    {"request.properties.content_type", text},
    {"request.properties.response_topic", text},
    {"request.properties.topic_alias", number},
    {"request.properties.user_properties.name", text},
    {"request.properties.user_properties.value", text},
    {"request.properties.authentication_method", text},
    {"request.properties.reason_string", text},
    {"request.payload.size", size},
    {"request.payload.captured", size},
    {"request.payload.missing", size},
    {"request.payload.text", text},
    {"response.packet", text},
    {"response.packet_id", number},
    {"response.qos", number},
    {"response.retain", boolean},
    {"response.dup", boolean},
    {"response.session_present", boolean},
    {"response.reason_code", number},
    {"response.reasons.reason_code", number},
    {"response.reasons.reason", text},
    {"response.properties.content_type", text},
    {"response.properties.receive_maximum", number},
    {"response.properties.topic_alias_maximum", number},
    {"response.properties.response_topic", text},
    {"response.properties.topic_alias", number},
    {"response.properties.user_properties.name", text},
    {"response.properties.user_properties.value", text},
    {"response.properties.assigned_client_identifier", text},
    {"response.properties.reason_string", text},
    {"response.payload.size", size},
    {"response.payload.captured", size},
    {"response.payload.missing", size},
    {"response.payload.text", text},
});

}  // namespace

std::span<const FieldSpec> mqtt_fields() {
    return kFields;
}

}  // namespace sslsniff
