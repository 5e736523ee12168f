#include <gtest/gtest.h>

#include "support/conversation.h"

namespace sslsniff {
namespace {

using test::play;
using test::Player;
using test::received;
using test::sent;
using Lines = std::vector<std::string>;

TEST(Http1, RequestAndResponse) {
    const auto sink = play({sent("GET /x?y=1 HTTP/1.1\r\nHost: example.com\r\nAccept: */*\r\n\r\n"),
                            received("HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: "
                                     "5\r\n\r\nhello")});
    EXPECT_EQ(sink.lines, Lines{"http/1.1 GET https://example.com/x?y=1 -> 200 OK (0/5)"});
    EXPECT_EQ(sink.fields,
              Lines{R"(request{method="GET" target="/x?y=1" url="https://example.com/x?y=1" )"
                    R"(host="example.com" version="HTTP/1.1" headers[{name="Host" value="example.com"} )"
                    R"({name="Accept" value="*/*"}] body=(0 0 "")} )"
                    R"(response{status=200 reason="OK" headers[{name="Content-Type" value="text/plain"} )"
                    R"({name="Content-Length" value="5"}] body=(5 0 "hello")})"});
    EXPECT_EQ(sink.details, Lines{"> GET /x?y=1 HTTP/1.1\n> Host: example.com\n> Accept: */*\n"
                                  "< HTTP/1.1 200 OK\n< Content-Type: text/plain\n< Content-Length: 5\n"
                                  "< [5] hello\n"});
    EXPECT_EQ(sink.roles.at(0), Role::client);
    EXPECT_EQ(sink.connections.at(0).protocol, "http/1.1");
    EXPECT_EQ(sink.connections.at(0).transactions, 1U);
}

}  // namespace
}  // namespace sslsniff
