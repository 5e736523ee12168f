#include "output/json/json_sink.h"

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <utility>

#include "support/fake_exchange.h"
#include "support/flat_json.h"
#include "support/sample_body.h"
#include "support/sample_connection.h"

namespace sslsniff {
namespace {

using test::at_us;
using test::FlatJson;

class JsonSinkTest : public testing::Test {
  protected:
    /// The only line written, which must be valid.
    FlatJson line() const {
        const Bytes& bytes = out.bytes();
        EXPECT_EQ(bytes.find('\n'), bytes.size() - 1) << bytes;
        FlatJson json = test::parse_json(ByteView(bytes).substr(0, bytes.size() - 1));
        EXPECT_TRUE(json.valid) << bytes;
        EXPECT_EQ(json["schema"], "sslsniff/1");
        return json;
    }
    /// A transaction whose exchange writes `fields`.
    FlatJson with_fields(std::function<void(FieldWriter&)> fields) {
        auto exchange = std::make_unique<test::FakeExchange>();
        exchange->fields = std::move(fields);
        sink.on_transaction({connection, {at_us(0), {}, {}, {}}, {}, std::move(exchange)});
        return line();
    }

    MemoryOutputStream out;
    JsonSink sink{out};
    ConnectionInfo connection = test::sample_connection();
};

TEST_F(JsonSinkTest, Transaction) {
    connection.tls.sni = "example.com";
    connection.tls.offered_alpn = {"h2", "\xff"};
    connection.tls.handshake = std::chrono::nanoseconds(2'100'999);
    connection.endpoints.socket_cookie = ~0ULL;
    auto exchange = std::make_unique<test::FakeExchange>();
    exchange->fields = [](FieldWriter& writer) {
        writer.begin_object("request");
        writer.text("method", "GET");
        writer.begin_array("headers");
        writer.begin_object({});
        writer.text("name", "Host");
        writer.end_object();
        writer.end_array();
        writer.number("half", 0.5);
        writer.null("nothing");
        writer.boolean("yes", true);
        writer.end_object();
    };
    sink.on_transaction(
        {connection,
         {at_us(0), at_us(5), at_us(1000), at_us(12'345)},
         {.complete = false, .missing_bytes = 7, .joined_midstream = true, .reason = "gap in body"},
         std::move(exchange)});
    const FlatJson json = line();
    EXPECT_EQ(json["type"], "transaction");
    EXPECT_EQ(json["time"], "2026-01-31T12:00:01.123456789Z");
    EXPECT_EQ(json["duration_us"], "12345");
    EXPECT_EQ(json["protocol"], "http/1.1");
    EXPECT_EQ(json["process.pid"], "4242");
    EXPECT_EQ(json["process.uid"], "1000");
    EXPECT_FALSE(json.has("process.container_id"));
    EXPECT_EQ(json["connection.id"], "4242.17");
    EXPECT_EQ(json["connection.local.address"], "10.0.0.5");
    EXPECT_EQ(json["connection.remote.port"], "443");
    EXPECT_EQ(json["connection.socket_cookie"], "18446744073709551615");
    EXPECT_EQ(json["connection.tls.offered_alpn[0]"], "h2");
    EXPECT_EQ(json["connection.tls.offered_alpn[1].base64"], "/w==");
    EXPECT_EQ(json["connection.tls.handshake_us"], "2100");
    EXPECT_EQ(json["request.headers[0].name"], "Host");
    EXPECT_EQ(json["request.half"], "0.5");
    EXPECT_EQ(json["request.nothing"], "null");
    EXPECT_EQ(json["timing.request_end_us"], "5");
    EXPECT_EQ(json["timing.response_start_us"], "1000");
    EXPECT_EQ(json["integrity.complete"], "false");
    EXPECT_EQ(json["integrity.missing_bytes"], "7");
    EXPECT_EQ(json["integrity.reason"], "gap in body");
}

TEST_F(JsonSinkTest, WhatIsUnknownIsLeftOut) {
    connection.endpoints = {};
    connection.tls = {};
    connection.correlation = Correlation::none;
    const FlatJson json = with_fields(nullptr);
    EXPECT_FALSE(json.has("duration_us"));
    EXPECT_FALSE(json.has("connection.local.address"));
    EXPECT_EQ(json["connection.correlation"], "none");
    EXPECT_EQ(json["connection.tls"], "{}");
    connection.carrier = Carrier::cleartext;
    MemoryOutputStream second;
    JsonSink(second).on_connection({connection, at_us(1), CloseReason::freed, "", 0, {}, {}});
    EXPECT_EQ(second.bytes().find("\"tls\":{"), Bytes::npos);
}

TEST_F(JsonSinkTest, EveryByteSurvives) {
    std::string all;
    for (int byte = 0; byte < 256; ++byte) {
        all += static_cast<char>(byte);
    }
    const FlatJson json = with_fields([&](FieldWriter& writer) {
        writer.text("ascii", all.substr(0, 128));
        writer.text("broken", all);
        writer.text("utf8", "gr\xc3\xbc\xc3\x9f \xe2\x80\xae\xc2\x9b \xf0\x9f\x98\x80");
        writer.begin_array("list");
        writer.text({}, "\xff");
        writer.text({}, "ok");
        writer.text({}, "\xfe");
        writer.end_array();
    });
    EXPECT_EQ(json["ascii"], all.substr(0, 128));
    EXPECT_FALSE(json.has("ascii_base64"));
    EXPECT_EQ(json["broken_base64"].substr(0, 8), "AAECAwQF");
    EXPECT_NE(json["broken"].find("~\x7f\xef\xbf\xbd"), std::string::npos);
    EXPECT_EQ(json["utf8"], "gr\xc3\xbc\xc3\x9f \xe2\x80\xae\xc2\x9b \xf0\x9f\x98\x80");
    EXPECT_EQ(json["list[0].base64"], "/w==");
    EXPECT_EQ(json["list[1]"], "ok");
    EXPECT_EQ(json["list[2].base64"], "/g==");
    for (const char c : out.bytes().substr(0, out.bytes().size() - 1)) {
        EXPECT_TRUE(static_cast<unsigned char>(c) >= 0x20 && c != 0x7f);
    }
    EXPECT_EQ(out.bytes().find("\xc2\x9b"), Bytes::npos) << "C1 controls drive terminals too";
    EXPECT_EQ(out.bytes().find("\xe2\x80\xae"), Bytes::npos);
}

TEST_F(JsonSinkTest, EscapesAtEveryPositionOfAWord) {
    const FlatJson json = with_fields([](FieldWriter& writer) {
        for (const char c : {'"', '\\', '\n', '\x7f', '\x1f', '\0'}) {
            for (std::size_t at = 0; at < 19; ++at) {
                std::string text(19, ' ');
                text[at] = c;
                writer.text(std::to_string(static_cast<int>(c)) + "_" + std::to_string(at), text);
            }
        }
    });
    for (const char c : {'"', '\\', '\n', '\x7f', '\x1f', '\0'}) {
        for (std::size_t at = 0; at < 19; ++at) {
            std::string text(19, ' ');
            text[at] = c;
            EXPECT_EQ(json[std::to_string(static_cast<int>(c)) + "_" + std::to_string(at)], text);
        }
    }
}

TEST_F(JsonSinkTest, NumbersThatJsonCannotHoldAreNull) {
    const FlatJson json = with_fields([](FieldWriter& writer) {
        writer.number("nan", std::numeric_limits<double>::quiet_NaN());
        writer.number("infinity", std::numeric_limits<double>::infinity());
        writer.number("least", std::numeric_limits<std::int64_t>::min());
    });
    EXPECT_EQ(json["nan"], "null");
    EXPECT_EQ(json["infinity"], "null");
    EXPECT_EQ(json["least"], "-9223372036854775808");
}

TEST_F(JsonSinkTest, Bodies) {
    const FlatJson json = with_fields([](FieldWriter& writer) {
        writer.body("empty", {});
        writer.body("text", test::sample_body(4, "\xc3\xbc\n\t"));
        writer.body("binary", test::sample_body(2, "\xff\xd8"));
        writer.body("cut", test::sample_body(100, "ab\xe2\x82"));
        writer.body("whole", test::sample_body(4, "ab\xe2\x82"));
        writer.body("gap", test::sample_body(10, "abc", "", "", 5));
        writer.text("after", "x");
    });
    EXPECT_EQ(json["empty.size"], "0");
    EXPECT_EQ(json["empty.captured"], "0");
    EXPECT_FALSE(json.has("empty.text"));
    EXPECT_EQ(json["text.text"], "\xc3\xbc\n\t");
    EXPECT_EQ(json["binary.base64"], "/9g=");
    EXPECT_FALSE(json.has("binary.text"));
    EXPECT_EQ(json["binary.captured"], "2");
    EXPECT_EQ(json["cut.text"], "ab") << "the end of the captured part is not the end of the body";
    EXPECT_EQ(json["cut.captured"], "2");
    EXPECT_EQ(json["cut.truncated"], "true");
    EXPECT_EQ(json["whole.base64"], "YWLigg==");
    EXPECT_FALSE(json.has("whole.truncated"));
    EXPECT_EQ(json["gap.missing"], "5");
    EXPECT_EQ(json["after"], "x");
}

TEST_F(JsonSinkTest, Connection) {
    sink.on_connection({connection,
                        at_us(3),
                        CloseReason::reset,
                        "",
                        0,
                        {.bytes = 8, .missing = 1, .gaps = 2, .first_bytes = "NICK x\r\n"},
                        {.bytes = 3, .missing = 0, .gaps = 0, .first_bytes = "\xff\xfe\xfd"}});
    const FlatJson json = line();
    EXPECT_EQ(json["type"], "connection");
    EXPECT_EQ(json["duration_us"], "3");
    EXPECT_EQ(json["reason"], "reset");
    EXPECT_EQ(json["transactions"], "0");
    EXPECT_EQ(json["sent.bytes"], "8");
    EXPECT_EQ(json["sent.missing"], "1");
    EXPECT_EQ(json["sent.gaps"], "2");
    EXPECT_EQ(json["sent.first_bytes.text"], "NICK x\r\n");
    EXPECT_EQ(json["received.first_bytes.base64"], "//79");
    EXPECT_FALSE(json.has("protocol"));
}

TEST_F(JsonSinkTest, Loss) {
    sink.on_loss({at_us(0), LossCause::map_full, 3, 49152});
    EXPECT_EQ(out.bytes(),
              "{\"schema\":\"sslsniff/1\",\"type\":\"loss\",\"time\":\"2026-01-31T12:00:01.123456789Z\","
              "\"cause\":\"map_full\",\"events\":3,\"bytes\":49152}\n");
}

TEST_F(JsonSinkTest, Summary) {
    CaptureSummary summary;
    summary.started = at_us(0);
    summary.ended = at_us(9);
    summary.transactions = 12;
    summary.losses = {{LossCause::fault, 1, 2}, {LossCause::unknown, 3, 4}};
    sink.on_summary(summary);
    const FlatJson json = line();
    EXPECT_EQ(json["duration_us"], "9");
    EXPECT_EQ(json["transactions"], "12");
    EXPECT_EQ(json["losses[1].cause"], "unknown");
    EXPECT_EQ(json["losses[1].bytes"], "4");
}

TEST_F(JsonSinkTest, SummaryOfNothingHasNoTime) {
    sink.on_summary({});
    const FlatJson json = line();
    EXPECT_FALSE(json.has("time"));
    EXPECT_EQ(json["losses"], "[]");
}

}  // namespace
}  // namespace sslsniff
