#include "output/har/har_sink.h"

#include <gtest/gtest.h>

#include "redaction/redacted_exchange.h"
#include "support/conversation.h"
#include "support/fake_exchange.h"
#include "support/flat_json.h"
#include "support/play_into.h"
#include "support/sample_connection.h"

namespace sslsniff {
namespace {

using test::FlatJson;
using test::received;
using test::sent;

using Names = std::initializer_list<const char*>;

/// What HAR 1.2 demands of the object at `path`: names of its strings, numbers, arrays and objects.
void require(const FlatJson& har, const std::string& path, Names strings, Names numbers, Names arrays,
             Names objects) {
    ASSERT_TRUE(har.is_object(path)) << path;
    for (const std::string name : strings) {
        EXPECT_TRUE(har.is_string(path + "." + name)) << path << "." << name;
    }
    for (const std::string name : numbers) {
        EXPECT_TRUE(har.is_number(path + "." + name)) << path << "." << name;
    }
    for (const std::string name : arrays) {
        EXPECT_TRUE(har.is_array(path + "." + name)) << path << "." << name;
    }
    for (const std::string name : objects) {
        EXPECT_TRUE(har.is_object(path + "." + name)) << path << "." << name;
    }
}

std::string element(const std::string& array, std::size_t index) {
    return array + "[" + std::to_string(index) + "]";
}

void check_entry(const FlatJson& har, const std::string& entry) {
    require(har, entry, {"startedDateTime", "connection"}, {"time"}, {},
            {"request", "response", "cache", "timings"});
    require(har, entry + ".request", {"method", "url", "httpVersion"}, {"headersSize", "bodySize"},
            {"cookies", "headers", "queryString"}, {});
    require(har, entry + ".response", {"statusText", "httpVersion", "redirectURL"},
            {"status", "headersSize", "bodySize"}, {"cookies", "headers"}, {"content"});
    require(har, entry + ".response.content", {"mimeType"}, {"size"}, {}, {});
    require(har, entry + ".timings", {}, {"send", "wait", "receive"}, {}, {});
    for (const char* name : {".timings.send", ".timings.wait", ".timings.receive"}) {
        EXPECT_FALSE(har[entry + name].starts_with('-')) << name;
    }
    for (const char* half : {".request.headers", ".response.headers"}) {
        for (std::size_t i = 0; i < har.size(entry + half); ++i) {
            require(har, element(entry + half, i), {"name", "value"}, {}, {}, {});
        }
    }
}

void check_schema(const FlatJson& har) {
    ASSERT_TRUE(har.valid);
    require(har, "log", {"version"}, {}, {"entries"}, {"creator"});
    require(har, "log.creator", {"name", "version"}, {}, {}, {});
    for (std::size_t i = 0; i < har.size("log.entries"); ++i) {
        check_entry(har, element("log.entries", i));
    }
}

FlatJson har_of(const test::Conversation& conversation) {
    MemoryOutputStream out;
    HarSink sink(out);
    test::play_into(sink, conversation);
    return test::parse_json(out.bytes());
}

TEST(HarSink, FulfilsTheSchema) {
    const FlatJson har =
        har_of({sent("POST /a?x=1&y=%20&z HTTP/1.1\r\nHost: h\r\nContent-Type: text/plain\r\nContent-Length: "
                     "2\r\n\r\nhi"),
                received("HTTP/1.1 302 Found\r\nLocation: /b\r\nX: \xff\r\nContent-Length: 4\r\n\r\n\x89PNG"),
                sent("GET /b HTTP/1.1\r\nHost: h\r\n\r\n")});
    check_schema(har);
    ASSERT_EQ(har.size("log.entries"), 2U);
    const std::string first = "log.entries[0].";
    EXPECT_EQ(har[first + "request.url"], "https://h/a?x=1&y=%20&z");
    EXPECT_EQ(har.size(first + "request.queryString"), 3U);
    EXPECT_EQ(har[first + "request.postData.text"], "hi");
    EXPECT_EQ(har[first + "response.status"], "302");
    EXPECT_EQ(har[first + "response.redirectURL"], "/b");
    EXPECT_EQ(har[first + "response.content.encoding"], "base64");
    EXPECT_EQ(har[first + "response.content.text"], "iVBORw==");
    EXPECT_EQ(har["log.entries[1].comment"], "incomplete: no response");
}

TEST(HarSink, IsWholeWithoutTransactions) {
    const FlatJson har = har_of({});
    check_schema(har);
    EXPECT_EQ(har["log.entries"], "[]");
}

/// The body that is shown is made for the moment: nothing may keep a pointer to it.
TEST(HarSink, ShowsBodiesThatWereRedacted) {
    auto exchange = std::make_shared<test::FakeExchange>();
    exchange->fields = [](FieldWriter& writer) {
        Body body;
        body.content_type = "application/json";
        append(body, R"({"password":"hunter2","text":")" + std::string(500, 'x') + R"("})", 1000);
        writer.begin_object("response");
        writer.number("status", 200);
        writer.body("body", body);
        writer.end_object();
    };
    const auto redactor = Redactor::create({});
    ASSERT_TRUE(redactor);
    MemoryOutputStream out;
    HarSink sink(out);
    const ConnectionInfo connection = test::sample_connection();
    sink.on_transaction({connection, {}, {}, std::make_shared<const RedactedExchange>(exchange, **redactor)});
    sink.on_summary({});
    EXPECT_NE(out.bytes().find("<redacted 7 bytes>"), Bytes::npos) << out.bytes();
    EXPECT_EQ(out.bytes().find("hunter2"), Bytes::npos);
}

}  // namespace
}  // namespace sslsniff
