#include "model/connection.h"

#include <gtest/gtest.h>

#include "model/event.h"

namespace sslsniff {
namespace {

TEST(Endpoint, ReadsWhatItPrints) {
    for (const char* text : {"10.0.0.1:443", "255.255.255.255:65535", "[2001:db8::1]:443", "[::]:0", "?"}) {
        const auto endpoint = parse_endpoint(text);
        ASSERT_TRUE(endpoint) << text;
        EXPECT_EQ(to_string(*endpoint), text);
    }
}

TEST(Endpoint, MappedAddressesAppearAsIpv4) {
    const auto endpoint = parse_endpoint("[::ffff:192.0.2.1]:80");
    ASSERT_TRUE(endpoint);
    EXPECT_EQ(endpoint->address.family, IpAddress::Family::v6);
    EXPECT_EQ(to_string(*endpoint), "192.0.2.1:80");
}

TEST(Endpoint, RefusesEverythingElse) {
    for (const char* text :
         {"", ":", "10.0.0.1", "10.0.0.1:", "10.0.0.1:65536", "10.0.0.1:-1", "10.0.0.1:80x", "10.0.0:80",
          "example.com:80", "[2001:db8::1:443", "[]:1", "[::g]:1"}) {
        EXPECT_FALSE(parse_endpoint(text)) << text;
    }
    EXPECT_FALSE(parse_ip(std::string_view("10.0.0.1\0x", 10))) << "bytes behind a NUL must not be ignored";
}

TEST(IpAddress, NoneIsEmpty) {
    EXPECT_EQ(to_string(IpAddress{}), "");
    EXPECT_EQ(to_string(Endpoint{}), "?");
}

/// Every value up to `last` has a name of its own that reads back.
template <class Enum>
void expect_names(Enum last, std::optional<Enum> (*parse)(std::string_view)) {
    for (int value = 0; value <= static_cast<int>(last); ++value) {
        const auto name = to_string(static_cast<Enum>(value));
        EXPECT_NE(name, "?") << value;
        EXPECT_EQ(parse(name), static_cast<Enum>(value)) << name;
    }
    EXPECT_EQ(to_string(static_cast<Enum>(static_cast<int>(last) + 1)), "?") << "a new value needs a name";
    EXPECT_EQ(parse("?"), std::nullopt);
    EXPECT_EQ(parse(""), std::nullopt);
}

TEST(Names, EveryValueReadsBack) {
    expect_names(Role::server, parse_role);
    expect_names(Carrier::cleartext, parse_carrier);
    expect_names(Transport::unix_socket, parse_transport);
    expect_names(Correlation::socket, parse_correlation);
    expect_names(LossCause::missed, parse_loss_cause);
    expect_names(CloseReason::tls_began, parse_close_reason);
    EXPECT_EQ(to_string(Direction::sent), "sent");
    EXPECT_EQ(to_string(opposite(Direction::sent)), "received");
}

TEST(ConnectionId, NameIsShort) {
    EXPECT_EQ(connection_name({4242, 99, 0x7f00, 17}), "4242.17");
}

}  // namespace
}  // namespace sslsniff
