#include "output/pcapng/frame.h"

#include <cstring>

#include "base/endian.h"

namespace sslsniff {
namespace {

constexpr std::uint8_t kTcp = 6;
constexpr std::uint8_t kUdp = 17;
constexpr std::size_t kEthernet = 14;
constexpr std::size_t kTcpHeader = 20;
constexpr std::size_t kUdpHeader = 8;
/// Locally administered addresses (IEEE 802 section 8.2): nobody owns them.
constexpr ByteView kClientMac("\x02\x00\x00\x00\x00\x01", 6);
constexpr ByteView kServerMac("\x02\x00\x00\x00\x00\x02", 6);
/// MSS 65495, SACK permitted, window scale 14, padding (RFC 9293 section 3.2, 2018, 7323).
constexpr ByteView kSynOptions("\x02\x04\xFF\xD7\x04\x02\x01\x03\x03\x0E\x01\x01", 12);

/// The Internet checksum (RFC 1071) over pieces of any length, also odd ones.
class Checksum {
  public:
    void add(ByteView bytes) {
        if (bytes.empty()) {
            return;
        }
        if (odd_) {
            sum_ += static_cast<std::uint8_t>(bytes.front());
            bytes.remove_prefix(1);
            odd_ = false;
        }
        add_words(bytes);
    }

    std::uint16_t value() const {
        std::uint64_t sum = sum_;
        while (sum > 0xFFFF) {
            sum = (sum >> 16) + (sum & 0xFFFF);
        }
        return static_cast<std::uint16_t>(~sum);
    }

  private:
    /// Sums eight bytes at a time: the ones' complement sum does not mind the width (RFC 1071 section 2).
    void add_words(ByteView bytes) {
        std::uint64_t wide = 0;
        std::size_t at = 0;
        for (; at + 8 <= bytes.size(); at += 8) {
            std::uint64_t word = 0;
            std::memcpy(&word, bytes.data() + at, 8);
            wide += word;
            wide += wide < word ? 1 : 0;
        }
        const auto native = static_cast<std::uint64_t>((wide & 0xFFFF) + (wide >> 16 & 0xFFFF) +
                                                       (wide >> 32 & 0xFFFF) + (wide >> 48));
        const auto folded = static_cast<std::uint32_t>((native & 0xFFFF) + (native >> 16));
        const auto word = static_cast<std::uint16_t>((folded & 0xFFFF) + (folded >> 16));
        Bytes host(2, '\0');
        std::memcpy(host.data(), &word, 2);
        sum_ += load_be<std::uint16_t>(host);
        for (; at + 2 <= bytes.size(); at += 2) {
            sum_ += load_be<std::uint16_t>(bytes, at);
        }
        if (at < bytes.size()) {
            sum_ += static_cast<std::uint64_t>(static_cast<std::uint8_t>(bytes[at])) << 8;
            odd_ = true;
        }
    }

    std::uint64_t sum_ = 0;
    bool odd_ = false;
};

void put_be16(Bytes& out, std::size_t at, std::uint16_t value) {
    out[at] = static_cast<char>(value >> 8);
    out[at + 1] = static_cast<char>(value);
}

ByteView bytes_of(const IpAddress& address) {
    return {reinterpret_cast<const char*>(address.bytes.data()),
            address.family == IpAddress::Family::v4 ? 4U : 16U};
}

/// Ethernet and IP headers for `length` bytes of `protocol`.
Bytes network_headers(const IpAddress& source, const IpAddress& destination, bool to_server,
                      std::uint8_t protocol, std::size_t length) {
    const bool v4 = source.family == IpAddress::Family::v4;
    Bytes out;
    out.reserve(kEthernet + 40 + kTcpHeader + kSynOptions.size());
    out.append(to_server ? kServerMac : kClientMac).append(to_server ? kClientMac : kServerMac);
    append_be<std::uint16_t>(out, v4 ? 0x0800 : 0x86DD);
    if (v4) {
        append_be<std::uint16_t>(out, 0x4500);
        append_be(out, static_cast<std::uint16_t>(20 + length));
        append_be<std::uint32_t>(out, 0x0000'4000);  // identification 0, don't fragment
        append_be<std::uint8_t>(out, 64);
        append_be(out, protocol);
        append_be<std::uint16_t>(out, 0);
        out.append(bytes_of(source)).append(bytes_of(destination));
        Checksum checksum;
        checksum.add(ByteView(out).substr(kEthernet));
        put_be16(out, kEthernet + 10, checksum.value());
    } else {
        append_be<std::uint32_t>(out, 0x6000'0000);
        append_be(out, static_cast<std::uint16_t>(length));
        append_be(out, protocol);
        append_be<std::uint8_t>(out, 64);
        out.append(bytes_of(source)).append(bytes_of(destination));
    }
    return out;
}

/// Of pseudo-header, transport header (from `at` in `headers`) and payload.
std::uint16_t transport_checksum(const IpAddress& source, const IpAddress& destination, std::uint8_t protocol,
                                 ByteView header, std::span<const ByteView> payload, std::size_t length) {
    Bytes pseudo;
    append_be(pseudo, static_cast<std::uint32_t>(length));
    append_be<std::uint32_t>(pseudo, protocol);
    Checksum checksum;
    checksum.add(bytes_of(source));
    checksum.add(bytes_of(destination));
    checksum.add(pseudo);
    checksum.add(header);
    for (const ByteView piece : payload) {
        checksum.add(piece);
    }
    return checksum.value();
}

}  // namespace

Bytes tcp_headers(const TcpSegment& segment, std::span<const ByteView> payload) {
    const ByteView options = (segment.flags & tcp_syn) != 0 ? kSynOptions : ByteView();
    std::size_t length = kTcpHeader + options.size();
    for (const ByteView piece : payload) {
        length += piece.size();
    }
    Bytes out =
        network_headers(segment.source.address, segment.destination.address, segment.to_server, kTcp, length);
    const std::size_t start = out.size();
    append_be(out, segment.source.port);
    append_be(out, segment.destination.port);
    append_be(out, segment.sequence);
    append_be(out, segment.acknowledgment);
    append_be(out, static_cast<std::uint8_t>((kTcpHeader + options.size()) / 4 << 4));
    append_be(out, segment.flags);
    append_be<std::uint16_t>(out, 0xFFFF);  // window
    append_be<std::uint32_t>(out, 0);       // checksum, urgent pointer
    out.append(options);
    put_be16(out, start + 16,
             transport_checksum(segment.source.address, segment.destination.address, kTcp,
                                ByteView(out).substr(start), payload, length));
    return out;
}

Bytes udp_headers(const Endpoint& source, const Endpoint& destination, bool to_server, ByteView payload) {
    const std::size_t length = kUdpHeader + payload.size();
    Bytes out = network_headers(source.address, destination.address, to_server, kUdp, length);
    const std::size_t start = out.size();
    append_be(out, source.port);
    append_be(out, destination.port);
    append_be(out, static_cast<std::uint16_t>(length));
    append_be<std::uint16_t>(out, 0);
    const std::uint16_t checksum = transport_checksum(source.address, destination.address, kUdp,
                                                      ByteView(out).substr(start), {&payload, 1}, length);
    put_be16(out, start + 6, checksum != 0 ? checksum : 0xFFFF);  // RFC 768: zero means none
    return out;
}

}  // namespace sslsniff
