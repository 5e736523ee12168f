#include "diagnosis/traffic_tally.h"

#include <gtest/gtest.h>

namespace sslsniff {
namespace {

using std::chrono::seconds;

constexpr ConnectionId kFirst{42, 7, 1, 1};
constexpr ConnectionId kSecond{42, 7, 2, 2};
constexpr ConnectionId kClear{42, 7, 3, 3};

DataEvent data(const ConnectionId& id, int second, Direction direction, std::uint64_t position,
               ByteView bytes) {
    return {id, Timestamp(seconds(second)), 42, direction, position, bytes};
}

EndpointsEvent endpoints(const ConnectionId& id, Correlation correlation) {
    EndpointsEvent event;
    event.connection = id;
    event.correlation = correlation;
    return event;
}

TEST(TrafficTally, CountsCallsAndThoseWithASocket) {
    TrafficTally tally;
    tally.on_event(ProcessEvent{{}, ProcessEvent::Kind::seen, {{42, 7}, "nginx", {}, 0, {}}});
    tally.on_event(OpenEvent{kFirst, {}, Carrier::tls, false, "OpenSSL 3.0.17"});
    tally.on_event(data(kFirst, 1, Direction::received, 0, "abc"));
    tally.on_event(data(kFirst, 1, Direction::received, 3, "def"));  // a second part of one call
    tally.on_event(data(kFirst, 2, Direction::sent, 0, "reply"));
    tally.on_event(endpoints(kFirst, Correlation::ciphertext));
    tally.on_event(OpenEvent{kSecond, {}, Carrier::tls, true, "OpenSSL 3.0.17"});
    tally.on_event(data(kSecond, 3, Direction::sent, 0, "x"));
    tally.on_event(OpenEvent{kClear, {}, Carrier::cleartext, true, {}});
    tally.on_event(endpoints(kClear, Correlation::socket));
    tally.on_event(data(kClear, 4, Direction::sent, 0, "PING"));
    tally.on_event(LossEvent{{}, LossCause::ring_full, 5, 0});
    tally.on_event(CloseEvent{kFirst, {}, CloseReason::freed});  // what it said still counts, once

    const auto result = tally.result();
    ASSERT_EQ(result.size(), 1U);
    const ProcessTraffic& traffic = result.front();
    EXPECT_EQ(traffic.process.comm, "nginx");
    EXPECT_EQ(traffic.libraries, std::set<std::string>{"OpenSSL 3.0.17"});
    EXPECT_EQ(traffic.reads, 1U);
    EXPECT_EQ(traffic.received, 6U);
    EXPECT_EQ(traffic.writes, 2U);
    EXPECT_EQ(traffic.sent, 6U);
    EXPECT_EQ(traffic.tls_connections, 2U);
    EXPECT_EQ(traffic.bound_calls, 2U);
    EXPECT_EQ(traffic.correlations, std::set<Correlation>{Correlation::ciphertext});
    EXPECT_EQ(traffic.cleartext_connections, 1U);
    EXPECT_EQ(traffic.cleartext_bytes, 4U);
    EXPECT_EQ(tally.lost_events(), 5U);
}

TEST(TrafficTally, ConnectionsThatSaidNothingAreNotCounted) {
    TrafficTally tally;
    tally.on_event(OpenEvent{kFirst, {}, Carrier::tls, false, "OpenSSL 3.0.17"});
    EXPECT_TRUE(tally.result().empty());
}

}  // namespace
}  // namespace sslsniff
