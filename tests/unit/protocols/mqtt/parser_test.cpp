#include <gtest/gtest.h>

#include <algorithm>

#include "base/endian.h"
#include "protocols/mqtt/mqtt.h"
#include "support/recording_host.h"

namespace sslsniff {
namespace {

using test::Conversation;
using test::received;
using test::RecordingHost;
using test::sent;
using Lines = std::vector<std::string>;

/// A control packet: its first byte, and what is behind the length.
std::string packet(unsigned first, const std::string& body) {
    std::string out(1, static_cast<char>(first));
    for (std::size_t left = body.size();;) {
        const std::size_t rest = left >> 7U;
        out += static_cast<char>((left & 0x7FU) | (rest != 0 ? 0x80U : 0U));
        if (rest == 0) {
            return out + body;
        }
        left = rest;
    }
}
std::string number(std::uint16_t value) {
    std::string out;
    append_be(out, value);
    return out;
}
std::string text(const std::string& value) {
    return number(static_cast<std::uint16_t>(value.size())) + value;
}
std::string byte(unsigned value) {
    return std::string(1, static_cast<char>(value));
}
std::string properties(const std::string& all) {
    return byte(static_cast<unsigned>(all.size())) + all;
}
std::string connect(unsigned level, const std::string& id) {
    return packet(0x10, text("MQTT") + byte(level) + byte(0xC2) + number(60) +
                            (level == 5 ? properties("") : "") + text(id) + text("user") + text("secret"));
}

/// MQTT 3.1.1: everything there is.
test::ParserExample version3() {
    return {
        {sent(connect(4, "sensor-1")), received(packet(0x20, "\1" + byte(0))),
         sent(packet(0x82, number(1) + text("a/#") + byte(1) + text("b/+/c") + byte(0))),
         received(packet(0x90, number(1) + byte(1) + byte(0x80))), sent(packet(0x31, text("a/b") + "21.5")),
         sent(packet(0x32, text("a/b") + number(7) + "seven") +
              packet(0x34, text("a/c") + number(8) + "eight")),
         received(packet(0x50, number(8)) + packet(0x40, number(7))), sent(packet(0x62, number(8))),
         received(packet(0x32, text("a/d") + number(7) + "from the server") + packet(0x70, number(8))),
         sent(packet(0x40, number(7)) + packet(0xC0, "")),
         received(packet(0xD0, "") + packet(0x30, text("a/e") + "free") +
                  packet(0x34, text("a/f") + number(9) + "x")),
         sent(packet(0x50, number(9)) + packet(0xA2, number(10) + text("a/#"))),
         received(packet(0xB0, number(10)) + packet(0x62, number(9))),
         sent(packet(0x70, number(9)) + packet(0xE0, ""))},
        {"CONNECT sensor-1 as user -> Connection Accepted", "SUBSCRIBE a/#, b/+/c -> Granted QoS 1, Failure",
         "PUBLISH a/b retained -> (no reply wanted)", "PUBLISH a/b QoS 1 -> PUBACK",
         "PUBLISH a/c QoS 2 -> PUBCOMP", "PUBACK <- PUBLISH a/d QoS 1", "PINGREQ -> PINGRESP",
         " <- PUBLISH a/e", "UNSUBSCRIBE a/# -> UNSUBACK", "PUBCOMP <- PUBLISH a/f QoS 2",
         "DISCONNECT -> (no reply wanted)"}};
}

/// MQTT 5: properties, aliases, reasons.
test::ParserExample version5() {
    const std::string alias = "\x23" + number(3);
    return {
        {sent(connect(5, "")), received(packet(0x20, byte(0) + byte(0) + properties("\x12" + text("given")))),
         sent(packet(0x32,
                     text("a/b") + number(1) + properties(alias + "\x26" + text("k") + text("v")) + "one") +
              packet(0x32, text("") + number(2) + properties(alias) + "two")),
         received(packet(0x40, number(1)) + packet(0x40, number(2) + byte(0x10))),
         sent(packet(0x34, text("secret") + number(3) + properties("") + "x")),
         received(packet(0x50, number(3) + byte(0x87) + properties("\x1F" + text("go away")))),
         sent(packet(0x82, number(4) + properties("\x0B" + byte(5)) + text("q/#") + byte(0x2D))),
         received(packet(0x90, number(4) + properties("") + byte(0x87))),
         sent(packet(0xA2, number(5) + properties("") + text("q/#"))),
         received(packet(0xB0, number(5) + properties("") + byte(0x11))),
         received(packet(0xF0, byte(0x18) + properties("\x15" + text("SCRAM") + "\x16" + text("secret")))),
         received(packet(0xE0, byte(0x8B) + properties("")))},
        {"CONNECT (no client id) as user -> Success", "PUBLISH a/b QoS 1 -> PUBACK",
         "PUBLISH a/b QoS 1 -> PUBACK No matching subscribers",
         "PUBLISH secret QoS 2 -> PUBREC Not authorized: go away", "SUBSCRIBE q/# -> Not authorized",
         "UNSUBSCRIBE q/# -> No subscription existed", " <- AUTH Continue authentication",
         " <- DISCONNECT Server shutting down"}};
}

TEST(MqttParser, ReadsVersion3HoweverItIsCut) {
    test::expect_however_cut(create_mqtt, version3());
}

TEST(MqttParser, ReadsVersion5HoweverItIsCut) {
    test::expect_however_cut(create_mqtt, version5());
}

TEST(MqttParser, SaysAllThatPacketsHave) {
    RecordingHost host;
    ASSERT_TRUE(host.run(create_mqtt, version5().conversation));
    EXPECT_EQ(host.fields(0),
              "packet=\"CONNECT\" version=\"5.0\" request{packet=\"CONNECT\" clean_start=true "
              "keep_alive_s=60 client_id=\"\" "
              "username=\"user\" password=\"***\" secrets_hidden=true} response{packet=\"CONNACK\" "
              "session_present=false "
              "reason_code=0 reason=\"Success\" properties{assigned_client_identifier=\"given\"}}");
    EXPECT_EQ(host.fields(1),
              "packet=\"PUBLISH\" version=\"5.0\" topic=\"a/b\" request{packet=\"PUBLISH\" packet_id=1 qos=1 "
              "retain=false "
              "dup=false properties{topic_alias=3 user_properties[{name=\"k\" value=\"v\"}]} payload=(3 0 "
              "\"one\")} "
              "response{packet=\"PUBACK\" packet_id=1 reason_code=0 reason=\"Success\"}");
    EXPECT_EQ(
        host.fields(4),
        "packet=\"SUBSCRIBE\" version=\"5.0\" request{packet=\"SUBSCRIBE\" packet_id=4 "
        "properties{subscription_identifiers[=5]} filters[{filter=\"q/#\" qos=1 no_local=true "
        "retain_as_published=true retain_handling=2}] filter_count=1} response{packet=\"SUBACK\" packet_id=4 "
        "reasons[{reason_code=135 reason=\"Not authorized\"}]}");
    EXPECT_EQ(test::render_facts(*host.emitted[2].exchange), "PUBLISH a/b ok 3/0");
    EXPECT_EQ(test::render_facts(*host.emitted[3].exchange),
              "PUBLISH secret client_error Not authorized 1/0");
    EXPECT_EQ(test::render_facts(*host.emitted[7].exchange),
              "DISCONNECT - server_error Server shutting down 0/0");
}

TEST(MqttParser, HidesSecretsUnlessToldOtherwise) {
    for (const bool show : {false, true}) {
        ParserLimits limits;
        limits.show_secrets = show;
        RecordingHost host;
        ASSERT_TRUE(host.run(create_mqtt, version5().conversation, limits));
        const std::string all = host.everything();
        EXPECT_EQ(all.find("\"secret\"") != std::string::npos &&
                      all.find("password=\"secret\"") != std::string::npos,
                  show);
        EXPECT_EQ(all.find("authentication_data=\"secret\"") != std::string::npos, show);
    }
}

TEST(MqttParser, NeverInventsAnythingAfterAGap) {
    test::expect_no_inventions(create_mqtt, version3(), {1, 2, 7, 30});
    test::expect_no_inventions(create_mqtt, version5(), {1, 2, 7, 30});
}

bool is_suback(const std::string& line) {
    return line.find("SUBACK") != std::string::npos;
}

TEST(MqttParser, JoinsAfterEveryMessage) {
    test::expect_joins(create_mqtt, version3(), 0, is_suback);
    test::expect_joins(create_mqtt, version5(), 0, is_suback);
}

TEST(MqttParser, MarksAliasesThatPassedUnseen) {
    const std::string alias = "\x23" + number(3);
    RecordingHost host;
    host.info.midstream = true;
    host.info.role = Role::client;
    ASSERT_TRUE(host.run(create_mqtt, {sent(packet(0x30, text("") + properties(alias) + "two")),
                                       sent(packet(0x30, text("a/b") + properties(alias) + "three")),
                                       sent(packet(0x30, text("") + properties(alias) + "four"))}));
    EXPECT_EQ(host.lines(), (Lines{"PUBLISH <unknown> -> (no reply wanted) !topic alias not seen",
                                   "PUBLISH a/b -> (no reply wanted)", "PUBLISH a/b -> (no reply wanted)"}));
}

TEST(MqttParser, SaysWhatIsUnanswered) {
    RecordingHost host;
    ASSERT_TRUE(host.run(
        create_mqtt, {sent(connect(4, "x") + packet(0x32, text("t") + number(1) + "a") +
                           packet(0x3A, text("t") + number(1) + "a") + packet(0x34, text("t") + number(2))),
                      received(packet(0x20, byte(0) + byte(5)) + packet(0x50, number(2)))}));
    EXPECT_EQ(host.lines(),
              (Lines{"CONNECT x as user -> Connection Refused, not authorized",
                     "PUBLISH t QoS 1 ->  !no response", "PUBLISH t QoS 2 -> PUBREC !no response"}));
    EXPECT_NE(host.fields(1).find("attempts=2"), std::string::npos);
    EXPECT_EQ(test::render_facts(*host.emitted[0].exchange),
              "CONNECT - client_error Connection Refused, not authorized 0/0");
}

TEST(MqttParser, KeepsItsPlaceInAPayloadWithAGap) {
    RecordingHost host;
    const auto parser = create_mqtt(host, {});
    const std::string publish = packet(0x30, text("t") + std::string(1000, 'p'));
    parser->feed(Direction::sent, connect(4, "x") + publish.substr(0, 100), {});
    parser->gap(Direction::sent, 500, {});
    parser->feed(Direction::sent, publish.substr(600) + packet(0xC0, ""), {});
    parser->feed(Direction::received, packet(0x20, byte(0) + byte(0)) + packet(0xD0, ""), {});
    parser->finish({});
    EXPECT_EQ(host.lines(), (Lines{"PUBLISH t -> (no reply wanted) !gap in message",
                                   "CONNECT x as user -> Connection Accepted", "PINGREQ -> PINGRESP"}));
    EXPECT_NE(host.fields(0).find("payload=(1000 500"), std::string::npos) << host.fields(0);
}

TEST(MqttParser, BoundsWhatWaits) {
    ParserLimits limits;
    limits.max_pending = 8;
    RecordingHost host;
    const auto parser = create_mqtt(host, limits);
    parser->feed(Direction::sent, connect(5, "x"), {});
    std::size_t most = 0;
    for (std::uint16_t id = 1; id < 2000; ++id) {
        parser->feed(Direction::sent,
                     packet(0x32, text("topic " + std::to_string(id)) + number(id) +
                                      properties("\x23" + number(id)) + "x"),
                     {});
        most = std::max(most, parser->held());
    }
    EXPECT_LT(most, 400'000U);
    EXPECT_GT(host.emitted.size(), 1900U);
    EXPECT_GT(parser->give_up(1'000'000), 0U);
    parser->finish({});
}

}  // namespace
}  // namespace sslsniff
