#include "stream/local_ends.h"

#include <gtest/gtest.h>

namespace sslsniff {
namespace {

class LocalEndsTest : public testing::Test {
  protected:
    /// A connection of process `pid` from `local` to `remote`.
    static ConnectionInfo end(std::uint32_t pid, const std::string& local, const std::string& remote,
                              std::uint32_t netns = 1) {
        ConnectionInfo info;
        info.id = {pid, 1, 100 + pid, 1};
        info.process = std::make_shared<ProcessInfo>();
        info.endpoints = {Transport::tcp, *parse_endpoint(local), *parse_endpoint(remote), pid, netns, {}};
        return info;
    }

    LocalEnds ends_;
};

TEST_F(LocalEndsTest, FindsTheOtherEndWhicheverComesFirst) {
    const auto client = end(1, "127.0.0.1:4000", "127.0.0.1:443");
    const auto server = end(2, "127.0.0.1:443", "127.0.0.1:4000");
    EXPECT_FALSE(ends_.add(client));
    EXPECT_EQ(ends_.add(server), client.id);
    EXPECT_EQ(ends_.add(client), server.id);  // its endpoints changed
    ends_.remove(client);
    EXPECT_FALSE(ends_.add(server));
    ends_.remove(server);
    EXPECT_EQ(ends_.size(), 0U);
}

TEST_F(LocalEndsTest, AServerOfBothFamiliesSeesItsClientsAsMapped) {
    const auto client = end(1, "127.0.0.1:4000", "127.0.0.1:443");
    EXPECT_FALSE(ends_.add(client));
    ASSERT_EQ(parse_endpoint("[::ffff:127.0.0.1]:443")->address.family, IpAddress::Family::v6);
    EXPECT_EQ(ends_.add(end(2, "[::ffff:127.0.0.1]:443", "[::ffff:127.0.0.1]:4000")), client.id);
    EXPECT_FALSE(ends_.add(end(3, "127.0.0.1:5000", "127.0.0.1:443", 1)));
    EXPECT_FALSE(ends_.add(end(4, "[::ffff:127.0.0.1]:443", "[::ffff:127.0.0.1]:5000", 2)));
}

TEST_F(LocalEndsTest, LoopbackCountsWithinItsNamespace) {
    EXPECT_FALSE(ends_.add(end(1, "127.0.0.1:4000", "127.0.0.1:443", 1)));
    EXPECT_FALSE(ends_.add(end(2, "127.0.0.1:443", "127.0.0.1:4000", 2)));
    EXPECT_FALSE(ends_.add(end(3, "[::1]:4000", "[::1]:443", 1)));
    EXPECT_FALSE(ends_.add(end(4, "[::1]:443", "[::1]:4000", 2)));
    EXPECT_FALSE(ends_.add(end(5, "10.0.0.2:4000", "10.0.0.3:443", 1)));
    EXPECT_TRUE(ends_.add(end(6, "10.0.0.3:443", "10.0.0.2:4000", 2)));
}

TEST_F(LocalEndsTest, WhatIsNotCertainIsNotClaimed) {
    EXPECT_FALSE(ends_.add(end(1, "10.0.0.2:4000", "10.0.0.3:443", 1)));
    EXPECT_FALSE(
        ends_.add(end(2, "10.0.0.2:4000", "10.0.0.3:443", 2)));  // another network of the same numbers
    EXPECT_FALSE(ends_.add(end(3, "10.0.0.3:443", "10.0.0.2:4000", 1)));
    auto other = end(4, "127.0.0.1:443", "127.0.0.1:4000");
    other.carrier = Carrier::cleartext;
    EXPECT_FALSE(ends_.add(end(5, "127.0.0.1:4000", "127.0.0.1:443")));
    EXPECT_FALSE(ends_.add(other));
    auto unknown = end(0, "127.0.0.1:443", "127.0.0.1:4000");  // of a capture made by another tool
    EXPECT_FALSE(ends_.add(unknown));
    auto datagrams = end(6, "127.0.0.1:443", "127.0.0.1:4000");
    datagrams.endpoints.transport = Transport::udp;
    EXPECT_FALSE(ends_.add(datagrams));
    auto refused = end(7, "127.0.0.1:443", "127.0.0.1:4000");
    refused.endpoints.local.port = 0;
    EXPECT_FALSE(ends_.add(refused));
}

TEST_F(LocalEndsTest, PartsOfASocketMeetTheirLike) {
    const auto client = end(1, "127.0.0.1:4000", "127.0.0.1:443");
    const auto server = end(2, "127.0.0.1:443", "127.0.0.1:4000");
    auto client_later = client;
    client_later.id.handle = 999;
    auto server_later = server;
    server_later.id.handle = 998;
    EXPECT_FALSE(ends_.add(client, 0));
    EXPECT_FALSE(ends_.add(client_later, 2));
    EXPECT_EQ(ends_.add(server, 0), client.id);
    EXPECT_EQ(ends_.add(server_later, 2), client_later.id);
}

TEST_F(LocalEndsTest, AProcessMayTalkToItself) {
    auto client = end(1, "127.0.0.1:4000", "127.0.0.1:443");
    auto server = end(1, "127.0.0.1:443", "127.0.0.1:4000");
    server.id.handle = 7;
    server.endpoints.socket_cookie = 7;
    EXPECT_FALSE(ends_.add(client));
    EXPECT_EQ(ends_.add(server), client.id);
}

}  // namespace
}  // namespace sslsniff
