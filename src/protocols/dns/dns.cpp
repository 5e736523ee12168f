#include "protocols/dns/dns.h"

#include <algorithm>
#include <array>

#include "base/memory.h"
#include "protocols/dns/parser.h"
#include "protocols/dns/plausible.h"

namespace sslsniff {
namespace {

constexpr std::size_t kPrefix = 2;
constexpr std::size_t kHeader = 12;

std::size_t length_at(ByteView bytes) {
    return static_cast<std::size_t>(static_cast<unsigned char>(bytes[0])) << 8 |
           static_cast<unsigned char>(bytes[1]);
}

/// A whole message behind its length, where a message of the stream begins.
Verdict judge_stream(ByteView bytes, dns::Place place) {
    if (bytes.size() < kPrefix + kHeader) {
        return Verdict::need_more;
    }
    const std::size_t length = length_at(bytes);
    const ByteView message = bytes.substr(kPrefix, length);
    if (!dns::plausible_header(message, length, place)) {
        return Verdict::no;
    }
    if (message.size() < length) {
        return Verdict::need_more;
    }
    return dns::plausible_message(dns::decode_message(message), place) ? Verdict::yes : Verdict::no;
}

class DnsDetector final : public Detector {
  public:
    Verdict look(const Evidence& evidence) override {
        const Endpoints& endpoints = evidence.connection.endpoints;
        Verdict verdict = Verdict::no;
        for (const Direction direction : {Direction::sent, Direction::received}) {
            const Evidence::Side& side = evidence.side(direction);
            if (side.bytes.empty()) {
                continue;
            }
            Latest& latest = latest_[static_cast<std::size_t>(direction)];
            if (latest.verdict == Verdict::no && latest.message != side.message) {
                latest = {side.message, Verdict::need_more};
            }
            if (latest.verdict == Verdict::need_more) {
                const ByteView message = side.bytes.substr(latest.message);
                latest.verdict = endpoints.transport == Transport::udp
                                     ? judge_datagram(message, dns::place_of(endpoints))
                                     : judge_stream(message, dns::place_of(endpoints));
            }
            verdict = std::max(verdict, latest.verdict);
        }
        return verdict;
    }
    std::size_t foreign(Direction direction) const override {
        return latest_[static_cast<std::size_t>(direction)].message;
    }
    std::size_t held() const override { return allocated(sizeof(*this)); }

  private:
    struct Latest {
        std::size_t message = 0;
        Verdict verdict = Verdict::need_more;
    };

    static Verdict judge_datagram(ByteView datagram, dns::Place place) {
        return dns::plausible_message(dns::decode_message(datagram), place) ? Verdict::yes : Verdict::no;
    }

    std::array<Latest, 2> latest_;
};

}  // namespace

std::unique_ptr<Detector> detect_dns() {
    return std::make_unique<DnsDetector>();
}

bool may_begin_dns(ByteView message, const ConnectionInfo& connection) {
    const bool datagram = connection.endpoints.transport == Transport::udp;
    if (datagram && dns::is_multicast(connection.endpoints)) {
        return true;
    }
    if (!datagram) {
        if (message.size() >= kPrefix && length_at(message) < kHeader) {
            return false;
        }
        message = message.substr(std::min(kPrefix, message.size()));
    }
    constexpr std::size_t kQuestions = 4;  // where their number is: one
    if (message.size() <= kQuestions + 1) {
        return !datagram;
    }
    constexpr int kOpcodeBits = 0x78;
    constexpr int kStateful = 6 << 3;  // RFC 8490: no questions
    const bool stateful = (message[2] & kOpcodeBits) == kStateful && message[kQuestions + 1] == 0;
    return message[kQuestions] == 0 && (message[kQuestions + 1] == 1 || stateful);
}

std::unique_ptr<ProtocolParser> create_dns(ParserHost& host, const ParserLimits& limits) {
    return std::make_unique<dns::DnsParser>(host, limits);
}

}  // namespace sslsniff
