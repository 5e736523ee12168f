#include "protocols/dns/dns.h"

#include <algorithm>

#include "protocols/dns/parser.h"
#include "protocols/dns/plausible.h"

namespace sslsniff {
namespace {

constexpr std::size_t kPrefix = 2;
constexpr std::size_t kHeader = 12;

/// The first datagram tells; the detector asks anew for each that it does not.
Verdict judge_datagram(ByteView datagram, bool multicast) {
    return dns::plausible_message(dns::decode_message(datagram), multicast) ? Verdict::yes : Verdict::no;
}

/// A whole message behind its length, at the first octet.
Verdict judge_stream(ByteView octets) {
    if (octets.size() < kPrefix + kHeader) {
        return Verdict::need_more;
    }
    const std::size_t length = static_cast<std::size_t>(static_cast<unsigned char>(octets[0])) << 8 |
                               static_cast<unsigned char>(octets[1]);
    const ByteView message = octets.substr(kPrefix, length);
    if (!dns::plausible_header(message, length)) {
        return Verdict::no;
    }
    if (message.size() < length) {
        return Verdict::need_more;
    }
    return dns::plausible_message(dns::decode_message(message), false) ? Verdict::yes : Verdict::no;
}

}  // namespace

Verdict detect_dns(const Evidence& evidence) {
    const Endpoints& endpoints = evidence.connection.endpoints;
    if (endpoints.transport == Transport::udp) {
        const ByteView datagram = evidence.sent.empty() ? evidence.received : evidence.sent;
        return datagram.empty() ? Verdict::need_more : judge_datagram(datagram, dns::is_multicast(endpoints));
    }
    Verdict verdict = Verdict::no;
    for (const ByteView octets : {evidence.sent, evidence.received}) {
        if (!octets.empty()) {
            verdict = std::max(verdict, judge_stream(octets));
        }
    }
    return evidence.sent.empty() && evidence.received.empty() ? Verdict::need_more : verdict;
}

std::unique_ptr<ProtocolParser> create_dns(ParserHost& host, const ParserLimits& limits) {
    return std::make_unique<dns::DnsParser>(host, limits);
}

}  // namespace sslsniff
