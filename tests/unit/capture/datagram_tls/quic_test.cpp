#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <iterator>
#include <random>

#include "capture/datagram_tls/crypto_stream.h"
#include "capture/datagram_tls/initial_packet.h"
#include "capture/datagram_tls/quic_handshake.h"

namespace sslsniff {
namespace {

/// The packets of RFC 9001 appendix A and RFC 9369 appendix A.
Bytes packet(const std::string& name) {
    std::ifstream file(SSLSNIFF_FIXTURES "/quic/" + name, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
}

const Bytes kClientId("\x83\x94\xc8\xf0\x3e\x51\x57\x08", 8);
const Bytes kServerId("\xf0\x67\xa5\x50\x2a\x42\x62\xb5", 8);

struct Version {
    std::string document;
    std::uint32_t number;
};
class QuicVersions : public testing::TestWithParam<Version> {};

TEST_P(QuicVersions, ClientInitial) {
    const Bytes datagram = packet(GetParam().document + "_client_initial.bin");
    ASSERT_EQ(datagram.size(), 1200U);
    const auto header = parse_quic_long_header(datagram);
    ASSERT_TRUE(header.has_value());
    EXPECT_EQ(header->type, QuicPacketType::initial);
    EXPECT_EQ(header->version, GetParam().number);
    EXPECT_EQ(header->destination_id, kClientId);
    EXPECT_EQ(header->source_id, "");
    EXPECT_EQ(header->packet.size(), 1200U);
    const auto keys = QuicInitialKeys::derive(header->version, header->destination_id, QuicSender::client);
    ASSERT_TRUE(keys.has_value());
    const auto frames = keys->open(*header);
    ASSERT_TRUE(frames.has_value());
    EXPECT_EQ(frames->size(), 1162U);
    EXPECT_TRUE(frames->starts_with("\x06"));
    // other keys, other bytes
    EXPECT_FALSE(QuicInitialKeys::derive(header->version, kServerId, QuicSender::client)->open(*header));
    EXPECT_FALSE(QuicInitialKeys::derive(header->version, kClientId, QuicSender::server)->open(*header));
    Bytes damaged = datagram;
    damaged[700] = static_cast<char>(damaged[700] ^ 1);
    EXPECT_FALSE(keys->open(*parse_quic_long_header(damaged)));
}

TEST_P(QuicVersions, Handshake) {
    QuicHandshake handshake;
    const auto client =
        handshake.see(Direction::received, packet(GetParam().document + "_client_initial.bin"));
    EXPECT_TRUE(client.is_recognised);
    ASSERT_TRUE(client.hello.has_value());
    EXPECT_TRUE(client.hello->from_client);
    EXPECT_EQ(client.hello->sni, "example.com");
    EXPECT_EQ(client.hello->offered_alpn, std::vector<std::string>{"alpn"});
    EXPECT_EQ(handshake.client(), Direction::received);
    EXPECT_FALSE(handshake.is_done());
    const auto server = handshake.see(Direction::sent, packet(GetParam().document + "_server_initial.bin"));
    ASSERT_TRUE(server.hello.has_value());
    EXPECT_FALSE(server.hello->from_client);
    EXPECT_EQ(server.hello->version, "TLSv1.3");
    EXPECT_EQ(server.hello->cipher, "TLS_AES_128_GCM_SHA256");
    EXPECT_TRUE(handshake.is_done());
}

INSTANTIATE_TEST_SUITE_P(Rfc, QuicVersions,
                         testing::Values(Version{"rfc9001", kQuicVersion1},
                                         Version{"rfc9369", kQuicVersion2}),
                         [](const auto& tested) { return tested.param.document; });

TEST(QuicLongHeader, Retry) {
    const Bytes retry = packet("rfc9001_retry.bin");
    const auto header = parse_quic_long_header(retry);
    ASSERT_TRUE(header.has_value());
    EXPECT_EQ(header->type, QuicPacketType::retry);
    EXPECT_EQ(header->source_id, kServerId);
    EXPECT_FALSE(QuicInitialKeys::derive(kQuicVersion1, kClientId, QuicSender::client)->open(*header));
}

TEST(QuicLongHeader, CutAnywhereIsNone) {
    for (const char* const name : {"rfc9001_client_initial.bin", "rfc9369_server_initial.bin"}) {
        const Bytes whole = packet(name);
        for (std::size_t size = 0; size < whole.size(); ++size) {
            EXPECT_FALSE(parse_quic_long_header(ByteView(whole).substr(0, size))) << size;
        }
    }
}

TEST(QuicLongHeader, OthersAreNone) {
    EXPECT_FALSE(parse_quic_long_header(Bytes(1200, '\xff')));
    Bytes unknown_version = packet("rfc9001_client_initial.bin");
    unknown_version[1] = '\x7a';
    EXPECT_FALSE(parse_quic_long_header(unknown_version));
    Bytes long_id = packet("rfc9001_client_initial.bin");
    long_id[5] = 21;
    EXPECT_FALSE(parse_quic_long_header(long_id));
    std::mt19937 random(1);  // NOLINT(cert-msc32-c,cert-msc51-cpp): the same every time
    for (int i = 0; i < 10000; ++i) {
        Bytes noise(random() % 64, '\0');
        std::ranges::generate(noise, [&] { return static_cast<char>(random()); });
        Bytes begun = Bytes("\xc0\0\0\0\1", 5) + noise;
        QuicHandshake handshake;
        EXPECT_FALSE(handshake.see(Direction::sent, noise).hello);
        EXPECT_FALSE(handshake.see(Direction::sent, begun).hello);
    }
}

/// A CRYPTO frame; all numbers are small.
Bytes crypto(std::size_t offset, ByteView data) {
    const auto number = [](std::size_t value) {
        return Bytes{static_cast<char>(0x40U | value >> 8U), static_cast<char>(value)};
    };
    return "\x06" + number(offset) + number(data.size()) + Bytes(data);
}

TEST(QuicCryptoStream, AnyOrderAndOverlap) {
    const Bytes message = Bytes("\x01\0\0\x20", 4) + "abcdefghijklmnopqrstuvwxyzABCDEF";
    std::mt19937 random(2);  // NOLINT(cert-msc32-c,cert-msc51-cpp): the same every time
    for (int round = 0; round < 300; ++round) {
        QuicCryptoStream stream;
        for (int piece = 0; piece < 400 && !stream.is_complete(); ++piece) {
            const std::size_t offset = random() % message.size();
            stream.add_frames(Bytes(random() % 3, '\0') +
                              crypto(offset, ByteView(message).substr(offset, 1 + random() % 9)));
            EXPECT_TRUE(message.starts_with(stream.message()));
        }
        EXPECT_TRUE(stream.is_complete());
        EXPECT_EQ(stream.message(), message);
    }
}

TEST(QuicCryptoStream, OtherFramesAndBounds) {
    QuicCryptoStream stream;
    const Bytes ack("\x02\x05\x00\x01\x02\x01\x01", 7);
    stream.add_frames(Bytes("\x01\0\0", 3) + ack + crypto(0, Bytes("\x02\0\0\x01x", 5)));
    EXPECT_TRUE(stream.is_complete());
    QuicCryptoStream stopped;  // by CONNECTION_CLOSE
    stopped.add_frames("\x1c" + crypto(0, Bytes("\x02\0\0\x01x", 5)));
    EXPECT_TRUE(stopped.message().empty());
    QuicCryptoStream hostile;
    for (std::size_t i = 2; i < 10000; ++i) {
        hostile.add_frames(
            Bytes{'\x06', static_cast<char>(0x40U | (i >> 8U & 0x3FU)), static_cast<char>(i), 1, 'x'});
    }
    hostile.add_frames("\x06\x80\xff\xff\xff\x01x");
    hostile.add_frames("\x02\x01\x01\xff\xff\xff\xff\xff\xff\xff\xff");
    EXPECT_FALSE(hostile.is_complete());
}

}  // namespace
}  // namespace sslsniff
