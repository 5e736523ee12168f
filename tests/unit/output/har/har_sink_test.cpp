#include "output/har/har_sink.h"

#include <gtest/gtest.h>
#include <rapidjson/document.h>

#include <array>

#include "stream/connection_table.h"
#include "support/conversation.h"

namespace sslsniff {
namespace {

using rapidjson::Value;
using test::received;
using test::sent;

/// What HAR 1.2 demands of an object: names of its strings, numbers, arrays and objects.
void require(const Value& object, std::initializer_list<const char*> strings,
             std::initializer_list<const char*> numbers, std::initializer_list<const char*> arrays,
             std::initializer_list<const char*> objects) {
    ASSERT_TRUE(object.IsObject());
    for (const char* name : strings) {
        EXPECT_TRUE(object.HasMember(name) && object[name].IsString()) << name;
    }
    for (const char* name : numbers) {
        EXPECT_TRUE(object.HasMember(name) && object[name].IsNumber()) << name;
    }
    for (const char* name : arrays) {
        EXPECT_TRUE(object.HasMember(name) && object[name].IsArray()) << name;
    }
    for (const char* name : objects) {
        ASSERT_TRUE(object.HasMember(name) && object[name].IsObject()) << name;
    }
}

void check_schema(const rapidjson::Document& har) {
    ASSERT_FALSE(har.HasParseError());
    ASSERT_TRUE(har.HasMember("log"));
    require(har["log"], {"version"}, {}, {"entries"}, {"creator"});
    require(har["log"]["creator"], {"name", "version"}, {}, {}, {});
    for (const Value& entry : har["log"]["entries"].GetArray()) {
        require(entry, {"startedDateTime", "connection"}, {"time"}, {},
                {"request", "response", "cache", "timings"});
        require(entry["request"], {"method", "url", "httpVersion"}, {"headersSize", "bodySize"},
                {"cookies", "headers", "queryString"}, {});
        require(entry["response"], {"statusText", "httpVersion", "redirectURL"},
                {"status", "headersSize", "bodySize"}, {"cookies", "headers"}, {"content"});
        require(entry["response"]["content"], {"mimeType"}, {"size"}, {}, {});
        require(entry["timings"], {}, {"send", "wait", "receive"}, {}, {});
        for (const char* name : {"send", "wait", "receive"}) {
            EXPECT_GE(entry["timings"][name].GetDouble(), 0);
        }
        for (const char* half : {"request", "response"}) {
            for (const Value& field : entry[half]["headers"].GetArray()) {
                require(field, {"name", "value"}, {}, {}, {});
            }
        }
    }
}

rapidjson::Document har_of(const test::Conversation& conversation) {
    MemoryOutputStream out;
    HarSink sink(out);
    ConnectionTable table(sink);
    Timestamp time{std::chrono::seconds(1'700'000'000)};
    const ConnectionId id = test::Player::id(1);
    table.on_event(OpenEvent{id, time, Carrier::tls, false, ""});
    std::array<std::uint64_t, 2> positions{};
    for (const test::Piece& piece : conversation) {
        time += std::chrono::milliseconds(1);
        std::uint64_t& at = positions.at(static_cast<std::size_t>(piece.direction));
        table.on_event(DataEvent{id, time, 1, piece.direction, at, piece.octets});
        at += piece.octets.size();
    }
    table.finish(time);
    rapidjson::Document har;
    har.Parse(out.bytes().c_str());
    return har;
}

TEST(HarSink, FulfilsTheSchema) {
    const rapidjson::Document har =
        har_of({sent("POST /a?x=1&y=%20&z HTTP/1.1\r\nHost: h\r\nContent-Type: text/plain\r\nContent-Length: "
                     "2\r\n\r\nhi"),
                received("HTTP/1.1 302 Found\r\nLocation: /b\r\nX: \xff\r\nContent-Length: 4\r\n\r\n\x89PNG"),
                sent("GET /b HTTP/1.1\r\nHost: h\r\n\r\n")});
    check_schema(har);
    const Value& entries = har["log"]["entries"];
    ASSERT_EQ(entries.Size(), 2U);
    EXPECT_STREQ(entries[0]["request"]["url"].GetString(), "https://h/a?x=1&y=%20&z");
    EXPECT_EQ(entries[0]["request"]["queryString"].Size(), 3U);
    EXPECT_STREQ(entries[0]["request"]["postData"]["text"].GetString(), "hi");
    EXPECT_EQ(entries[0]["response"]["status"].GetInt(), 302);
    EXPECT_STREQ(entries[0]["response"]["redirectURL"].GetString(), "/b");
    EXPECT_STREQ(entries[0]["response"]["content"]["encoding"].GetString(), "base64");
    EXPECT_STREQ(entries[0]["response"]["content"]["text"].GetString(), "iVBORw==");
    EXPECT_STREQ(entries[1]["comment"].GetString(), "incomplete: no response");
}

TEST(HarSink, IsWholeWithoutTransactions) {
    const rapidjson::Document har = har_of({});
    check_schema(har);
    EXPECT_EQ(har["log"]["entries"].Size(), 0U);
}

}  // namespace
}  // namespace sslsniff
