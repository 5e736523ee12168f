#include "protocols/dns/dns.h"

#include <array>

namespace sslsniff {
namespace {

using enum FieldType;

constexpr auto kFields = std::to_array<FieldSpec>({
    {"multicast", boolean},
    {"over_https", boolean},
    {"request.name", text, "name"},
    {"request.unicode", text},
    {"request.type", text},
    {"request.class", text},
    {"request.unicast_reply", boolean},
    {"request.id", number},
    {"request.opcode", text},
    {"request.recursion_desired", boolean},
    {"request.checking_disabled", boolean},
    {"request.questions.name", text},
    {"request.questions.type", text},
    {"request.questions.class", text},
    {"request.edns.version", number},
    {"request.edns.udp_size", size},
    {"request.edns.dnssec_ok", boolean},
    {"request.edns.options.code", number},
    {"request.edns.options.name", text},
    {"request.edns.options.value", text},
    {"request.attempts", number},
    {"request.retried_over_tcp", boolean},
    {"request.error", text},
    {"response.rcode", text, "rcode"},
    {"response.name", text},
    {"response.unicode", text},
    {"response.class", text},
    {"response.unicast_reply", boolean},
    {"response.id", number},
    {"response.authoritative", boolean},
    {"response.recursion_available", boolean},
    {"response.authentic_data", boolean},
    {"response.answers.name", text},
    {"response.answers.type", text},
    {"response.answers.class", text},
    {"response.answers.ttl", number},
    {"response.answers.data", text, "answer"},
    {"response.answers.cache_flush", boolean},
    {"response.authority.name", text},
    {"response.authority.type", text},
    {"response.authority.class", text},
    {"response.authority.ttl", number},
    {"response.authority.data", text},
    {"response.authority.cache_flush", boolean},
    {"response.additional.name", text},
    {"response.additional.type", text},
    {"response.additional.class", text},
    {"response.additional.ttl", number},
    {"response.additional.data", text},
    {"response.additional.cache_flush", boolean},
    {"response.answer_count", number},
    {"response.authority_count", number},
    {"response.additional_count", number},
    {"response.edns.version", number},
    {"response.edns.udp_size", size},
    {"response.edns.dnssec_ok", boolean},
    {"response.edns.options.code", number},
    {"response.edns.options.name", text},
    {"response.edns.options.value", text},
    {"response.messages", number},
    {"response.error", text},
});

}  // namespace

std::span<const FieldSpec> dns_fields() {
    return kFields;
}

}  // namespace sslsniff
