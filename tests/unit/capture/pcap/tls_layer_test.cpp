#include "capture/pcap/tls_layer.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <map>
#include <vector>

#include "output/pcapng/synthetic_tls.h"

namespace sslsniff {
namespace {

class Seen final : public LayerReceiver {
  public:
    void on_layer(WireLayer kind, const TlsInfo& info, Timestamp) override {
        if (!layers.empty()) {  // what follows is another connection's
            bytes[Direction::sent] += "|";
            bytes[Direction::received] += "|";
        }
        layers.push_back(kind);
        layer = kind;
        tls = info;
    }
    void on_bytes(Direction direction, ByteView piece, Timestamp) override { bytes[direction] += piece; }
    void on_missing(Direction direction, std::uint64_t missing, LossCause, Timestamp) override {
        bytes[direction] += fmt::format("[{}]", missing);
    }

    WireLayer layer = WireLayer::undecided;
    std::vector<WireLayer> layers;
    TlsInfo tls;
    std::map<Direction, Bytes> bytes;
};

struct Flight {
    Direction direction;
    Bytes bytes;
};

Bytes record(ByteView plaintext) {
    return application_data_header(plaintext.size()) + Bytes(plaintext) + Bytes(application_data_trailer());
}

std::vector<Flight> session() {
    const SyntheticHandshake handshake = make_synthetic_handshake({}, "example.com", "h2");
    return {{Direction::sent, handshake.client_hello},
            {Direction::received, handshake.server_hello},
            {Direction::sent, handshake.client_finish},
            {Direction::received, handshake.server_finish},
            {Direction::sent, record("hello ") + record("world")},
            {Direction::received, record(Bytes(16'384, 'x'))}};
}

TEST(TlsLayer, NullCipherIsUnwrappedInAnyPieces) {
    for (const std::size_t piece : {1U, 2U, 5U, 7U, 64U, 100'000U}) {
        Seen seen;
        TlsLayer layer;
        for (const Flight& flight : session()) {
            for (std::size_t at = 0; at < flight.bytes.size(); at += piece) {
                layer.on_bytes(flight.direction, ByteView(flight.bytes).substr(at, piece), {}, seen);
            }
        }
        EXPECT_EQ(seen.layer, WireLayer::null_cipher) << piece;
        EXPECT_EQ(seen.tls.cipher, "TLS_RSA_WITH_NULL_SHA256");
        EXPECT_EQ(seen.tls.sni, "example.com");
        EXPECT_EQ(seen.tls.alpn, "h2");
        EXPECT_EQ(seen.bytes[Direction::sent], "hello world");
        EXPECT_EQ(seen.bytes[Direction::received], Bytes(16'384, 'x'));
    }
}

std::vector<Flight> mail() {
    return {{Direction::received, "220 mail\r\n"},
            {Direction::sent, "EHLO me\r\n"},
            {Direction::received, "250 STARTTLS\r\n"},
            {Direction::sent, "STARTTLS\r\n"},
            {Direction::received, "220 go\r\n"}};
}

void play(TlsLayer& layer, const std::vector<Flight>& flights, Seen& seen, std::size_t piece = 100'000) {
    for (const Flight& flight : flights) {
        for (std::size_t at = 0; at < flight.bytes.size(); at += piece) {
            layer.on_bytes(flight.direction, ByteView(flight.bytes).substr(at, piece), {}, seen);
        }
    }
}

/// A segment that begins with a ClientHello holds its record header at least.
TEST(TlsLayer, BeginsBehindCleartextAndEnds) {
    for (const std::size_t piece : {5U, 6U, 7U, 64U, 100'000U}) {
        Seen seen;
        TlsLayer layer;
        play(layer, mail(), seen, piece);
        play(layer, session(), seen, piece);
        layer.on_bytes(Direction::sent, "NOOP\r\n", {}, seen);
        layer.on_bytes(Direction::received, "250 clear\r\n", {}, seen);
        layer.finish(seen);
        EXPECT_EQ(seen.layers, (std::vector{WireLayer::clear, WireLayer::null_cipher, WireLayer::clear}))
            << piece;
        EXPECT_EQ(seen.bytes[Direction::sent], "EHLO me\r\nSTARTTLS\r\n|hello world|NOOP\r\n");
        EXPECT_EQ(seen.bytes[Direction::received],
                  "220 mail\r\n250 STARTTLS\r\n220 go\r\n|" + Bytes(16'384, 'x') + "|250 clear\r\n");
    }
}

TEST(TlsLayer, CiphertextBehindCleartextIsNamed) {
    auto flights = session();
    const auto at = flights[1].bytes.find(Bytes("\0\x3b", 2), 43);
    flights[1].bytes.replace(at, 2, "\xc0\x2f");
    Seen seen;
    TlsLayer layer;
    play(layer, mail(), seen);
    play(layer, flights, seen);
    EXPECT_EQ(seen.layers, (std::vector{WireLayer::clear, WireLayer::encrypted}));
    EXPECT_EQ(seen.tls.sni, "example.com");
    EXPECT_EQ(seen.tls.cipher, "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256");
}

TEST(TlsLayer, WhatOnlyLooksLikeAHelloIsCleartext) {
    const Bytes hello = session().front().bytes;
    const std::vector<std::vector<Flight>> others{
        {{Direction::sent, hello}, {Direction::received, "not TLS"}},
        {{Direction::sent, hello.substr(0, 40)}, {Direction::received, session()[1].bytes}},
        {{Direction::sent, hello.substr(0, 40)}},
        {{Direction::sent, hello.substr(0, 40) + Bytes(100'000, 'y')}}};
    for (const auto& flights : others) {
        Seen seen;
        TlsLayer layer;
        play(layer, mail(), seen);
        Bytes sent = seen.bytes[Direction::sent];
        Bytes received = seen.bytes[Direction::received];
        for (const Flight& flight : flights) {
            (flight.direction == Direction::sent ? sent : received) += flight.bytes;
        }
        play(layer, flights, seen);
        layer.finish(seen);
        EXPECT_EQ(seen.layers, std::vector{WireLayer::clear});
        EXPECT_EQ(seen.bytes[Direction::sent], sent);
        EXPECT_EQ(seen.bytes[Direction::received], received);
        EXPECT_EQ(layer.held_bytes(), 0U);
    }
}

TEST(TlsLayer, HelloWithoutAnAnswerIsTls) {
    Seen seen;
    TlsLayer layer;
    play(layer, mail(), seen);
    play(layer, {session().front()}, seen);
    layer.finish(seen);
    EXPECT_EQ(seen.layers, (std::vector{WireLayer::clear, WireLayer::encrypted}));
    EXPECT_EQ(seen.tls.sni, "example.com");
}

TEST(TlsLayer, OtherCiphersStayCiphertext) {
    auto flights = session();
    Bytes& server = flights[1].bytes;
    const auto at = server.find(Bytes("\0\x3b", 2), 43);
    server.replace(at, 2, "\xc0\x2f");
    Seen seen;
    TlsLayer layer;
    Bytes sent;
    for (const Flight& flight : flights) {
        layer.on_bytes(flight.direction, flight.bytes, {}, seen);
        sent += flight.direction == Direction::sent ? flight.bytes : Bytes();
    }
    EXPECT_EQ(seen.layer, WireLayer::encrypted);
    EXPECT_EQ(seen.tls.cipher, "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256");
    EXPECT_EQ(seen.tls.sni, "example.com");
    EXPECT_EQ(seen.bytes[Direction::sent], sent);
}

TEST(TlsLayer, OneDirectionAloneIsEncrypted) {
    Seen seen;
    TlsLayer layer;
    layer.on_bytes(Direction::sent, session()[0].bytes, {}, seen);
    EXPECT_EQ(seen.layer, WireLayer::undecided);
    layer.finish(seen);
    EXPECT_EQ(seen.layer, WireLayer::encrypted);
    EXPECT_EQ(seen.tls.sni, "example.com");
}

TEST(TlsLayer, JoinedAfterTheHandshakeIsEncrypted) {
    Seen seen;
    TlsLayer layer;
    layer.on_bytes(Direction::received, record("opaque"), {}, seen);
    EXPECT_EQ(seen.layer, WireLayer::encrypted);
}

TEST(TlsLayer, AnythingElseIsClear) {
    for (const Bytes& first : {Bytes("GET / HTTP/1.1\r\n"), Bytes("\x16\x04xyz"),
                               Bytes("\x16\x03\x01\xff\xff!"), Bytes("*1\r\n"), Bytes(1, '\0')}) {
        Seen seen;
        TlsLayer layer;
        layer.on_bytes(Direction::sent, first, {}, seen);
        EXPECT_EQ(seen.layer, WireLayer::clear);
        EXPECT_EQ(seen.bytes[Direction::sent], first);
    }
}

TEST(TlsLayer, HoldsBoundedBytes) {
    Seen seen;
    TlsLayer layer;
    const Bytes hello = session()[0].bytes;
    layer.on_bytes(Direction::sent, hello, {}, seen);
    for (int i = 0; i < 100 && seen.layer == WireLayer::undecided; ++i) {
        layer.on_bytes(Direction::sent, record(Bytes(1000, 'x')), {}, seen);
        EXPECT_LT(layer.held_bytes(), 80'000U);
    }
    EXPECT_EQ(seen.layer, WireLayer::encrypted);
}

TEST(TlsLayer, RecordsAreFoundAgainBehindAGap) {
    Seen seen;
    TlsLayer layer;
    for (const Flight& flight : session()) {
        layer.on_bytes(flight.direction, flight.bytes, {}, seen);
    }
    layer.on_bytes(Direction::sent, record("cut off").substr(0, 9), {}, seen);
    layer.on_missing(Direction::sent, 100, LossCause::unknown, {}, seen);
    layer.on_bytes(Direction::sent, "rest of some record", {}, seen);
    layer.on_bytes(Direction::sent, record("!"), {}, seen);
    EXPECT_EQ(seen.bytes[Direction::sent], "hello world[0]!");
}

}  // namespace
}  // namespace sslsniff
