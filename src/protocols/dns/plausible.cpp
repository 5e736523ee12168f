#include "protocols/dns/plausible.h"

#include <algorithm>

#include "protocols/dns/registry_names.h"
#include "protocols/dns/wire_reader.h"

namespace sslsniff::dns {
namespace {

constexpr std::size_t kHeader = 12;
constexpr std::size_t kMinQuestion = 5;  // root name, type, class
constexpr std::size_t kMinRecord = 11;   // root name, type, class, TTL, length
constexpr std::uint8_t kQuery = 0;

/// NetBIOS over UDP (RFC 1002): 16 bytes in "half-ASCII", 32 letters from A to P.
bool is_netbios(const Question& question) {
    const ByteView label = ByteView(question.name).substr(0, question.name.find('.'));
    return label.size() == 32 && std::ranges::all_of(label, [](char c) { return c >= 'A' && c <= 'P'; });
}

}  // namespace

Place place_of(const Endpoints& endpoints) {
    constexpr std::uint16_t kDns = 53;
    constexpr std::uint16_t kDnsOverTls = 853;
    const auto at = [&](std::uint16_t port) {
        return endpoints.local.port == port || endpoints.remote.port == port;
    };
    if (is_multicast(endpoints)) {
        return Place::multicast;
    }
    return at(kDns) || at(kDnsOverTls) ? Place::dns_port : Place::elsewhere;
}

bool plausible_header(ByteView header, std::size_t size, Place place) {
    if (header.size() < kHeader || size < kHeader) {
        return false;
    }
    const Message message = decode_message(header.substr(0, kHeader));
    if (place == Place::dns_port && message.stateful) {
        return true;
    }
    if (size < kHeader + kMinQuestion) {
        return false;
    }
    WireReader reader(header);
    reader.bytes(4);
    const std::size_t questions = reader.u16();
    const std::size_t records =
        std::size_t{message.answer_count} + message.authority_count + message.additional_count;
    if (place == Place::dns_port) {
        return questions == 1 && records <= (size - kHeader - kMinQuestion) / kMinRecord;
    }
    return questions == 1 && is_known_opcode(message.opcode) && !message.reserved_bit &&
           is_known_rcode(message.rcode) && records <= (size - kHeader - kMinQuestion) / kMinRecord &&
           (message.response ||
            (message.rcode == 0 && (message.opcode != kQuery || message.answer_count == 0)));
}

bool plausible_message(const Message& message, Place place) {
    if (place == Place::dns_port) {
        return message.stateful ? message.error.empty()
                                : message.questions.size() == 1 && !is_netbios(message.questions.front());
    }
    if (message.trailing != 0 || !message.error.empty() || !is_known_opcode(message.opcode) ||
        message.reserved_bit || !is_known_rcode(message.rcode)) {
        return false;
    }
    if (place == Place::multicast) {
        return message.opcode == kQuery;
    }
    if (message.questions.size() != 1 || is_netbios(message.questions.front())) {
        return false;
    }
    const Question& question = message.questions.front();
    const bool query_sane =
        message.response || (message.rcode == 0 && (!message.authoritative || message.opcode != kQuery) &&
                             (message.opcode != kQuery || message.answer_count == 0));
    return query_sane && is_known_type(question.type) && class_name(question.klass).find("CLASS") != 0;
}

bool is_multicast(const Endpoints& endpoints) {
    constexpr std::uint16_t kPort = 5353;
    return endpoints.transport == Transport::udp &&
           (endpoints.local.port == kPort || endpoints.remote.port == kPort);
}

}  // namespace sslsniff::dns
