#include "stream/connection_table.h"

#include <gtest/gtest.h>

#include "support/conversation.h"

namespace sslsniff {
namespace {

using test::Player;
using Lines = std::vector<std::string>;

constexpr ByteView kRequest = "GET / HTTP/1.1\r\nHost: h\r\n\r\n";
constexpr ByteView kResponse = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";
const Lines kExchange{"http/1.1 GET https://h/ -> 200 OK (0/2)"};

ProcessEvent process(ProcessEvent::Kind kind, Timestamp time, std::string comm = "curl") {
    return {time, kind, {Player::id(1).process(), std::move(comm), "/usr/bin/curl", 1000, {}}};
}

void exchange(Player& player, std::uint64_t connection = 1) {
    player.data(Direction::sent, kRequest, connection);
    player.data(Direction::received, kResponse, connection);
}

TEST(ConnectionTable, MergesWhatIsKnownOfAConnection) {
    Player player;
    player.table.on_event(process(ProcessEvent::Kind::seen, player.tick()));
    player.open();
    Endpoints endpoints{Transport::tcp, *parse_endpoint("10.0.0.1:1000"), *parse_endpoint("10.0.0.2:443"), 7,
                        8};
    player.table.on_event(
        EndpointsEvent{Player::id(1), player.tick(), Role::unknown, Correlation::nested, endpoints});
    TlsEvent tls{Player::id(1), player.tick(), Role::client, {}};
    tls.tls.version = "TLSv1.3";
    tls.tls.handshake = Duration(5);
    player.table.on_event(tls);
    tls.tls = {};
    tls.tls.sni = "example.com";
    player.table.on_event(tls);
    player.close();
    const ConnectionInfo& info = player.sink.connections.at(0).info;
    EXPECT_EQ(info.process->comm, "curl");
    EXPECT_EQ(info.endpoints, endpoints);
    EXPECT_EQ(info.correlation, Correlation::nested);
    EXPECT_EQ(info.role, Role::client);
    EXPECT_EQ(info.tls.library, "OpenSSL 3.0.17");
    EXPECT_EQ(info.tls.version, "TLSv1.3");
    EXPECT_EQ(info.tls.sni, "example.com");
    EXPECT_EQ(info.tls.handshake, Duration(5));
}

TEST(ConnectionTable, TellsWhatBecomesOfOpenConnections) {
    Player player;
    player.open();
    EXPECT_EQ(player.sink.life, Lines{"open"});
    const Endpoints endpoints{Transport::tcp, *parse_endpoint("10.0.0.1:1000"),
                              *parse_endpoint("10.0.0.2:443"), 7, 8};
    player.table.on_event(
        EndpointsEvent{Player::id(1), player.tick(), Role::client, Correlation::nested, endpoints});
    player.table.on_event(TlsEvent{Player::id(1), player.tick(), Role::client, {}});
    EXPECT_EQ(player.sink.life, (Lines{"open", "change", "change"}));
    exchange(player);
    exchange(player);  // tells nothing that is not known
    player.table.on_event(process(ProcessEvent::Kind::seen, player.tick()));
    player.close();
    EXPECT_EQ(player.sink.life, (Lines{"open", "change", "change", "change http/1", "change http/1.1",
                                       "change http/1.1", "close"}))
        << "found, then told by its exchanges, then with its process";
}

TEST(ConnectionTable, WhatWasNoConnectionIsWithdrawn) {
    Player player;
    player.open(1, true, Carrier::cleartext);
    player.close(CloseReason::covered);
    EXPECT_EQ(player.sink.life, (Lines{"open", "withdraw"}));
}

TEST(ConnectionTable, CiphertextOfAnotherConnectionLeavesNoTrace) {
    Player player;
    player.open(1, true, Carrier::cleartext);
    player.data(Direction::sent, "\xb7\xb7\xb7");
    player.close(CloseReason::covered);
    player.finish();
    EXPECT_TRUE(player.sink.connections.empty());
    EXPECT_EQ(player.sink.summary->connections, 0U);
    EXPECT_EQ(player.sink.summary->bytes_sent, 0U);
}

TEST(ConnectionTable, HellosThatWereNeverSentAreNoConnections) {
    for (const bool answered : {false, true}) {
        Player player;
        player.open();
        TlsEvent hello{Player::id(1), player.tick(), Role::client, {}};
        player.table.on_event(hello);
        if (answered) {
            hello.tls.version = "TLSv1.3";
            player.table.on_event(hello);
        }
        player.close(CloseReason::freed);
        player.finish();
        EXPECT_EQ(player.sink.connections.size(), answered ? 1U : 0U);
        EXPECT_EQ(player.sink.summary->connections, answered ? 1U : 0U);
    }
}

EndpointsEvent endpoints_of(std::uint64_t connection, Timestamp time, std::uint64_t cookie) {
    return {Player::id(connection), time, Role::unknown, Correlation::socket,
            Endpoints{Transport::tcp, *parse_endpoint("10.0.0.1:1000"), *parse_endpoint("10.0.0.2:443"),
                      cookie, 8}};
}

TEST(ConnectionTable, PartsOfASocketNameTheOneBefore) {
    Player player;
    player.open(1, false, Carrier::cleartext);
    player.table.on_event(endpoints_of(1, player.tick(), 7));
    player.data(Direction::sent, "STARTTLS\r\n", 1);
    player.open(2);
    player.close(CloseReason::tls_began, 1);
    player.table.on_event(endpoints_of(2, player.tick(), 7));
    exchange(player, 2);
    player.close(CloseReason::shutdown, 2);
    player.open(3, false, Carrier::cleartext);
    player.table.on_event(endpoints_of(3, player.tick(), 7));
    player.close(CloseReason::socket_closed, 3);
    player.open(4);  // another socket between the same ends
    player.table.on_event(endpoints_of(4, player.tick(), 8));
    player.finish();
    const auto& records = player.sink.connections;
    ASSERT_EQ(records.size(), 4U);
    EXPECT_EQ(records[0].reason, CloseReason::tls_began);
    EXPECT_EQ(records[0].info.continues, std::nullopt);
    EXPECT_EQ(records[1].info.continues, Player::id(1));
    EXPECT_EQ(records[2].info.continues, Player::id(2));
    EXPECT_EQ(records[3].info.continues, std::nullopt);
}

/// Captures made by other tools have no cookies, and ports may be used again.
TEST(ConnectionTable, PartsWithoutACookieFollowAtOnce) {
    Player player;
    player.open(1, false, Carrier::cleartext);
    player.table.on_event(endpoints_of(1, player.tick(), 0));
    const Timestamp change = player.tick();
    player.table.on_event(CloseEvent{Player::id(1), change, CloseReason::tls_began});
    player.table.on_event(OpenEvent{Player::id(2), change, Carrier::tls, false, {}});
    player.table.on_event(endpoints_of(2, change, 0));
    player.close(CloseReason::shutdown, 2);
    player.open(3);
    player.table.on_event(endpoints_of(3, player.tick(), 0));
    player.finish();
    EXPECT_EQ(player.sink.connections.at(1).info.continues, Player::id(1));
    EXPECT_EQ(player.sink.connections.at(2).info.continues, std::nullopt);
}

TEST(ConnectionTable, TrafficDecidesTheRole) {
    Player player;
    player.open();
    player.data(Direction::received, kRequest);
    player.table.on_event(
        EndpointsEvent{Player::id(1), player.tick(), Role::client, Correlation::cached, Endpoints{}});
    player.data(Direction::sent, kResponse);
    EXPECT_EQ(player.sink.lines, kExchange);
    EXPECT_EQ(player.sink.roles.at(0), Role::server);
}

TEST(ConnectionTable, ConnectionsAreIndependent) {
    Player player;
    player.open(1);
    player.open(2);
    player.data(Direction::sent, kRequest.substr(0, 10), 1);
    player.data(Direction::sent, kRequest.substr(0, 20), 2);
    player.data(Direction::sent, kRequest.substr(10), 1);
    player.data(Direction::sent, kRequest.substr(20), 2);
    player.data(Direction::received, kResponse, 2);
    player.data(Direction::received, kResponse, 1);
    EXPECT_EQ(player.sink.lines, (Lines{kExchange[0], kExchange[0]}));
}

TEST(ConnectionTable, LostOpenIsAJoin) {
    Player player;
    exchange(player);
    player.close();
    EXPECT_EQ(player.sink.lines, kExchange);
    EXPECT_TRUE(player.sink.connections.at(0).info.midstream);
    EXPECT_NE(player.sink.connections.at(0).info.process, nullptr);
}

TEST(ConnectionTable, LostCloseEndsWithTheNextOpen) {
    Player player;
    player.open();
    player.data(Direction::sent, kRequest);
    player.open();
    EXPECT_EQ(player.sink.lines, Lines{"http/1.1 GET https://h/ ->  (0/0) incomplete: no response"});
    EXPECT_EQ(player.sink.connections.size(), 1U);
}

TEST(ConnectionTable, ProcessExitClosesItsConnections) {
    Player player;
    player.table.on_event(process(ProcessEvent::Kind::seen, player.tick()));
    player.open(1);
    player.open(2);
    exchange(player, 2);
    player.table.on_event(process(ProcessEvent::Kind::exited, player.tick()));
    ASSERT_EQ(player.sink.connections.size(), 2U);
    EXPECT_EQ(player.sink.connections[0].reason, CloseReason::process_exit);
    EXPECT_EQ(player.sink.connections[0].info.process->comm, "curl");
    EXPECT_EQ(player.table.open_connections(), 0U);
}

TEST(ConnectionTable, ExecEndsTlsButNotSockets) {
    Player player;
    player.open(1, false, Carrier::tls);
    player.open(2, false, Carrier::cleartext);
    player.table.on_event(process(ProcessEvent::Kind::exec, player.tick(), "new"));
    ASSERT_EQ(player.sink.connections.size(), 1U);
    EXPECT_EQ(player.sink.connections[0].info.carrier, Carrier::tls);
    exchange(player, 2);
    player.close(CloseReason::socket_closed, 2);
    EXPECT_EQ(player.sink.connections[1].info.process->comm, "new");
    EXPECT_EQ(player.sink.lines, Lines{"http/1.1 GET http://h/ -> 200 OK (0/2)"});
}

TEST(ConnectionTable, FinishReportsWhatIsOpenAndTotals) {
    Player player;
    player.open(2);
    player.open(1);
    exchange(player, 1);
    player.data(Direction::sent, "whatever", 2);
    player.gap(Direction::sent, 12, true, 2);
    player.table.on_event(LossEvent{player.tick(), LossCause::ring_full, 3, 100});
    player.table.on_event(LossEvent{player.tick(), LossCause::ring_full, 1, 50});
    player.finish();
    ASSERT_EQ(player.sink.connections.size(), 2U);
    EXPECT_EQ(player.sink.connections[0].info.id, Player::id(2));  // in the order of opening
    EXPECT_EQ(player.sink.connections[0].reason, CloseReason::capture_end);
    EXPECT_EQ(player.sink.connections[0].protocol, "");
    EXPECT_EQ(player.sink.connections[0].sent.first_bytes, "whatever");
    EXPECT_EQ(player.sink.connections[0].sent.bytes, 20U);
    EXPECT_EQ(player.sink.losses.size(), 2U);
    const CaptureSummary& summary = player.sink.summary.value();
    EXPECT_EQ(summary.connections, 2U);
    EXPECT_EQ(summary.unbound_connections, 2U);
    EXPECT_EQ(summary.transactions, 1U);
    EXPECT_EQ(summary.processes, 1U);
    EXPECT_EQ(summary.bytes_sent, kRequest.size() + 20);
    EXPECT_EQ(summary.bytes_received, kResponse.size());
    EXPECT_EQ(summary.missing_bytes, 12U);
    ASSERT_EQ(summary.losses.size(), 2U);
    EXPECT_EQ(summary.losses[0].cause, LossCause::snaplen);
    EXPECT_EQ(summary.losses[0].bytes, 12U);
    EXPECT_EQ(summary.losses[1].events, 4U);
    EXPECT_EQ(summary.losses[1].bytes, 150U);
    EXPECT_LT(summary.started, summary.ended);
}

TEST(ConnectionTable, TheLongestIdleIsGivenUp) {
    StreamLimits limits;
    limits.max_connections = 2;
    Player player(limits);
    player.open(1);
    player.open(2);
    player.data(Direction::sent, kRequest, 1);
    player.open(3);
    ASSERT_EQ(player.sink.connections.size(), 1U);
    EXPECT_EQ(player.sink.connections[0].info.id, Player::id(2));
    EXPECT_EQ(player.sink.connections[0].reason, CloseReason::given_up);
    EXPECT_EQ(player.sink.losses.at(0).cause, LossCause::connection_limit);
    player.data(Direction::received, kResponse, 1);
    EXPECT_EQ(player.sink.lines, kExchange);
}

TEST(ConnectionTable, ProcessesAreForgotten) {
    StreamLimits limits;
    limits.max_processes = 4;
    Player player(limits);
    for (std::uint32_t pid = 1; pid <= 100; ++pid) {
        ProcessEvent event = process(ProcessEvent::Kind::seen, player.tick());
        event.process.key.pid = pid;
        player.table.on_event(event);
        EXPECT_LE(player.table.known_processes(), 6U);
    }
    EXPECT_EQ(player.table.summary().processes, 0U);  // none has a connection
}

}  // namespace
}  // namespace sslsniff
