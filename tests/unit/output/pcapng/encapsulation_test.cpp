#include "output/pcapng/encapsulation.h"

#include <gtest/gtest.h>

#include "protocols/protocol.h"

namespace sslsniff {
namespace {

const DissectorTraits* traits_of(std::string_view protocol) {
    const Protocol* row = find_protocol(protocol);
    return row != nullptr ? &row->dissector() : nullptr;
}

EncapsulationInput input(std::string_view protocol, std::uint16_t port, Carrier carrier = Carrier::tls) {
    return {.carrier = carrier,
            .client_port = 51'234,
            .server_port = port,
            .alpn = "",
            .protocol = traits_of(protocol)};
}

TEST(Encapsulation, TlsRecordsAreTheRule) {
    for (const std::string_view protocol : {"http/1", "h2", ""}) {
        const Encapsulation encapsulation = choose_encapsulation(input(protocol, 443), {});
        EXPECT_TRUE(encapsulation.tls);
        EXPECT_EQ(encapsulation.hint, DissectorHint::none);
        EXPECT_EQ(encapsulation.server_port, 443);
    }
    EXPECT_EQ(choose_encapsulation(input("h2", 443), {}).alpn, "h2");
    EXPECT_EQ(choose_encapsulation(input("http/1", 443), {}).alpn, "http/1.1");
    EXPECT_EQ(choose_encapsulation(input("dns", 853), {}).alpn, "dot");
    EXPECT_EQ(choose_encapsulation(input("", 9999), {}).alpn, "");
}

TEST(Encapsulation, NegotiatedAlpnWins) {
    EncapsulationInput given = input("http/1", 443);
    given.alpn = "h2";
    EXPECT_EQ(choose_encapsulation(given, {}).alpn, "h2");
}

TEST(Encapsulation, PlainWhereThePortIsTheProtocols) {
    EXPECT_FALSE(choose_encapsulation(input("redis", 6379), {}).tls);
    EXPECT_FALSE(choose_encapsulation(input("http/1", 8080), {}).tls);
    EXPECT_FALSE(choose_encapsulation(input("dns", 53), {}).tls);
    // Without the preface nothing tells HTTP/2 from garbage there.
    const Encapsulation joined = choose_encapsulation(input("h2", 8080), {});
    EXPECT_TRUE(joined.tls);
    EXPECT_EQ(joined.server_port, 443);
}

constexpr EncapsulationOptions kMarkers{.help = PcapngHelp::markers};

TEST(Encapsulation, MarkersOnlyWhereNeeded) {
    EXPECT_EQ(choose_encapsulation(input("http/1", 5432), kMarkers).hint, DissectorHint::tls);
    EXPECT_EQ(choose_encapsulation(input("http/1", 9999), kMarkers).hint, DissectorHint::tls);
    EXPECT_EQ(choose_encapsulation(input("http/1", 8443), kMarkers).hint, DissectorHint::none);
    EXPECT_EQ(choose_encapsulation(input("redis", 6380), kMarkers).hint, DissectorHint::protocol);
    EXPECT_EQ(choose_encapsulation(input("redis", 6380), kMarkers).hints.data(),
              traits_of("redis")->hints.data());
    EXPECT_EQ(choose_encapsulation(input("http/1", 8000, Carrier::cleartext), kMarkers).hint,
              DissectorHint::none);
    EXPECT_EQ(choose_encapsulation(input("http/1", 5432, Carrier::cleartext), kMarkers).hint,
              DissectorHint::protocol);
    EXPECT_EQ(choose_encapsulation(input("http/1", 5432, Carrier::cleartext), kMarkers).hints.data(),
              traits_of("http/1")->hints.data());
    EXPECT_EQ(choose_encapsulation(input("h2", 50051, Carrier::cleartext), kMarkers).hint,
              DissectorHint::protocol);
    EXPECT_EQ(choose_encapsulation(input("h2", 50051, Carrier::cleartext), kMarkers).hints.data(),
              traits_of("h2")->hints.data());
}

TEST(Encapsulation, OtherPortsInsteadOfMarkers) {
    const auto port = [](const EncapsulationInput& given) {
        const Encapsulation encapsulation = choose_encapsulation(given, {});
        EXPECT_EQ(encapsulation.hint, DissectorHint::none);
        return encapsulation.server_port;
    };
    EXPECT_EQ(port(input("http/1", 5432)), 443);
    EXPECT_EQ(port(input("http/1", 8443)), 8443);
    EXPECT_EQ(port(input("redis", 6380)), 6379);
    EXPECT_EQ(port(input("http/1", 8000, Carrier::cleartext)), 8000);
    EXPECT_EQ(port(input("http/1", 5432, Carrier::cleartext)), 80);
    EXPECT_EQ(port(input("h2", 50051, Carrier::cleartext)), 80);
}

/// What nobody knows is likely what the port is for.
TEST(Encapsulation, UnknownProtocolsOnPortsOfOthersArePlain) {
    EXPECT_FALSE(choose_encapsulation(input("", 5432), {}).tls);
    EXPECT_EQ(choose_encapsulation(input("", 5432), {}).server_port, 5432);
    EXPECT_TRUE(choose_encapsulation(input("", 443), {}).tls);
    EncapsulationInput named = input("", 5432);
    named.alpn = "postgresql";
    EXPECT_TRUE(choose_encapsulation(named, {}).tls);
}

TEST(Encapsulation, ClientPortsTakeTheStreamToo) {
    EncapsulationInput given = input("http/1", 8443);
    given.client_port = 40'000;
    EXPECT_EQ(choose_encapsulation(given, kMarkers).hint, DissectorHint::tls);
    EXPECT_EQ(choose_encapsulation(given, {}).server_port, 443);
    given.server_port = 443;  // the lower port is tried first
    EXPECT_EQ(choose_encapsulation(given, kMarkers).hint, DissectorHint::none);
}

TEST(Encapsulation, OptionsDecide) {
    const Encapsulation neither = choose_encapsulation(input("redis", 6380), {.help = PcapngHelp::none});
    EXPECT_EQ(neither.hint, DissectorHint::none);
    EXPECT_EQ(neither.server_port, 6380);
    EXPECT_TRUE(choose_encapsulation(input("redis", 6379), {.mode = PcapngMode::tls}).tls);
    EXPECT_FALSE(choose_encapsulation(input("http/1", 443), {.mode = PcapngMode::plain}).tls);
}

TEST(Encapsulation, CleartextNeverGetsTls) {
    EXPECT_FALSE(
        choose_encapsulation(input("http/1", 443, Carrier::cleartext), {.mode = PcapngMode::tls}).tls);
    EncapsulationInput datagrams = input("dns", 53);
    datagrams.transport = Transport::udp;
    EXPECT_FALSE(choose_encapsulation(datagrams, {}).tls);
}

}  // namespace
}  // namespace sslsniff
