#include "stream/peer_names.h"

#include <gtest/gtest.h>

#include "stages/name_stage.h"
#include "support/conversation.h"
#include "unit/protocols/dns/dns_builder.h"

namespace sslsniff {
namespace {

using test::DnsBuilder;
using test::Player;

constexpr ProcessKey kOne{1, 10};
constexpr ProcessKey kOther{2, 20};

Endpoint endpoint(std::string_view text) {
    return *parse_endpoint(text);
}

TEST(PeerNames, BelongToAProcess) {
    PeerNames names;
    names.learn(kOne, endpoint("10.0.0.1:0").address, 0, "a.example");
    EXPECT_EQ(names.find(kOne, endpoint("10.0.0.1:443")), "a.example");
    EXPECT_EQ(names.find(kOne, endpoint("10.0.0.2:443")), "");
    EXPECT_EQ(names.find(kOther, endpoint("10.0.0.1:443")), "");
    names.forget(kOne);
    EXPECT_EQ(names.find(kOne, endpoint("10.0.0.1:443")), "");
    EXPECT_EQ(names.size(), 0U);
}

TEST(PeerNames, LatestAndMostExactCounts) {
    PeerNames names;
    names.learn(kOne, endpoint("10.0.0.1:0").address, 0, "a.example");
    names.learn(kOne, endpoint("10.0.0.1:0").address, 0, "b.example");
    names.learn(kOne, endpoint("10.0.0.1:0").address, 443, "c.example");
    EXPECT_EQ(names.find(kOne, endpoint("10.0.0.1:80")), "b.example");
    EXPECT_EQ(names.find(kOne, endpoint("10.0.0.1:443")), "c.example");
}

TEST(PeerNames, AreBounded) {
    PeerNames names(2);
    for (const char* address : {"10.0.0.1:0", "10.0.0.2:0"}) {
        names.learn(kOne, endpoint(address).address, 0, address);
    }
    EXPECT_NE(names.find(kOne, endpoint("10.0.0.1:1")), "");  // used: the other one goes
    names.learn(kOne, endpoint("10.0.0.3:0").address, 0, "c");
    EXPECT_EQ(names.size(), 2U);
    EXPECT_NE(names.find(kOne, endpoint("10.0.0.1:1")), "");
    EXPECT_EQ(names.find(kOne, endpoint("10.0.0.2:1")), "");
    names.learn(kOne, endpoint("10.0.0.1:0").address, 0, std::string(256, 'x'));
    EXPECT_EQ(names.find(kOne, endpoint("10.0.0.1:1")), "10.0.0.1:0");
}

/// A ConnectionTable that names peers.
struct Named {
    test::RecordingSink sink;
    PeerNames names;
    NameStage stage{names, sink};
    ConnectionTable table{stage, {}, &names};

    void connect(std::uint64_t number, std::string_view remote, Transport transport,
                 Role role = Role::client) {
        table.on_event(OpenEvent{Player::id(number), {}, Carrier::cleartext, false, ""});
        Endpoints endpoints;
        endpoints.transport = transport;
        endpoints.remote = endpoint(remote);
        table.on_event(EndpointsEvent{Player::id(number), {}, role, Correlation::socket, endpoints});
    }
    void resolve(Role role) {
        const std::string query = DnsBuilder(7, DnsBuilder::kQuery).question("www.example", 1).udp();
        const std::string answer = DnsBuilder(7, DnsBuilder::kResponse)
                                       .question("www.example", 1)
                                       .answer("www.example", 5, std::string("\3cdn\0", 5))
                                       .a("cdn", "\x0a\1\2\3")
                                       .udp();
        const bool asks = role == Role::client;
        connect(1, "10.0.0.53:53", Transport::udp, role);
        table.on_event(
            DataEvent{Player::id(1), {}, 1, asks ? Direction::sent : Direction::received, 0, query});
        table.on_event(
            DataEvent{Player::id(1), {}, 1, asks ? Direction::received : Direction::sent, 0, answer});
    }
    std::string name_of(std::uint64_t number) {
        table.on_event(CloseEvent{Player::id(number), {}, CloseReason::freed});
        return sink.connections.back().info.remote_name;
    }
};

TEST(NameStage, LabelsPeersWithWhatTheProcessAskedFor) {
    Named named;
    named.connect(2, "10.1.2.3:80", Transport::tcp);
    named.resolve(Role::client);
    named.connect(3, "10.1.2.3:6379", Transport::tcp);
    EXPECT_EQ(named.name_of(2), "") << "connected before";
    EXPECT_EQ(named.name_of(3), "www.example");
}

TEST(NameStage, WhatAServerAnswersIsNotWhatItKnows) {
    Named named;
    named.resolve(Role::server);
    named.connect(3, "10.1.2.3:6379", Transport::tcp);
    EXPECT_EQ(named.name_of(3), "");
}

TEST(NameStage, ServerNamesAreOfTheirPortAlone) {
    Named named;
    named.resolve(Role::client);
    named.connect(3, "10.1.2.3:443", Transport::tcp);
    TlsEvent tls;
    tls.connection = Player::id(3);
    tls.role = Role::client;
    tls.tls.sni = "api.example";
    named.table.on_event(tls);
    named.connect(4, "10.1.2.3:443", Transport::tcp);
    named.connect(5, "10.1.2.3:80", Transport::tcp);
    EXPECT_EQ(named.name_of(3), "api.example");
    EXPECT_EQ(named.name_of(4), "api.example");
    EXPECT_EQ(named.name_of(5), "www.example");
}

TEST(NameStage, EndsWithTheProcess) {
    Named named;
    named.resolve(Role::client);
    named.table.on_event(
        ProcessEvent{{}, ProcessEvent::Kind::exited, {Player::id(1).process(), "", "", 0, ""}});
    EXPECT_EQ(named.names.size(), 0U);
}

}  // namespace
}  // namespace sslsniff
