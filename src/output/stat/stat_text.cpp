#include "output/stat/stat_text.h"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <string>
#include <vector>

#include "base/text.h"

namespace sslsniff {
namespace {

constexpr std::size_t kMostRows = 100;
constexpr std::size_t kLongestCell = 60;
constexpr double kMedian = 0.5;
constexpr double kMost = 0.9;
constexpr double kNearlyAll = 0.99;

using Row = std::vector<std::string>;

std::string plural(std::uint64_t count, std::string_view what) {
    return fmt::format("{} {}{}", count, what, count == 1 ? "" : "s");
}

std::string rate(std::uint64_t count, Duration time) {
    const double seconds = std::chrono::duration<double>(time).count();
    if (seconds <= 0) {
        return "-";
    }
    const double value = static_cast<double>(count) / seconds;
    return value < 10 ? fmt::format("{:.1f}", value) : human_size(static_cast<std::uint64_t>(value));
}

std::string duration(const Histogram& histogram, Duration value) {
    return histogram.count() == 0 ? "-" : human_duration(value.count());
}

Row row_of(const Statistics::Group& group, Duration time) {
    const GroupTotals& totals = *group.totals;
    const Histogram& latency = totals.latency;
    Row row = {std::to_string(totals.count),
               rate(totals.count, time),
               std::to_string(totals.errors),
               std::to_string(totals.unanswered),
               duration(latency, latency.least()),
               duration(latency, latency.mean()),
               duration(latency, latency.quantile(kMedian)),
               duration(latency, latency.quantile(kMost)),
               duration(latency, latency.quantile(kNearlyAll)),
               duration(latency, latency.greatest()),
               duration(totals.first_byte, totals.first_byte.quantile(kMedian)),
               human_size(totals.request_bytes),
               human_size(totals.response_bytes)};
    for (const std::string& value : *group.values) {
        row.push_back(printable(value));
    }
    return row;
}

/// Characters, which is near enough to columns.
std::size_t width_of(std::string_view text) {
    return static_cast<std::size_t>(
        std::ranges::count_if(text, [](char c) { return (static_cast<unsigned char>(c) & 0xC0U) != 0x80U; }));
}

std::string table(const std::vector<Row>& rows, std::size_t numbers) {
    std::vector<std::size_t> widths(rows.front().size());
    for (const Row& row : rows) {
        for (std::size_t i = 0; i < row.size(); ++i) {
            widths[i] = std::max(widths[i], std::min(width_of(row[i]), kLongestCell));
        }
    }
    std::string text;
    for (const Row& row : rows) {
        std::string line;
        for (std::size_t i = 0; i < row.size(); ++i) {
            const std::size_t width = width_of(row[i]);
            const std::string padding(widths[i] > width ? widths[i] - width : 0, ' ');
            line += i == 0 ? "" : "  ";
            line += i < numbers ? padding + row[i] : row[i] + padding;
        }
        line.resize(line.find_last_not_of(' ') + 1);
        text += line + '\n';
    }
    return text;
}

std::string of_histogram(std::string_view name, const Histogram& histogram) {
    return histogram.count() == 0
               ? ""
               : fmt::format(", {} p50 {} p99 {}", name, human_duration(histogram.quantile(kMedian).count()),
                             human_duration(histogram.quantile(kNearlyAll).count()));
}

std::string of_count(std::uint64_t count, std::string_view what) {
    return count == 0 ? "" : fmt::format(", {} {}", count, what);
}

std::string line_of(const ConnectionTotals& connections) {
    return plural(connections.count, "connection") + " ended" + of_histogram("connect", connections.connect) +
           of_histogram("TLS handshake", connections.handshake) + of_count(connections.refused, "refused") +
           of_count(connections.reset, "reset") + of_count(connections.timed_out, "timed out") +
           of_count(connections.failed_handshakes,
                    connections.failed_handshakes == 1 ? "handshake failed" : "handshakes failed") +
           '\n';
}

}  // namespace

void StatText::show(const Statistics& statistics, Timestamp from, Timestamp to) {
    out_.write(fmt::format("{} to {}: {}\n", clock_(from), clock_(to),
                           plural(statistics.transactions(), "transaction")));
    if (statistics.transactions() != 0) {
        show_groups(statistics, to - from);
    }
    if (statistics.connections().count != 0) {
        out_.write(line_of(statistics.connections()));
    }
    out_.write("\n");
}

void StatText::show_groups(const Statistics& statistics, Duration time) {
    Row heading = {"COUNT", "/S",  "ERRORS", "UNANSWERED", "MIN",  "AVG", "P50",
                   "P90",   "P99", "MAX",    "1ST BYTE",   "SENT", "RECV"};
    const std::size_t numbers = heading.size();
    for (const StatColumn& column : statistics.columns()) {
        std::string name = column.name;
        std::ranges::transform(name, name.begin(),
                               [](char c) { return c >= 'a' && c <= 'z' ? c - 'a' + 'A' : c; });
        heading.push_back(std::move(name));
    }
    std::vector<Row> rows = {std::move(heading)};
    const auto groups = statistics.groups();
    for (const Statistics::Group& group : groups) {
        if (rows.size() > kMostRows) {
            break;
        }
        rows.push_back(row_of(group, time));
    }
    out_.write(table(rows, numbers));
    if (groups.size() > kMostRows) {
        out_.write(
            fmt::format("and {} (-o stat-json has all)\n", plural(groups.size() - kMostRows, "more group")));
    }
}

}  // namespace sslsniff
