#include "output/pcapng/carriage.h"

#include <gtest/gtest.h>

namespace sslsniff {
namespace {

CarriageInput input(std::string_view protocol, std::uint16_t port, Carrier carrier = Carrier::tls) {
    return {.carrier = carrier, .client_port = 51'234, .server_port = port, .alpn = "", .protocol = protocol};
}

TEST(Carriage, TlsRecordsAreTheRule) {
    for (const std::string_view protocol : {"http/1", "h2", ""}) {
        const Carriage carriage = choose_carriage(input(protocol, 443), {});
        EXPECT_TRUE(carriage.tls);
        EXPECT_EQ(carriage.marker, Marker::none);
        EXPECT_EQ(carriage.server_port, 443);
    }
    EXPECT_EQ(choose_carriage(input("h2", 443), {}).alpn, "h2");
    EXPECT_EQ(choose_carriage(input("http/1", 443), {}).alpn, "http/1.1");
    EXPECT_EQ(choose_carriage(input("dns", 853), {}).alpn, "dot");
    EXPECT_EQ(choose_carriage(input("", 9999), {}).alpn, "");
}

TEST(Carriage, NegotiatedAlpnWins) {
    CarriageInput given = input("http/1", 443);
    given.alpn = "h2";
    EXPECT_EQ(choose_carriage(given, {}).alpn, "h2");
}

TEST(Carriage, PlainWhereThePortIsTheProtocols) {
    EXPECT_FALSE(choose_carriage(input("redis", 6379), {}).tls);
    EXPECT_FALSE(choose_carriage(input("http/1", 8080), {}).tls);
    EXPECT_FALSE(choose_carriage(input("dns", 53), {}).tls);
    // Without the preface nothing tells HTTP/2 from garbage there.
    const Carriage joined = choose_carriage(input("h2", 8080), {});
    EXPECT_TRUE(joined.tls);
    EXPECT_EQ(joined.server_port, 443);
}

constexpr CarriageOptions kMarkers{.help = PcapngHelp::markers};

TEST(Carriage, MarkersOnlyWhereNeeded) {
    EXPECT_EQ(choose_carriage(input("http/1", 5432), kMarkers).marker, Marker::tls);
    EXPECT_EQ(choose_carriage(input("http/1", 9999), kMarkers).marker, Marker::tls);
    EXPECT_EQ(choose_carriage(input("http/1", 8443), kMarkers).marker, Marker::none);
    EXPECT_EQ(choose_carriage(input("redis", 6380), kMarkers).marker, Marker::redis);
    EXPECT_EQ(choose_carriage(input("http/1", 8000, Carrier::cleartext), kMarkers).marker, Marker::none);
    EXPECT_EQ(choose_carriage(input("http/1", 5432, Carrier::cleartext), kMarkers).marker, Marker::http);
    EXPECT_EQ(choose_carriage(input("h2", 50051, Carrier::cleartext), kMarkers).marker, Marker::http2);
}

TEST(Carriage, OtherPortsInsteadOfMarkers) {
    const auto port = [](const CarriageInput& given) {
        const Carriage carriage = choose_carriage(given, {});
        EXPECT_EQ(carriage.marker, Marker::none);
        return carriage.server_port;
    };
    EXPECT_EQ(port(input("http/1", 5432)), 443);
    EXPECT_EQ(port(input("http/1", 8443)), 8443);
    EXPECT_EQ(port(input("redis", 6380)), 6379);
    EXPECT_EQ(port(input("http/1", 8000, Carrier::cleartext)), 8000);
    EXPECT_EQ(port(input("http/1", 5432, Carrier::cleartext)), 80);
    EXPECT_EQ(port(input("h2", 50051, Carrier::cleartext)), 80);
}

/// What nobody knows is likely what the port is for.
TEST(Carriage, UnknownProtocolsOnPortsOfOthersArePlain) {
    EXPECT_FALSE(choose_carriage(input("", 5432), {}).tls);
    EXPECT_EQ(choose_carriage(input("", 5432), {}).server_port, 5432);
    EXPECT_TRUE(choose_carriage(input("", 443), {}).tls);
    CarriageInput named = input("", 5432);
    named.alpn = "postgresql";
    EXPECT_TRUE(choose_carriage(named, {}).tls);
}

TEST(Carriage, ClientPortsTakeTheStreamToo) {
    CarriageInput given = input("http/1", 8443);
    given.client_port = 40'000;
    EXPECT_EQ(choose_carriage(given, kMarkers).marker, Marker::tls);
    EXPECT_EQ(choose_carriage(given, {}).server_port, 443);
    given.server_port = 443;  // the lower port is tried first
    EXPECT_EQ(choose_carriage(given, kMarkers).marker, Marker::none);
}

TEST(Carriage, OptionsDecide) {
    const Carriage neither = choose_carriage(input("redis", 6380), {.help = PcapngHelp::none});
    EXPECT_EQ(neither.marker, Marker::none);
    EXPECT_EQ(neither.server_port, 6380);
    EXPECT_TRUE(choose_carriage(input("redis", 6379), {.mode = PcapngMode::tls}).tls);
    EXPECT_FALSE(choose_carriage(input("http/1", 443), {.mode = PcapngMode::plain}).tls);
}

TEST(Carriage, CleartextNeverGetsTls) {
    EXPECT_FALSE(choose_carriage(input("http/1", 443, Carrier::cleartext), {.mode = PcapngMode::tls}).tls);
    CarriageInput datagrams = input("dns", 53);
    datagrams.transport = Transport::udp;
    EXPECT_FALSE(choose_carriage(datagrams, {}).tls);
}

}  // namespace
}  // namespace sslsniff
