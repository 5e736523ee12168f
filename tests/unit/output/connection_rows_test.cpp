#include "output/text/connection_rows.h"

#include <gtest/gtest.h>

#include <string>

#include "support/sample_connection.h"

namespace sslsniff {
namespace {

using test::at_us;

/// The row of one connection.
std::string row(const ConnectionInfo& connection, CloseReason reason, std::string protocol,
                const StreamTotals& sent, const StreamTotals& received) {
    MemoryOutputStream out;
    ConnectionRows rows(out, {});
    const std::size_t heading = out.bytes().size();
    rows.on_connection({connection, at_us(80'000), reason, std::move(protocol), 1, sent, received});
    return std::string(out.bytes().substr(heading));
}

/// Of a connection that was closed in order after one transaction.
ConnectionRecord http2(const ConnectionInfo& connection) {
    return {connection,
            at_us(80'000),
            CloseReason::socket_closed,
            "h2",
            1,
            {.bytes = 1234, .missing = 0, .gaps = 0, .first_bytes = ""},
            {.bytes = 45, .missing = 0, .gaps = 0, .first_bytes = ""}};
}

TEST(ConnectionRows, StandUnderTheirHeading) {
    ConnectionInfo connection = test::sample_connection();
    connection.endpoints.connect_time = std::chrono::microseconds(12'345);
    connection.remote_name = "example.com";
    MemoryOutputStream out;
    ConnectionRows rows(out, {});
    rows.on_connection(http2(connection));
    EXPECT_EQ(
        std::string(out.bytes()),
        "OPENED          PROCESS              LOCAL                   REMOTE                PROTOCOL         "
        "  SENT   RECV CONNECT  LASTED  END       NAME\n"
        "12:00:01.123456 curl[4242]           10.0.0.5:51234        > 93.184.216.34:443     TLSv1.3 h2       "
        "  1.2k     45  12.3ms  80.0ms  closed    example.com\n");
}

TEST(ConnectionRows, FitTheTerminal) {
    ConnectionInfo connection = test::sample_connection();
    connection.remote_name = std::string(100, 'n');
    for (const auto& [columns, expected] : {
             std::pair<std::size_t, std::string>{120,
                                                 "OPENED   PROCESS        LOCAL    REMOTE                "
                                                 "PROTOCOL       SENT   RECV CONNECT  LASTED  END"
                                                 "       NAME\n"
                                                 "12:00:01 curl[4242]     :51234 > 93.184.216.34:443     "
                                                 "TLSv1.3 h2     1.2k     45       -  80.0ms  "
                                                 "closed    nnnnnnnnnn…\n"},
             {80,
              "OPENED   PROCESS      REMOTE                PROTOCOL    SENT   RECV  LASTED  EN…\n"
              "12:00:01 curl[4242] > 93.184.216.34:443     TLSv1.3 h2   1.2k     45  80.0ms  c…\n"},
         }) {
        MemoryOutputStream out;
        TextOptions options;
        options.columns = [width = columns] { return width; };
        ConnectionRows rows(out, options);
        rows.on_connection(http2(connection));
        EXPECT_EQ(std::string(out.bytes()), expected);
    }
}

TEST(ConnectionRows, SayWhatWentWrong) {
    ConnectionInfo connection = test::sample_connection();
    connection.carrier = Carrier::cleartext;
    const std::string refused = row(connection, CloseReason::refused, "", {}, {});
    EXPECT_NE(refused.find(" tcp "), std::string::npos);
    EXPECT_NE(refused.find(" refused\n"), std::string::npos);

    connection.midstream = true;
    const std::string late = row(connection, CloseReason::capture_end, "",
                                 {.bytes = 10, .missing = 4, .gaps = 1, .first_bytes = ""}, {});
    EXPECT_NE(late.find("tcp ?"), std::string::npos);
    EXPECT_NE(late.find("open       [joined mid-stream, 4 missing]\n"), std::string::npos) << late;

    connection = test::sample_connection();
    connection.tls.not_decoded = "no supported library";
    connection.tls.sni = "e\x1b.example";
    const std::string undecoded = row(connection, CloseReason::socket_closed, "", {}, {});
    EXPECT_NE(undecoded.find("     -      -       -"), std::string::npos) << undecoded;
    EXPECT_NE(undecoded.find("closed    e\\x1b.example  [not decoded: no supported library]\n"),
              std::string::npos)
        << undecoded;
}

TEST(ConnectionRows, NameTheRemoteEndOnly) {
    ConnectionInfo connection = test::sample_connection();
    connection.tls.sni = "asked.example";
    connection.role = Role::client;
    EXPECT_NE(row(connection, CloseReason::socket_closed, "h2", {}, {}).find("asked.example\n"),
              std::string::npos);
    connection.role = Role::server;
    EXPECT_EQ(row(connection, CloseReason::socket_closed, "h2", {}, {}).find("asked.example"),
              std::string::npos);
}

}  // namespace
}  // namespace sslsniff
