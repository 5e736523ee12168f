#include "model/packet_comment.h"

#include <gtest/gtest.h>

namespace sslsniff {
namespace {

constexpr Timestamp kSaid{Duration(1'782'000'001'000'000'000)};

ConnectionComment full() {
    ConnectionComment comment;
    ProcessInfo process;
    process.key = {4242, 123'456'789};
    process.comm = "cu\nrl\\x41";
    process.exe = "/usr/bin/curl";
    process.uid = 1000;
    process.container_id = "abc";
    process.container = {"podman", "we\nb", "img:1", "pod", "prod"};
    ConnectionInfo& info = comment.info;
    info.id = {4242, 123'456'789, 0x7F00'0000'1000, 17};
    info.process = std::make_shared<ProcessInfo>(process);
    info.role = Role::client;
    info.endpoints = {Transport::tcp, parse_endpoint("10.0.0.1:50000").value(),
                      parse_endpoint("[2001:db8::1]:443").value(), 99, 4'026'531'840};
    info.correlation = Correlation::ciphertext;
    info.tls = {"OpenSSL 3.0.17",
                "TLSv1.3",
                "TLS_AES_128_GCM_SHA256",
                "evil\nlocal: 1.2.3.4:5\xff",
                "h2",
                {"h2", "a,b\\c"},
                Duration(1'234'567),
                true,
                "alert sent:\nunknown_ca",
                "no supported\nlibrary"};
    info.opened = Timestamp(Duration(1'782'000'000'123'456'789));
    info.midstream = true;
    comment.part = 3;
    comment.sent_position = 1'000;
    comment.received_position = 5'000'000'000;
    comment.tls_records = true;
    comment.made_up_addresses = true;
    comment.gap = {Direction::received, LossCause::ring_full, std::nullopt};
    return comment;
}

TEST(PacketComment, ConnectionSurvivesTheRoundTrip) {
    const ConnectionComment before = full();
    const auto after = parse_connection_comment(to_comment(before, kSaid), kSaid);
    ASSERT_TRUE(after);
    EXPECT_EQ(after->info.id, before.info.id);
    EXPECT_EQ(after->info.process->comm, before.info.process->comm);
    EXPECT_EQ(after->info.process->exe, before.info.process->exe);
    EXPECT_EQ(after->info.process->uid, 1000U);
    EXPECT_EQ(after->info.process->container_id, "abc");
    EXPECT_EQ(after->info.process->container, before.info.process->container);
    EXPECT_EQ(after->info.role, Role::client);
    EXPECT_EQ(after->info.endpoints, before.info.endpoints);
    EXPECT_EQ(after->info.correlation, Correlation::ciphertext);
    EXPECT_EQ(after->info.tls, before.info.tls);
    EXPECT_EQ(after->info.opened, before.info.opened);
    EXPECT_TRUE(after->info.midstream);
    EXPECT_EQ(after->part, 3U);
    EXPECT_EQ(after->sent_position, 1'000U);
    EXPECT_EQ(after->received_position, 5'000'000'000U);
    EXPECT_TRUE(after->tls_records);
    EXPECT_TRUE(after->made_up_addresses);
    EXPECT_FALSE(after->update);
    EXPECT_EQ(after->gap->direction, Direction::received);
    EXPECT_EQ(after->gap->cause, LossCause::ring_full);
    EXPECT_FALSE(after->gap->bytes);
}

TEST(PacketComment, HostileValuesCannotForgeLines) {
    const std::string text = to_comment(full(), kSaid);
    EXPECT_EQ(text.find("\nlocal: 1.2.3.4"), std::string::npos);
    EXPECT_EQ(text.find('\xff'), std::string::npos);
}

TEST(PacketComment, GapAndClose) {
    const auto gap = parse_gap_comment(to_comment(GapComment{
        .direction = Direction::received, .position = 7, .bytes = 4096, .cause = LossCause::snaplen}));
    ASSERT_TRUE(gap);
    EXPECT_EQ(gap->direction, Direction::received);
    EXPECT_EQ(gap->position, 7U);
    EXPECT_EQ(gap->bytes, 4096U);
    EXPECT_EQ(gap->cause, LossCause::snaplen);
    EXPECT_FALSE(gap->zeros);
    EXPECT_FALSE(parse_gap_comment(to_comment(GapComment{.bytes = 1, .cause = std::nullopt}))->cause);
    EXPECT_EQ(parse_close_comment(close_comment(CloseReason::reset)), CloseReason::reset);
    EXPECT_TRUE(is_filler_comment(filler_comment("why")));
}

TEST(PacketComment, Losses) {
    const LossEvent loss{.time = {}, .cause = LossCause::map_full, .events = 3, .bytes = 70'000};
    EXPECT_EQ(parse_loss_comment(loss_comment(loss)), loss);
    EXPECT_FALSE(parse_loss_comment("lost"));
}

TEST(PacketComment, OtherCommentsAreNot) {
    EXPECT_FALSE(parse_connection_comment("pid: 5", kSaid));
    EXPECT_FALSE(parse_gap_comment(""));
    EXPECT_FALSE(parse_close_comment("sslsniff: closed\nreason: nonsense"));
    EXPECT_TRUE(
        parse_connection_comment("sslsniff: connection\npid: -1\npid: 99999999999999\nlocal: x", kSaid));
}

}  // namespace
}  // namespace sslsniff
