#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cstring>
#include <memory>
#include <string>
#include <vector>

#include "output/metrics/metrics_output.h"
#include "output/metrics/metrics_text.h"
#include "output/metrics/page_server.h"
#include "support/fake_exchange.h"
#include "support/sample_connection.h"

namespace sslsniff {
namespace {

using test::at_us;

class MetricsTest : public testing::Test {
  protected:
    void transaction(const std::string& comm, Outcome outcome = Outcome::ok, std::int64_t us = 1500) {
        ProcessInfo process = *connection_.process;
        process.comm = comm;
        connection_.process = std::make_shared<ProcessInfo>(process);
        auto exchange = std::make_unique<test::FakeExchange>();
        exchange->name = "fake";
        exchange->said.outcome = outcome;
        exchange->said.request_bytes = 10;
        exchange->said.response_bytes = 20;
        counts_.on_transaction({connection_, {at_us(0), {}, {}, at_us(us)}, {}, std::move(exchange)});
    }
    std::string text() const { return metrics_text(counts_, {}); }
    bool has(const std::string& line) const {
        return ("\n" + text()).find("\n" + line + "\n") != std::string::npos;
    }

    MetricsSink counts_;
    ConnectionInfo connection_ = test::sample_connection();
};

TEST_F(MetricsTest, CountsByLabels) {
    transaction("nginx");
    transaction("nginx", Outcome::ok, 2'000'000);
    transaction("nginx", Outcome::server_error);
    const std::string labels = R"({protocol="fake",process="nginx",role=")" +
                               std::string(to_string(connection_.role)) + R"(",outcome="ok")";
    EXPECT_TRUE(has("sslsniff_transactions_total" + labels + "} 2")) << text();
    EXPECT_TRUE(has("sslsniff_transaction_payload_bytes_total" + labels + R"(,part="request"} 20)"))
        << text();
    EXPECT_TRUE(has("sslsniff_transaction_duration_seconds_bucket" + labels + R"(,le="0.001"} 0)"));
    EXPECT_TRUE(has("sslsniff_transaction_duration_seconds_bucket" + labels + R"(,le="0.005"} 1)"));
    EXPECT_TRUE(has("sslsniff_transaction_duration_seconds_bucket" + labels + R"(,le="2.5"} 2)"));
    EXPECT_TRUE(has("sslsniff_transaction_duration_seconds_bucket" + labels + R"(,le="+Inf"} 2)"));
    EXPECT_TRUE(has("sslsniff_transaction_duration_seconds_sum" + labels + "} 2.0015")) << text();
    EXPECT_NE(text().find(R"(outcome="server_error"} 1)"), std::string::npos);
}

TEST_F(MetricsTest, TimesOnABoundAreInItsBucket) {
    DurationHistogram histogram;
    histogram.observe(0);
    histogram.observe(0.001);
    histogram.observe(30);
    histogram.observe(31);
    EXPECT_EQ(histogram.buckets.front(), 2U);
    EXPECT_EQ(histogram.buckets.back(), 1U);
    EXPECT_EQ(histogram.count, 4U);
}

TEST_F(MetricsTest, WithoutAnEndThereIsNoTime) {
    auto exchange = std::make_unique<test::FakeExchange>();
    Integrity cut;
    cut.complete = false;
    counts_.on_transaction({connection_, {at_us(0), {}, {}, {}}, cut, std::move(exchange)});
    const auto& series = counts_.series().begin()->second;
    EXPECT_EQ(series.transactions, 1U);
    EXPECT_EQ(series.incomplete, 1U);
    EXPECT_EQ(series.duration.count, 0U);
}

TEST_F(MetricsTest, IsBoundedWhateverProcessesAreCalled) {
    for (std::size_t i = 0; i < 3 * MetricsSink::kMostSeries; ++i) {
        transaction("p" + std::to_string(i));
    }
    transaction("p0");
    EXPECT_EQ(counts_.series().size(), MetricsSink::kMostSeries + 1);
    EXPECT_EQ(counts_.unnamed(), 2 * MetricsSink::kMostSeries);
    EXPECT_NE(text().find(R"(process="other")"), std::string::npos);
    EXPECT_NE(text().find(R"(process="p0",)"), std::string::npos);
}

TEST_F(MetricsTest, LabelsAreSafe) {
    EXPECT_EQ(label_value("a\"b\\c\nd\xff"), R"(a\"b\\c\\x0ad\\xff)");
    transaction("x\"} 1\nevil 1");
    EXPECT_EQ(("\n" + text()).find("\nevil"), std::string::npos);
}

TEST_F(MetricsTest, ConnectionsAndLosses) {
    counts_.on_open({connection_, {}});
    counts_.on_open({connection_, {}});
    counts_.on_open({connection_, {}});
    counts_.on_withdraw(connection_);
    ConnectionRecord record{.connection = connection_,
                            .closed = at_us(5),
                            .reason = CloseReason::reset,
                            .protocol = "h2",
                            .transactions = 1,
                            .sent = {},
                            .received = {}};
    record.sent.bytes = 100;
    record.received.bytes = 50;
    record.received.missing = 7;
    counts_.on_connection(record);
    counts_.on_loss({.time = at_us(6), .cause = LossCause::ring_full, .events = 3, .bytes = 4096});
    counts_.on_loss({.time = at_us(7), .cause = LossCause::ring_full, .events = 1, .bytes = 0});
    EXPECT_TRUE(has("sslsniff_connections_open 1")) << text();
    const std::string labels = R"({protocol="h2",carrier="tls",reason="reset")";
    EXPECT_TRUE(has("sslsniff_connections_closed_total" + labels + "} 1")) << text();
    EXPECT_TRUE(has("sslsniff_connection_bytes_total" + labels + R"(,direction="sent"} 100)"));
    EXPECT_TRUE(has("sslsniff_connection_missing_bytes_total" + labels + "} 7"));
    EXPECT_TRUE(has(R"(sslsniff_lost_events_total{cause="ring_full"} 4)"));
    EXPECT_TRUE(has(R"(sslsniff_lost_bytes_total{cause="ring_full"} 4096)"));
}

TEST_F(MetricsTest, TellsOfTheBufferAndItself) {
    const auto page = metrics_text(
        counts_, {.own = {.cpu_nanoseconds = 1'500'000'000, .resident_bytes = 4096, .open_files = 12},
                  .buffer = BufferUse{.waiting = 10, .size = 64},
                  .maps = {{"connections", 3, 65536}}});
    for (const auto* line :
         {"sslsniff_buffer_waiting_bytes 10\n", "sslsniff_buffer_size_bytes 64\n",
          "sslsniff_map_entries{map=\"connections\"} 3\n",
          "sslsniff_map_max_entries{map=\"connections\"} 65536\n", "process_cpu_seconds_total 1.5\n",
          "process_resident_memory_bytes 4096\n", "process_open_fds 12\n",
          "sslsniff_build_info{version=\"" SSLSNIFF_VERSION "\"} 1\n"}) {
        EXPECT_NE(page.find(line), std::string::npos) << line;
    }
    EXPECT_EQ(text().find("sslsniff_buffer"), std::string::npos) << "a recording has none";
}

/// A client of a server at a port of its own.
class PageServerTest : public testing::Test {
  protected:
    PageServerTest() {
        const auto listening = server_.listen(*parse_endpoint("127.0.0.1:0"));
        EXPECT_TRUE(listening) << listening.error().message;
    }
    UniqueFd connect() const {
        sockaddr_in address{};
        address.sin_family = AF_INET;
        address.sin_port = htons(server_.address().port);
        address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        UniqueFd fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
        EXPECT_EQ(::connect(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address), 0);
        return fd;
    }
    static void send(const UniqueFd& fd, std::string_view bytes) {
        EXPECT_EQ(::send(fd.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL),
                  static_cast<ssize_t>(bytes.size()));
    }
    void serve() {
        server_.serve([this] {
            ++made_;
            return page_;
        });
    }
    /// Everything up to the end, while the server serves.
    std::string answer(const UniqueFd& fd) {
        std::string text;
        for (int idle = 0; idle < 1000;) {
            serve();
            std::array<char, 65536> bytes{};
            const ssize_t size = ::recv(fd.get(), bytes.data(), bytes.size(), MSG_DONTWAIT);
            if (size == 0 || (size < 0 && errno == ECONNRESET)) {
                return text;
            }
            if (size > 0) {
                text.append(bytes.data(), static_cast<std::size_t>(size));
            } else {
                ++idle;
                ::usleep(1000);
            }
        }
        ADD_FAILURE() << "no end: " << text;
        return text;
    }
    std::string ask(std::string_view request) {
        const auto fd = connect();
        send(fd, request);
        return answer(fd);
    }

    PageServer server_{"/metrics", "text/plain"};
    std::string page_ = "page\n";
    int made_ = 0;
};

TEST_F(PageServerTest, AnswersEveryWayOfAsking) {
    const std::string page = ask("GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n");
    EXPECT_TRUE(page.starts_with("HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: 5\r\n"))
        << page;
    EXPECT_TRUE(page.ends_with("\r\n\r\npage\n")) << page;
    EXPECT_TRUE(ask("GET /metrics?x=1 HTTP/1.0\r\n\r\n").starts_with("HTTP/1.1 200"));
    EXPECT_TRUE(ask("HEAD /metrics HTTP/1.1\r\n\r\n").ends_with("\r\n\r\n"));
    EXPECT_TRUE(ask("GET / HTTP/1.1\r\n\r\n").starts_with("HTTP/1.1 404"));
    EXPECT_TRUE(ask("GET /metricsx HTTP/1.1\r\n\r\n").starts_with("HTTP/1.1 404"));
    EXPECT_TRUE(ask("DELETE /metrics HTTP/1.1\r\n\r\n").starts_with("HTTP/1.1 405"));
    EXPECT_TRUE(ask("nonsense\r\n\r\n").starts_with("HTTP/1.1 400"));
    EXPECT_TRUE(ask("GET /metrics HTTP/1.1\r\nX: " + std::string(20'000, 'x')).starts_with("HTTP/1.1 431"));
}

TEST_F(PageServerTest, ARequestMayComeByteByByte) {
    const auto fd = connect();
    for (const char byte : std::string_view("GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n")) {
        send(fd, {&byte, 1});
        serve();
    }
    EXPECT_TRUE(answer(fd).ends_with("page\n"));
    EXPECT_EQ(made_, 1);
}

TEST_F(PageServerTest, APageMayBeMoreThanASocketHolds) {
    page_ = std::string(20'000'000, 'x');
    const auto text = ask("GET /metrics HTTP/1.1\r\n\r\n");
    EXPECT_EQ(text.size() - text.find("\r\n\r\n") - 4, page_.size());
    EXPECT_EQ(made_, 1);
}

TEST_F(PageServerTest, ThoseWhoSayNothingMakeRoom) {
    std::vector<UniqueFd> silent;
    for (std::size_t i = 0; i < 3 * PageServer::kMostClients; ++i) {
        silent.push_back(connect());
        serve();
    }
    EXPECT_TRUE(ask("GET /metrics HTTP/1.1\r\n\r\n").ends_with("page\n"));
    char byte = 0;
    EXPECT_EQ(::recv(silent.front().get(), &byte, 1, MSG_DONTWAIT), 0) << "it was closed";
}

TEST_F(PageServerTest, AClientMayGoAtAnyTime) {
    page_ = std::string(20'000'000, 'x');
    for (const std::string_view part : {"", "GET /met", "GET /metrics HTTP/1.1\r\n\r\n"}) {
        {
            const auto fd = connect();
            send(fd, part);
            serve();
        }
        serve();
    }
    page_ = "page\n";
    EXPECT_TRUE(ask("GET /metrics HTTP/1.1\r\n\r\n").ends_with("page\n"));
}

TEST_F(PageServerTest, APlaceIsForOne) {
    PageServer second("/metrics", "text/plain");
    const auto listening = second.listen(server_.address());
    ASSERT_FALSE(listening);
    EXPECT_NE(listening.error().message.find("cannot listen at 127.0.0.1:"), std::string::npos);
    second.serve([] { return std::string(); });
}

TEST(MetricsOutputTest, ListensFromItsCheckAndTellsWhere) {
    MetricsOutput output("127.0.0.1:0", {});
    EXPECT_TRUE(output.check(at_us(0)));
    EXPECT_TRUE(output.take_remarks().empty());
    EXPECT_TRUE(output.open(at_us(0)));
    const auto remarks = output.take_remarks();
    ASSERT_EQ(remarks.size(), 1U);
    EXPECT_TRUE(remarks[0].starts_with("metrics are at http://127.0.0.1:")) << remarks[0];
    EXPECT_TRUE(output.take_remarks().empty());
    EXPECT_TRUE(*output.flush());
    MetricsOutput wrong("nowhere", {});
    EXPECT_FALSE(wrong.check(at_us(0)));
}

}  // namespace
}  // namespace sslsniff
