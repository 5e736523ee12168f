#include "capture/pcap/pcap_reader.h"

#include <poll.h>

#include "capture/pcap/link_layer.h"

namespace sslsniff {
namespace {

/// Octets of the file per call: much work for one look at signals and timers, yet soon done.
constexpr std::uint64_t kBatch = 1 << 20;

/// False when there was nothing to read in time.
bool wait_readable(int fd, std::chrono::milliseconds timeout) {
    pollfd readable{.fd = fd, .events = POLLIN, .revents = 0};
    return fd < 0 || ::poll(&readable, 1, static_cast<int>(timeout.count())) > 0;
}

}  // namespace

Result<std::unique_ptr<PcapReader>> PcapReader::open(std::unique_ptr<InputStream> input) {
    auto file = open_packet_file(std::move(input));
    if (!file) {
        return std::unexpected(file.error());
    }
    return std::unique_ptr<PcapReader>(new PcapReader(std::move(*file)));
}

Result<PollStatus> PcapReader::poll(std::chrono::milliseconds timeout, EventConsumer& consumer) {
    if (ended_) {
        return PollStatus::ended;
    }
    if (file_->unread() == 0 && !wait_readable(poll_fd(), timeout)) {
        return PollStatus::idle;
    }
    const std::uint64_t start = file_->buffer().offset();
    do {
        const auto packet = file_->next();
        if (!packet || !*packet) {
            ended_ = true;
            finish(consumer);
            return packet ? Result<PollStatus>(PollStatus::ended) : std::unexpected(packet.error());
        }
        last_time_ = (*packet)->time;
        on_packet(**packet, consumer);
    } while (file_->unread() != 0 && file_->buffer().offset() - start < kBatch);
    return PollStatus::more;
}

void PcapReader::on_packet(const CapturedPacket& packet, EventConsumer& consumer) {
    const auto network = network_packet(packet);
    const auto ip = network ? parse_ip_packet(*network) : std::nullopt;
    if (!ip) {
        return;
    }
    if (!ip->fragment) {
        on_ip(packet, *ip, consumer);
    } else if (const auto whole = fragments_.add(*ip)) {
        on_ip(packet, *whole, consumer);
    }
}

void PcapReader::on_ip(const CapturedPacket& packet, const IpPacket& ip, EventConsumer& consumer) {
    if (ip.protocol == kProtocolTcp) {
        const auto segment = parse_tcp_segment(ip.payload, ip.length);
        if (segment && !(packet.is_ours && own_.on_tcp(packet, ip, *segment, consumer))) {
            flows_.on_tcp(ip, *segment, packet.time, consumer);
        }
    } else if (ip.protocol == kProtocolUdp) {
        if (!(packet.is_ours && own_.on_udp(packet, ip, consumer))) {
            flows_.on_udp(ip, packet.time, consumer);
        }
    } else if (ip.protocol == kProtocolIcmp || ip.protocol == kProtocolIcmpV6) {
        if (const auto news = parse_unreachable(ip)) {
            flows_.on_unreachable(*news, packet.time, consumer);
        }
    }
}

void PcapReader::finish(EventConsumer& consumer) {
    flows_.finish(last_time_, consumer);
    const FileLosses losses = file_->losses();
    if (losses.ring_full != 0) {
        consumer.on_event(LossEvent{last_time_, LossCause::ring_full, losses.ring_full, 0});
    }
    if (losses.other != 0) {
        consumer.on_event(LossEvent{last_time_, LossCause::unknown, losses.other, 0});
    }
}

}  // namespace sslsniff
