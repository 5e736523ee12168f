#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <random>

#include "output/stat/folding.h"
#include "output/stat/grouping.h"
#include "output/stat/histogram.h"
#include "output/stat/stat_json.h"
#include "output/stat/stat_text.h"
#include "support/fake_exchange.h"
#include "support/sample_connection.h"

namespace sslsniff {
namespace {

using std::chrono::microseconds;
using std::chrono::milliseconds;
using std::chrono::seconds;
using test::at_us;

TEST(Histogram, QuantilesAreAtMostATouchTooGreat) {
    std::mt19937_64 random(7);
    for (const double spread : {0.5, 2.0, 8.0}) {
        std::lognormal_distribution<double> distribution(12, spread);
        std::vector<std::int64_t> all;
        Histogram histogram;
        for (int i = 0; i < 20'000; ++i) {
            all.push_back(static_cast<std::int64_t>(std::min(distribution(random), 1e18)));
            histogram.add(Duration(all.back()));
        }
        std::ranges::sort(all);
        for (const double share : {0.0, 0.5, 0.9, 0.99, 0.999, 1.0}) {
            const auto rank = static_cast<std::size_t>(std::ceil(share * 20'000));
            const std::int64_t exact = all[rank == 0 ? 0 : rank - 1];
            EXPECT_GE(histogram.quantile(share).count(), exact) << share;
            EXPECT_LE(static_cast<double>(histogram.quantile(share).count()),
                      static_cast<double>(exact) * 1.017 + 1)
                << share;
        }
        EXPECT_EQ(histogram.least().count(), all.front());
        EXPECT_EQ(histogram.greatest().count(), all.back());
    }
}

TEST(Histogram, EdgesOfItsBuckets) {
    for (const std::int64_t value : {0L, 1L, 63L, 64L, 65L, 127L, 128L, (1L << 62) - 1, INT64_MAX}) {
        Histogram histogram;
        histogram.add(Duration(value));
        EXPECT_EQ(histogram.quantile(0.5).count(), value);
        EXPECT_EQ(histogram.mean().count(), value);
    }
    Histogram histogram;
    EXPECT_EQ(histogram.quantile(0.5), Duration());
    histogram.add(Duration(-5));
    EXPECT_EQ(histogram.greatest(), Duration());
}

TEST(Folding, OneNameForWhatDiffersByAnId) {
    for (const auto& [target, folded] : {
             std::pair{"https://h:1/users/42/a?b=c#d", "/users/{n}/a"},
             {"https://h", "/"},
             {"/o/550e8400-e29b-41d4-a716-446655440000/x.json", "/o/{uuid}/x.json"},
             {"/c/deadbeef01/v2", "/c/{hex}/v2"},
             {"/t/eyJhbGciOiJIUzI1NiJ9x1", "/t/{id}"},
             {"user:42:name", "user:{n}:name"},
             {"shop.orders", "shop.orders"},
             {"/feedface", "/feedface"},
             {"", ""},
         }) {
        EXPECT_EQ(fold_target(target), folded);
    }
}

TEST(Folding, StatementsWithoutTheirValues) {
    for (const auto& [statement, folded] : {
             std::pair{"SELECT *\n  FROM t1 WHERE a = 'it\\'s' AND b IN (1, 2,3) ",
                       "SELECT * FROM t1 WHERE a = ? AND b IN (?)"},
             {"select 'x", "select ?"},
             {"UPDATE t SET c = 1.5e3, d = 0x1F WHERE e=$1", "UPDATE t SET c = ?, d = ? WHERE e=$?"},
             {"", ""},
         }) {
        EXPECT_EQ(fold_statement(statement), folded);
    }
}

Transaction transaction(const ConnectionInfo& connection, std::string target, Outcome outcome,
                        Timestamp start, Duration duration) {
    auto exchange = std::make_unique<test::FakeExchange>();
    exchange->said = {.operation = "GET",
                      .target = std::move(target),
                      .outcome = outcome,
                      .error_type = {},
                      .request_bytes = 10,
                      .response_bytes = 2000};
    exchange->fields = [](FieldWriter& writer) {
        writer.begin_object("response");
        writer.number("status", 200);
        writer.end_object();
    };
    const Timing timing{.start = start,
                        .request_end = start,
                        .response_start = start + duration / 2,
                        .end = start + duration};
    return {connection, timing, {}, std::move(exchange)};
}

const auto kUtc = [](Timestamp time) { return rfc3339(time).substr(11, 8); };

FieldTable http_table() {
    static constexpr std::array<FieldSpec, 1> kStatus{{{"response.status", FieldType::number, "status"}}};
    static constexpr std::array<std::span<const FieldSpec>, 1> kProtocols{kStatus};
    return FieldTable(kProtocols);
}

TEST(Stat, OneTableAtTheEnd) {
    ConnectionInfo connection = test::sample_connection();
    connection.remote_name = "h\x1b[1m";
    MemoryOutputStream out;
    StatText stat(out, {}, kUtc);
    stat.on_transaction(transaction(connection, "https://h/a/1", Outcome::ok, at_us(0), milliseconds(2)));
    stat.on_transaction(
        transaction(connection, "https://h/a/2", Outcome::server_error, at_us(10), milliseconds(4)));
    stat.on_transaction(
        transaction(connection, "https://h/b", Outcome::unanswered, at_us(10), milliseconds(9)));
    stat.tick(at_us(900'000));
    connection.endpoints.connect_time = microseconds(50);
    stat.on_connection({connection, at_us(80'000), CloseReason::reset, "toy", 3, {}, {}});
    EXPECT_EQ(out.bytes(), "");
    CaptureSummary summary;
    summary.started = at_us(0);
    summary.ended = at_us(2'000'000);
    stat.on_summary(summary);
    EXPECT_EQ(std::string(out.bytes()),
              "12:00:01 to 12:00:03: 3 transactions\n"
              "COUNT   /S  ERRORS  UNANSWERED    MIN    AVG    P50    P90    P99    MAX  1ST BYTE  SENT  "
              "RECV  PROCESS  PEER            ENDPOINT\n"
              "    2  1.0       1           0  2.0ms  3.0ms  2.0ms  4.0ms  4.0ms  4.0ms     1.0ms    20  "
              "4.0k  curl     > h\\x1b[1m:443  GET /a/{n}\n"
              "    1  0.5       0           1      -      -      -      -      -      -     4.5ms    10  "
              "2.0k  curl     > h\\x1b[1m:443  GET /b\n"
              "1 connection ended, connect p50 50us p99 50us, 1 reset\n\n");
}

TEST(Stat, EachIntervalByItself) {
    const ConnectionInfo connection = test::sample_connection();
    MemoryOutputStream out;
    StatOptions options{*parse_columns("outcome,status", http_table()), seconds(5)};
    StatJson stat(out, options);
    stat.on_transaction(transaction(connection, "x", Outcome::ok, at_us(0), milliseconds(2)));
    stat.tick(at_us(4'999'999));
    EXPECT_EQ(out.bytes(), "");
    stat.tick(at_us(5'000'000));
    const std::string first =
        R"({"type":"stat","from":"2026-01-31T12:00:01.123456789Z","to":"2026-01-31T12:00:06.123456789Z","group":{"outcome":"ok","status":"200"},)"
        R"("count":1,"errors":0,"unanswered":0,"request_bytes":10,"response_bytes":2000,)"
        R"("latency_us":{"count":1,"min":2000,"avg":2000,"p50":2000,"p90":2000,"p99":2000,"max":2000},)"
        R"("first_byte_us":{"count":1,"min":1000,"avg":1000,"p50":1000,"p90":1000,"p99":1000,"max":1000}})"
        "\n";
    EXPECT_EQ(std::string(out.bytes()), first);
    stat.tick(at_us(10'000'000));
    EXPECT_EQ(std::string(out.bytes()), first);  // nothing happened
}

TEST(Stat, GroupsAreBounded) {
    const ConnectionInfo connection = test::sample_connection();
    Statistics statistics(default_columns());
    for (std::size_t i = 0; i < 3 * Statistics::kMostGroups; ++i) {
        std::string target = "/";
        for (std::size_t n = i; n != 0; n /= 26) {
            target += static_cast<char>('a' + n % 26);
        }
        statistics.add(transaction(connection, std::move(target), Outcome::ok, at_us(0), milliseconds(1)));
    }
    const auto groups = statistics.groups();
    ASSERT_EQ(groups.size(), Statistics::kMostGroups + 1);
    EXPECT_EQ(groups.back().values->front(), "(other)");
    EXPECT_EQ(groups.back().totals->count, 2 * Statistics::kMostGroups);
}

TEST(Stat, ColumnsThatAreNone) {
    const FieldTable fields = http_table();
    EXPECT_EQ(parse_columns("endpont", fields).error().message,
              "there is no field 'endpont' (docs/stat.md, docs/filters.md)");
    EXPECT_FALSE(parse_columns("", fields));
    EXPECT_FALSE(parse_columns("peer,,process", fields));
    EXPECT_EQ(parse_columns("peer, latency", fields)->size(), 2U);
}

}  // namespace
}  // namespace sslsniff
