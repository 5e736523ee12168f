#include "filter/where_filter.h"

#include <gtest/gtest.h>

#include <chrono>

#include "protocols/protocol.h"

namespace sslsniff {
namespace {

using namespace std::chrono_literals;

Result<WhereFilter> parse(std::string_view expression) {
    static const FieldTable kFields(protocol_fields());
    return WhereFilter::parse(expression, kFields);
}

/// What an HTTP exchange would say.
class SampleExchange final : public Exchange {
  public:
    std::string_view protocol() const override { return "http/1.1"; }
    Summary summary() const override { return {}; }
    Facts facts() const override { return {}; }
    void write_details(DetailWriter&) const override {}
    std::size_t held() const override { return sizeof(*this); }
    void write_fields(FieldWriter& writer) const override {
        Body body;
        body.size = 1'500'000;
        body.captured = "an error occurred";
        writer.begin_object("request");
        writer.text("method", "GET");
        writer.text("target", "/api/v1/users?id=7");
        writer.begin_array("headers");
        for (const auto& [name, value] :
             {std::pair("Host", "example.com"), {"Accept", "a"}, {"ACCEPT", "b"}}) {
            writer.begin_object({});
            writer.text("name", name);
            writer.text("value", value);
            writer.end_object();
        }
        writer.end_array();
        writer.end_object();
        writer.begin_object("response");
        writer.number("status", 503);
        writer.body("body", body);
        writer.end_object();
    }
};

class Where : public testing::Test {
  protected:
    Where() {
        ProcessInfo process;
        process.key.pid = 42;
        process.comm = "curl";
        info_.process = std::make_shared<ProcessInfo>(process);
        info_.role = Role::client;
        info_.endpoints.local = parse_endpoint("10.0.0.5:50000").value();
        info_.endpoints.remote = parse_endpoint("93.184.216.34:443").value();
        info_.tls.sni = "example.com";
    }
    bool matches(std::string_view expression) const {
        const auto filter = parse(expression);
        EXPECT_TRUE(filter) << (filter ? "" : filter.error().message);
        Timing timing;
        timing.end = timing.start + 250ms;
        const Transaction transaction{info_, timing, {}, std::make_unique<SampleExchange>()};
        return filter && filter->matches(transaction);
    }
    static std::string error(std::string_view expression) {
        const auto filter = parse(expression);
        return filter ? "" : filter.error().message;
    }
    ConnectionInfo info_;
};

TEST_F(Where, Numbers) {
    EXPECT_TRUE(matches("status == 503"));
    EXPECT_TRUE(matches("status = 503"));
    EXPECT_TRUE(matches("status >= 500"));
    EXPECT_FALSE(matches("status > 503"));
    EXPECT_TRUE(matches("status != 200"));
    EXPECT_TRUE(matches("status == 500..599"));
    EXPECT_TRUE(matches("status in (404, 500..599)"));
    EXPECT_FALSE(matches("status in (404, 502)"));
    EXPECT_TRUE(matches("process.pid == 42 and pid < 43"));
}

TEST_F(Where, Units) {
    EXPECT_TRUE(matches("latency > 200ms"));
    EXPECT_FALSE(matches("latency > 0.3s"));
    EXPECT_TRUE(matches("duration <= 250000us"));
    EXPECT_TRUE(matches("response.body.size > 1M"));
    EXPECT_FALSE(matches("response.body.size > 1.5M"));
    EXPECT_TRUE(matches("response.body.size > 1Mi"));
    EXPECT_TRUE(matches("response.body.captured < 1k"));
}

TEST_F(Where, Text) {
    EXPECT_TRUE(matches("method == GET"));
    EXPECT_TRUE(matches("method == \"GET\" and path ~ \"^/api/\""));
    EXPECT_TRUE(matches("path ~ '\\?id=\\d+$'"));
    EXPECT_TRUE(matches("path contains users"));
    EXPECT_FALSE(matches("path !~ users"));
    EXPECT_TRUE(matches("method in (PUT, GET)"));
    EXPECT_TRUE(matches("response.body.text contains error"));
    EXPECT_TRUE(matches("sni == example.com"));
    EXPECT_TRUE(matches("path == \"/api/v1/users?id=7\""));
}

TEST_F(Where, HeaderFieldsByName) {
    EXPECT_TRUE(matches("request.headers.host == example.com"));
    EXPECT_TRUE(matches("request.headers.Host ~ 'com$'"));
    EXPECT_TRUE(matches("request.headers.accept == b"));  // any of them
    EXPECT_FALSE(matches("request.headers.cookie"));
    EXPECT_TRUE(matches("not request.headers.cookie"));
    EXPECT_TRUE(matches("request.headers.host"));
    EXPECT_TRUE(matches("request.headers.name == Host"));
}

TEST_F(Where, Addresses) {
    EXPECT_TRUE(matches("remote == 93.184.216.34"));
    EXPECT_TRUE(matches("local in 10.0.0.0/8"));
    EXPECT_TRUE(matches("local in (192.168.0.0/16, 10.0.0.0/8)"));
    EXPECT_FALSE(matches("local in 11.0.0.0/8"));
    EXPECT_FALSE(matches("local in 2001:db8::/32"));
    EXPECT_TRUE(matches("port == 443"));
}

TEST_F(Where, Logic) {
    EXPECT_TRUE(matches("status == 503 or status == 1 and status == 2"));
    EXPECT_FALSE(matches("(status == 503 or status == 1) and status == 2"));
    EXPECT_TRUE(matches("not status == 200 && !(status == 1) || status == 2"));
    EXPECT_TRUE(matches("not not complete"));
    EXPECT_TRUE(matches("complete == true and midstream == false"));
}

TEST_F(Where, WhatIsMissingComparesFalse) {
    EXPECT_FALSE(matches("command == GET"));
    EXPECT_FALSE(matches("timing.response_start < 1h"));
    EXPECT_TRUE(matches("command != GET"));
}

TEST_F(Where, ConnectionsHaveTheCommonFields) {
    ConnectionRecord record{info_, info_.opened + 1s, CloseReason::freed, "http/1", 3, {}, {}};
    EXPECT_TRUE(parse("comm == curl and duration == 1s")->matches(record));
    EXPECT_FALSE(parse("status == 200")->matches(record));
}

TEST_F(Where, ErrorsShowThePlace) {
    EXPECT_EQ(error("statsu >= 500"),
              "--where: there is no field 'statsu'; is it 'status'?\n"
              "  statsu >= 500\n"
              "  ^~~~~~");
    EXPECT_EQ(error("status >= high"),
              "--where: 'response.status' needs a number\n"
              "  status >= high\n"
              "            ^~~~");
    EXPECT_EQ(error("latency > 200"),
              "--where: 'duration' needs a duration with its unit, like 200ms or 1.5s\n"
              "  latency > 200\n"
              "            ^~~");
    EXPECT_EQ(error("status ~ \"5\""),
              "--where: 'response.status' is a number, but this takes text\n"
              "  status ~ \"5\"\n"
              "         ^");
    EXPECT_EQ(error("path < x"),
              "--where: 'request.target' is text, which has no order\n"
              "  path < x\n"
              "       ^");
}

TEST_F(Where, EveryMistakeIsAnError) {
    for (const std::string expression : {"",
                                         "(",
                                         ")",
                                         "status",
                                         "status ==",
                                         "status == 5 or",
                                         "status == 5 6",
                                         "not",
                                         "== 5",
                                         "status == \"5\"",
                                         "path ~ \"(\"",
                                         "path == \"open",
                                         "status in (5",
                                         "status in (5,",
                                         "status in ()",
                                         "remote == 1.2.3",
                                         "remote in 10.0.0.0/33",
                                         "complete == maybe",
                                         "status == 5)",
                                         "no.such.field.at.all == 1",
                                         "a ^ b",
                                         "request.headers. == x",
                                         "latency > 5parsecs"}) {
        if (expression != "status") {
            EXPECT_NE(error(expression), "") << expression;
        }
    }
    EXPECT_NE(error(std::string(500, '(') + "status"), "");
    EXPECT_NE(error(std::string(70'000, ' ')), "");
}

}  // namespace
}  // namespace sslsniff
