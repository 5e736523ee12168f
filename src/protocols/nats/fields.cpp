#include <array>

#include "protocols/nats/nats.h"

namespace sslsniff {
namespace {

using enum FieldType;

/// Those that other rows have are not repeated: payload, request.headers.
constexpr auto kFields = std::to_array<FieldSpec>({
    {"request.subject", text, "subject"},
    {"request.reply_to", text},
    {"request.queue_group", text},
    {"request.sid", text},
    {"request.max_messages", number},
    {"request.status", number},
    {"request.description", text},
    {"request.options.verbose", boolean},
    {"request.options.pedantic", boolean},
    {"request.options.user", text},
    {"request.options.pass", text},
    {"request.options.auth_token", text},
    {"request.options.jwt", text},
    {"request.options.sig", text},
    {"request.options.nkey", text},
    {"request.options.name", text},
    {"request.options.lang", text},
    {"request.options.version", text},
    {"request.options.protocol", number},
    {"request.options.echo", boolean},
    {"request.options.headers", boolean},
    {"request.options.no_responders", boolean},
    {"request.options.tls_required", boolean},
    {"response.operation", text},
    {"response.subject", text},
    {"response.reply_to", text},
    {"response.sid", text},
    {"response.description", text},
    {"response.jetstream.stream", text, "stream"},
    {"response.jetstream.consumer", text},
    {"response.jetstream.ack_policy", text},
    {"response.jetstream.delivered", number},
    {"response.jetstream.stream_sequence", number},
    {"response.jetstream.consumer_sequence", number},
    {"response.jetstream.pending", number},
    {"response.jetstream.duplicate", boolean},
    {"response.jetstream.error_code", number},
    {"response.jetstream.error_number", number},
    {"response.jetstream.error_description", text},
    {"response.info.server_id", text},
    {"response.info.server_name", text},
    {"response.info.version", text},
    {"response.info.proto", number},
    {"response.info.git_commit", text},
    {"response.info.go", text},
    {"response.info.host", text},
    {"response.info.port", number},
    {"response.info.headers", boolean},
    {"response.info.max_payload", number},
    {"response.info.jetstream", boolean},
    {"response.info.client_id", number},
    {"response.info.client_ip", text},
    {"response.info.nonce", text},
    {"response.info.cluster", text},
    {"response.info.connect_urls", text},
    {"response.info.auth_required", boolean},
    {"response.info.tls_required", boolean},
    {"response.info.tls_verify", boolean},
    {"response.info.tls_available", boolean},
    {"response.info.ldm", boolean},
    {"response.info.domain", text},
    {"response.info.xkey", text},
});

}  // namespace

std::span<const FieldSpec> nats_fields() {
    return kFields;
}

}  // namespace sslsniff
