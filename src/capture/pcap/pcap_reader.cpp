#include "capture/pcap/pcap_reader.h"

#include <fmt/format.h>

namespace sslsniff {
namespace {

/// Bytes of the file per call: much work for one look at signals and timers, yet soon done.
constexpr std::uint64_t kBatch = 1 << 20;

/// Of IP protocols that carry what somebody may miss; the others talk to routers.
std::string_view why_unread(std::uint8_t protocol) {
    switch (protocol) {
        case 50:
            return "IPsec packets are encrypted";
        case 51:
            return "IPsec authentication headers over IPv4 are not supported";
        case 33:
            return "DCCP is not supported";
        case 115:
            return "L2TPv3 is not supported";
        case 132:
            return "SCTP is not supported";
        case 136:
            return "UDP-Lite is not supported";
        default:
            return {};
    }
}

}  // namespace

Result<std::unique_ptr<PcapReader>> PcapReader::open(std::unique_ptr<InputStream> input) {
    auto file = open_packet_file(std::move(input));
    if (!file) {
        return std::unexpected(file.error());
    }
    return std::unique_ptr<PcapReader>(new PcapReader(std::move(*file)));
}

/// Recognises QUIC and DTLS on the way.
class PcapReader::Recognised final : public EventConsumer {
  public:
    Recognised(DatagramTlsStage& stage, EventConsumer& next) : datagram_tls_(stage), next_(next) {}
    void on_event(const CaptureEvent& event) override { datagram_tls_.pass(event, next_); }

  private:
    DatagramTlsStage& datagram_tls_;
    EventConsumer& next_;
};

Result<PollStatus> PcapReader::poll(EventConsumer& consumer) {
    if (ended_) {
        return PollStatus::ended;
    }
    if (file_->unread() == 0 && !file_->buffer().input().is_readable()) {
        return PollStatus::idle;
    }
    const std::uint64_t start = file_->buffer().offset();
    do {
        auto packet = file_->next();
        tell_losses(consumer);
        if (!packet || !*packet) {
            ended_ = true;
            finish(consumer);
            return packet ? Result<PollStatus>(PollStatus::ended) : std::unexpected(packet.error());
        }
        if ((*packet)->time == Timestamp()) {
            (*packet)->time = last_time_;  // simple packet blocks have none
        }
        last_time_ = (*packet)->time;
        on_packet(**packet, consumer);
    } while (file_->unread() != 0 && file_->buffer().offset() - start < kBatch);
    return PollStatus::more;
}

void PcapReader::on_packet(const CapturedPacket& packet, EventConsumer& consumer) {
    packet_ = &packet;
    consumer_ = &consumer;
    unwrap_frame(packet.link_type, packet.bytes, *this);
}

void PcapReader::on_unread(std::string_view why) {
    constexpr std::size_t kMaxReasons = 64;
    constexpr std::uint16_t kExportedPdu = 252;
    if (packet_->is_ours && packet_->link_type == kExportedPdu) {
        return;  // what we wrote for Wireshark alone
    }
    const bool known = unread_.size() < kMaxReasons || unread_.contains(std::string(why));
    ++unread_[known ? std::string(why) : "of other kinds"];
}

void PcapReader::on_network(ByteView bytes, std::uint64_t domain, int depth) {
    auto ip = parse_ip_packet(bytes);
    if (!ip) {
        on_unread("their IP headers are cut or damaged");
        return;
    }
    ip->domain = domain;
    if (!ip->fragment) {
        on_ip(*ip, depth);
        return;
    }
    if (auto whole = fragments_.add(*ip)) {
        if (depth == 0) {
            on_ip(*whole, depth);
            return;
        }
        const Bytes copy(whole->payload);  // inside of it there may be fragments again
        whole->payload = copy;
        on_ip(*whole, depth);
    }
}

void PcapReader::on_ip(const IpPacket& ip, int depth) {
    const CapturedPacket& packet = *packet_;
    EventConsumer& consumer = *consumer_;
    const bool ours = packet.is_ours && depth == 0;
    Recognised recognised(datagram_tls_, consumer);
    if (ip.protocol == kProtocolTcp) {
        const auto segment = parse_tcp_segment(ip.payload, ip.length);
        if (!segment) {
            on_unread("their TCP headers are cut or damaged");
        } else if (!(ours && own_.on_tcp(packet, ip, *segment, consumer))) {
            flows_.on_tcp(ip, *segment, packet.time, recognised);
        }
    } else if ((ours && ip.protocol == kProtocolUdp && own_.on_udp(packet, ip, consumer)) ||
               (!packet.is_ours && unwrap_tunnel(ip, *this, ip.domain, depth))) {
        return;
    } else if (ip.protocol == kProtocolUdp) {
        flows_.on_udp(ip, packet.time, recognised);
    } else if (ip.protocol == kProtocolIcmp || ip.protocol == kProtocolIcmpV6) {
        if (const auto news = parse_unreachable(ip)) {
            flows_.on_unreachable(*news, packet.time, recognised);
        }
    } else if (const auto why = why_unread(ip.protocol); !why.empty()) {
        on_unread(why);
    }
}

std::vector<std::string> PcapReader::remarks() const {
    std::vector<std::string> out;
    out.reserve(unread_.size());
    for (const auto& [why, packets] : unread_) {
        out.push_back(fmt::format("{} not read: {}",
                                  packets == 1 ? "1 packet" : fmt::format("{} packets", packets), why));
    }
    return out;
}

void PcapReader::finish(EventConsumer& consumer) {
    Recognised recognised(datagram_tls_, consumer);
    flows_.finish(last_time_, recognised);
    datagram_tls_.flush(consumer);
}

void PcapReader::tell_losses(EventConsumer& consumer) {
    for (LossEvent loss : file_->take_losses()) {
        loss.time = loss.time == Timestamp() ? last_time_ : loss.time;
        consumer.on_event(loss);
    }
}

}  // namespace sslsniff
