#include <gtest/gtest.h>

#include <algorithm>

#include "protocols/amqp/amqp.h"
#include "support/recording_host.h"
#include "unit/protocols/amqp/frames.h"

namespace sslsniff {
namespace {

using namespace test::rabbit;
using test::Conversation;
using test::received;
using test::RecordingHost;
using test::sent;
using Lines = std::vector<std::string>;

std::string table(const std::string& entries) {
    return long_text(entries);
}
std::string text_entry(std::string_view name, std::string_view value) {
    return short_text(name) + "S" + long_text(value);
}

std::string start() {
    return method(0, 10, 10,
                  u8(0) + u8(9) + table(text_entry("product", "RabbitMQ") + text_entry("version", "3.10.8")) +
                      long_text("PLAIN AMQPLAIN") + long_text("en_US"));
}
std::string start_ok(std::string_view mechanism, const std::string& response) {
    return method(0, 10, 11, table("") + short_text(mechanism) + long_text(response) + short_text("en_US"));
}
std::string tune(unsigned method_id) {
    return method(0, 10, method_id, u16(2047) + u32(131072) + u16(60));
}

/// From login to the end: queues, publications, deliveries with and without acknowledgement, contents of two
/// channels within each other.
test::ParserExample work() {
    const std::string properties = u16(1U << 15U | 1U << 13U) + short_text("text/plain") +
                                   table(text_entry("trace", "abc") + short_text("n") + "I" + u32(7));
    const std::string published = publish(1, "logs", "a.b");
    return {
        {sent(kProtocol), received(start()), sent(start_ok("PLAIN", std::string("\0guest\0secret", 13))),
         received(tune(30)), sent(tune(31) + method(0, 10, 40, short_text("/") + short_text("") + u8(0))),
         received(method(0, 10, 41, short_text(""))), sent(method(1, 20, 10, short_text(""))),
         received(method(1, 20, 11, long_text(""))), sent(method(2, 20, 10, short_text(""))),
         received(method(2, 20, 11, long_text(""))),
         sent(method(1, 50, 10, u16(0) + short_text("q") + u8(2) + table(""))),
         received(method(1, 50, 11, short_text("q") + u32(0) + u32(0)) + heartbeat()),
         sent(method(1, 50, 20,
                     u16(0) + short_text("q") + short_text("logs") + short_text("a.*") + u8(0) + table(""))),
         received(method(1, 50, 21)),
         // The body of one between method and header of the other.
         sent(published + publish(2, "", "q") + header(1, 10, properties) + body(1, "hello") + header(2, 0) +
              body(1, "world")),
         sent(consume(1, "q", "", false) + consume(2, "q", "free", true)),
         received(consume_ok(1, "ctag-1") + consume_ok(2, "free")),
         received(deliver(1, "ctag-1", 1, "q") + content(1, "one") + deliver(2, "free", 1, "q") +
                  content(2, "two") + deliver(1, "ctag-1", 2, "q") + content(1, "") +
                  deliver(1, "ctag-1", 3, "q") + content(1, "three")),
         sent(ack(1, 2, true) + method(1, 60, 90, u64(3) + u8(1))),
         sent(method(1, 60, 70, u16(0) + short_text("q") + u8(1))),
         received(method(1, 60, 71, u64(4) + u8(0) + short_text("") + short_text("q") + u32(5)) +
                  content(1, "got")),
         sent(method(1, 60, 70, u16(0) + short_text("q") + u8(1)) + heartbeat()),
         received(method(1, 60, 72, short_text(""))),
         sent(method(2, 50, 10, u16(0) + short_text("nosuch") + u8(1) + table(""))),
         received(close(2, 404, "NOT_FOUND - no queue 'nosuch'", 50, 10)), sent(close_ok(2)),
         sent(close(0, 200, "bye")), received(close_ok(0))},
        {"AMQP 0-9-1 -> connection.start RabbitMQ 3.10.8",
         "connection.start-ok PLAIN as guest -> connection.tune",
         "connection.tune-ok -> (no response wanted)",
         "connection.open / -> connection.open-ok",
         "channel.open -> channel.open-ok",
         "channel.open -> channel.open-ok",
         "queue.declare q -> queue.declare-ok q, 0 messages, 0 consumers",
         "queue.bind q to logs/a.* -> queue.bind-ok",
         "basic.publish q -> (no response wanted)",
         "basic.publish logs/a.b -> (no response wanted)",
         "basic.consume q -> basic.consume-ok ctag-1",
         "basic.consume q without ack -> basic.consume-ok free",
         " <- basic.deliver q",
         "basic.ack 2 and before <- basic.deliver q",
         "basic.ack 2 and before <- basic.deliver q",
         "basic.reject 3 requeue <- basic.deliver q",
         "basic.get q -> basic.get-ok q, 5 more",
         "basic.get q -> basic.get-empty",
         "queue.declare nosuch -> channel.close 404 NOT_FOUND - no queue 'nosuch'",
         "channel.close-ok <- channel.close 404 NOT_FOUND - no queue 'nosuch'",
         "connection.close 200 bye -> connection.close-ok"}};
}

/// Confirmations, one for many and negative ones; what comes back; calls and their replies from both ends.
test::ParserExample confirms() {
    const std::string select = method(1, 85, 10, u8(0));
    return {
        {sent(kProtocol),
         received(start()),
         sent(method(1, 20, 10, short_text(""))),
         received(method(1, 20, 11, long_text(""))),
         sent(publish(1, "", "before") + content(1, "0") + select),
         received(method(1, 85, 11)),
         sent(publish(1, "", "a") + content(1, "1") + publish(1, "", "b") + content(1, "2") +
              publish(1, "", "c", 1) + content(1, "3")),
         received(ack(1, 2, true) +
                  method(1, 60, 50, u16(312) + short_text("NO_ROUTE") + short_text("") + short_text("c")) +
                  content(1, "3") + ack(1, 3)),
         sent(publish(1, "", "d") + content(1, "4")),
         received(method(1, 60, 120, u64(4) + u8(0))),
         sent(consume(1, "amq.rabbitmq.reply-to", "me", true)),
         received(consume_ok(1, "me")),
         sent(publish(1, "", "work") + content(1, "2+2", call("id-1", "amq.rabbitmq.reply-to"))),
         received(ack(1, 5) + deliver(1, "me", 1, "amq.rabbitmq.reply-to.x") +
                  content(1, "4", reply("id-1"))),
         sent(consume(1, "jobs", "worker", false)),
         received(consume_ok(1, "worker")),
         received(deliver(1, "worker", 2, "jobs") + content(1, "3+3", call("id-9", "back"))),
         sent(publish(1, "", "back") + content(1, "6", reply("id-9")) + ack(1, 2)),
         received(ack(1, 6)),
         sent(close(1, 200, "done")),
         received(close_ok(1))},
        {"AMQP 0-9-1 -> connection.start RabbitMQ 3.10.8", "channel.open -> channel.open-ok",
         "basic.publish before -> (no response wanted)", "confirm.select -> confirm.select-ok",
         "basic.publish a -> basic.ack 2 and before", "basic.publish b -> basic.ack 2 and before",
         " <- basic.return 312 NO_ROUTE", "basic.publish c -> basic.ack 3", "basic.publish d -> basic.nack 4",
         "basic.consume amq.rabbitmq.reply-to without ack -> basic.consume-ok me",
         "basic.publish work -> basic.deliver amq.rabbitmq.reply-to.x",
         "basic.consume jobs -> basic.consume-ok worker", "basic.ack 2 <- basic.deliver jobs",
         "basic.publish back -> basic.ack 6", "channel.close 200 done -> channel.close-ok"}};
}

TEST(AmqpParser, ReadsAllMethodsHoweverTheyAreCut) {
    test::expect_however_cut(create_amqp, work());
}

TEST(AmqpParser, ReadsConfirmsAndCallsHoweverTheyAreCut) {
    test::expect_however_cut(create_amqp, confirms());
}

TEST(AmqpParser, SaysAllThatMethodsHave) {
    RecordingHost host;
    ASSERT_TRUE(host.run(create_amqp, work().conversation));
    EXPECT_EQ(host.fields(0),
              "request{method=\"protocol-header\"} response{method=\"connection.start\" channel_number=0 "
              "version_major=0 version_minor=9 server_properties[{name=\"product\" value=\"RabbitMQ\"} "
              "{name=\"version\" value=\"3.10.8\"}] mechanisms=\"PLAIN AMQPLAIN\" locales=\"en_US\"}");
    EXPECT_EQ(host.fields(9),
              "request{method=\"basic.publish\" channel_number=1 exchange=\"logs\" routing_key=\"a.b\" "
              "mandatory=false immediate=false body_size_bytes=10 properties{content_type=\"text/plain\" "
              "headers[{name=\"trace\" value=\"abc\"} {name=\"n\" value=7}]} payload=(10 0 \"helloworld\")}");
    EXPECT_EQ(test::render_facts(*host.emitted[9].exchange), "basic.publish logs/a.b ok 10/0");
    EXPECT_EQ(test::render_facts(*host.emitted[15].exchange),
              "basic.deliver q client_error basic.reject 0/5");
    EXPECT_EQ(test::render_facts(*host.emitted[18].exchange), "queue.declare nosuch client_error 404 0/0");
}

TEST(AmqpParser, PairsCallsWithReplies) {
    RecordingHost host;
    ASSERT_TRUE(host.run(create_amqp, confirms().conversation));
    const std::string call = host.fields(10);
    EXPECT_NE(call.find("confirmation=\"basic.ack\""), std::string::npos) << call;
    EXPECT_NE(call.find("payload=(3 0 \"2+2\")"), std::string::npos) << call;
    EXPECT_NE(call.find("payload=(1 0 \"4\")"), std::string::npos) << call;
    EXPECT_NE(host.fields(13).find("in_reply_to{delivery_tag=2 after_ms=1"), std::string::npos)
        << host.fields(13);
    EXPECT_EQ(test::render_facts(*host.emitted[7].exchange), "basic.publish c client_error basic.return 1/0");
    EXPECT_EQ(test::render_facts(*host.emitted[8].exchange), "basic.publish d server_error basic.nack 1/0");
}

TEST(AmqpParser, HidesSecretsUnlessToldOtherwise) {
    const Conversation login{sent(kProtocol),
                             received(start()),
                             sent(start_ok("PLAIN", std::string("\0guest\0secret", 13))),
                             received(method(0, 10, 20, long_text("secret challenge"))),
                             sent(method(0, 10, 21, long_text("secret response"))),
                             received(tune(30)),
                             sent(method(0, 10, 70, long_text("secret token") + short_text("old"))),
                             received(method(0, 10, 71))};
    for (const bool show : {false, true}) {
        ParserLimits limits;
        limits.show_secrets = show;
        RecordingHost host;
        ASSERT_TRUE(host.run(create_amqp, login, limits));
        const std::string all = host.everything();
        for (const std::string_view secret :
             {"guest\\x00secret", "secret challenge", "secret response", "secret token"}) {
            EXPECT_EQ(all.find(secret) != std::string::npos, show) << secret << all;
        }
        EXPECT_EQ(host.lines()[1], "connection.start-ok PLAIN as guest -> connection.secure");
    }
}

/// Acknowledgements and deliveries stand alone where what they are of was not seen.
bool stands_alone(const std::string& line) {
    return line.find("not seen)") != std::string::npos || line.starts_with("basic.ack") ||
           line.starts_with("basic.reject") || line.starts_with(" <- basic.") ||
           line == "basic.publish work -> basic.ack 5";  // nobody saw who waits for the reply
}
bool joins_alone(const std::string& line) {
    return stands_alone(line) || line.find("(no response wanted)") != std::string::npos;
}

TEST(AmqpParser, NeverInventsAnythingAfterAGap) {
    test::expect_no_inventions(create_amqp, work(), {1, 9, 40}, stands_alone);
    test::expect_no_inventions(create_amqp, confirms(), {1, 9, 40}, stands_alone);
}

TEST(AmqpParser, JoinsAfterEveryMessage) {
    test::expect_joins(create_amqp, work(), 0, joins_alone);
    test::expect_joins(create_amqp, confirms(), 0, joins_alone);
}

TEST(AmqpParser, LearnsWhetherAConsumerAcknowledges) {
    RecordingHost host;
    host.info.midstream = true;
    host.info.role = Role::client;
    ASSERT_TRUE(
        host.run(create_amqp, {received(deliver(1, "c", 7, "q") + content(1, "seven")), sent(ack(1, 7)),
                               received(deliver(1, "c", 8, "q") + content(1, "eight")), sent(ack(1, 8)),
                               sent(publish(1, "", "x") + content(1, "")), received(ack(1, 99))}));
    EXPECT_EQ(host.lines(), (Lines{"(consumer not seen) <- basic.deliver q",
                                   "basic.ack 7 -> (no response wanted)", "basic.ack 8 <- basic.deliver q",
                                   "basic.publish x -> (confirm mode not seen)", " <- basic.ack 99"}));
}

TEST(AmqpParser, SaysWhatIsUnanswered) {
    RecordingHost host;
    ASSERT_TRUE(host.run(
        create_amqp,
        {sent(kProtocol), received(start()), sent(method(1, 20, 10, short_text(""))),
         received(method(1, 20, 11, long_text(""))), sent(method(1, 85, 10, u8(1))),
         sent(consume(1, "q", "c", false)), received(consume_ok(1, "c")),
         sent(publish(1, "", "x") + content(1, "1")), received(deliver(1, "c", 1, "q") + content(1, "2")),
         sent(consume(1, "answers", "r", true)), received(consume_ok(1, "r")),
         sent(publish(1, "", "y") + content(1, "3", call("7", "answers"))), received(ack(1, 2)),
         sent(publish(1, "", "z") + header(1, 100) + body(1, "not all"))}));
    const Lines lines = host.lines();
    EXPECT_EQ(Lines(lines.begin() + 2, lines.end()),
              (Lines{"confirm.select -> (no response wanted)", "basic.consume q -> basic.consume-ok c",
                     "basic.consume answers without ack -> basic.consume-ok r",
                     " <- basic.deliver q !no response", "basic.publish x ->  !no response",
                     "basic.publish z ->  !no response", "basic.publish y ->  !no response"}));
    EXPECT_NE(host.fields(7).find("payload=(7 0 \"not all\")"), std::string::npos) << host.fields(7);
}

TEST(AmqpParser, KeepsItsPlaceInABodyWithAGap) {
    RecordingHost host;
    const auto parser = create_amqp(host, {});
    const std::string message = publish(1, "", "q") + content(1, std::string(1000, 'p'));
    parser->feed(Direction::sent, kProtocol, {});
    parser->feed(Direction::received, start(), {});
    parser->feed(Direction::sent, method(1, 20, 10, short_text("")), {});
    parser->feed(Direction::sent, message.substr(0, 100), {});
    parser->gap(Direction::sent, 500, {});
    parser->feed(Direction::sent, message.substr(600) + method(1, 90, 10), {});
    parser->feed(Direction::received, method(1, 20, 11, long_text("")) + method(1, 90, 11), {});
    parser->finish({});
    EXPECT_EQ(host.lines(), (Lines{"AMQP 0-9-1 -> connection.start RabbitMQ 3.10.8",
                                   "basic.publish q -> (no response wanted) !gap in stream",
                                   "channel.open -> channel.open-ok", "tx.select -> tx.select-ok"}));
    EXPECT_NE(host.fields(1).find("payload=(1000 500"), std::string::npos) << host.fields(1);
}

TEST(AmqpParser, RefusesOtherVersions) {
    for (const std::string& header : {std::string("AMQP\0\1\0\0", 8), std::string("AMQP\3\1\0\0", 8)}) {
        RecordingHost host;
        EXPECT_FALSE(host.run(create_amqp, {sent(header)}));
    }
}

TEST(AmqpParser, BoundsWhatWaits) {
    ParserLimits limits;
    limits.max_pending = 8;
    RecordingHost host;
    const auto parser = create_amqp(host, limits);
    parser->feed(Direction::sent, kProtocol, {});
    parser->feed(Direction::received, start(), {});
    std::size_t most = 0;
    for (unsigned n = 1; n < 3000; ++n) {
        const unsigned channel = 1 + n % 40;
        parser->feed(Direction::sent,
                     n < 60 ? method(channel, 20, 10, short_text("")) + method(channel, 85, 10, u8(1))
                            : publish(channel, "", std::to_string(n)) + content(channel, "x"),
                     {});
        parser->feed(Direction::received, deliver(channel, std::to_string(n), n, "q") + header(channel, 9),
                     {});
        most = std::max(most, parser->held());
    }
    EXPECT_LT(most, 1'500'000U);
    EXPECT_GT(host.emitted.size(), 2500U);
    EXPECT_GT(parser->give_up(10'000'000), 0U);
    parser->finish({});
}

}  // namespace
}  // namespace sslsniff
