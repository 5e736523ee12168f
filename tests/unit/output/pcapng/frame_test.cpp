#include "output/pcapng/frame.h"

#include <gtest/gtest.h>

#include "base/endian.h"

namespace sslsniff {
namespace {

Endpoint endpoint(std::string_view text) {
    return parse_endpoint(text).value();
}

/// RFC 1071, the slow way, over the whole of what a checksum covers: 0 when it is right.
std::uint16_t verify(ByteView bytes) {
    std::uint32_t sum = 0;
    for (std::size_t i = 0; i < bytes.size(); ++i) {
        const auto byte = static_cast<std::uint8_t>(bytes[i]);
        sum += i % 2 == 0 ? static_cast<std::uint32_t>(byte << 8) : byte;
        sum = (sum & 0xFFFF) + (sum >> 16);
    }
    return static_cast<std::uint16_t>(~sum);
}

Bytes pseudo_v4(ByteView frame, std::uint8_t protocol) {
    Bytes out(frame.substr(26, 8));
    append_be<std::uint16_t>(out, protocol);
    append_be(out, static_cast<std::uint16_t>(frame.size() - 34));
    return out.append(frame.substr(34));
}

TEST(Frame, SynOverIpv4IsAsInTheProof) {
    const Bytes frame = tcp_headers({.source = endpoint("192.0.2.10:51000"),
                                     .destination = endpoint("203.0.113.5:443"),
                                     .sequence = 0x2B5E0F55,
                                     .flags = tcp_syn},
                                    {});
    const Bytes expected(
        "\x02\x00\x00\x00\x00\x02\x02\x00\x00\x00\x00\x01\x08\x00"
        "\x45\x00\x00\x34\x00\x00\x40\x00\x40\x06\x3c\xb4\xc0\x00\x02\x0a\xcb\x00\x71\x05"
        "\xc7\x38\x01\xbb\x2b\x5e\x0f\x55\x00\x00\x00\x00\x80\x02\xff\xff\x73\x2f\x00\x00"
        "\x02\x04\xff\xd7\x04\x02\x01\x03\x03\x0e\x01\x01",
        66);
    EXPECT_EQ(frame, expected);
}

TEST(Frame, ChecksumsHoldForPiecesOfAnyLength) {
    for (const std::size_t size : {0U, 1U, 5U, 7U, 8U, 9U, 16U, 1001U, 65'000U}) {
        for (const std::size_t split : {std::size_t{0}, size / 3, size}) {
            Bytes payload;
            for (std::size_t i = 0; i < size; ++i) {
                payload += static_cast<char>(i * 31 + 255);
            }
            const std::array<ByteView, 2> pieces{ByteView(payload).substr(0, split),
                                                 ByteView(payload).substr(split)};
            const Bytes headers = tcp_headers({.source = endpoint("10.0.0.1:40000"),
                                               .destination = endpoint("10.0.0.2:443"),
                                               .sequence = 1,
                                               .acknowledgment = 2,
                                               .flags = tcp_psh | tcp_ack,
                                               .to_server = false},
                                              pieces);
            EXPECT_EQ(verify(ByteView(headers).substr(14, 20)), 0);
            EXPECT_EQ(verify(pseudo_v4(headers + payload, 6)), 0) << size << " split at " << split;
        }
    }
}

TEST(Frame, UdpOverIpv6) {
    const Bytes headers =
        udp_headers(endpoint("[2001:db8::1]:33333"), endpoint("[2001:db8::2]:53"), true, "abc");
    ASSERT_EQ(headers.size(), 62U);
    EXPECT_EQ(load_be<std::uint16_t>(headers, 12), 0x86DD);
    EXPECT_EQ(load_be<std::uint16_t>(headers, 18), 11);
    EXPECT_EQ(headers[20], 17);
    Bytes pseudo = headers.substr(22, 32);
    append_be<std::uint32_t>(pseudo, 11);
    append_be<std::uint32_t>(pseudo, 17);
    EXPECT_EQ(verify(pseudo + headers.substr(54) + "abc"), 0);
}

}  // namespace
}  // namespace sslsniff
