#include "output/stat/stat_json.h"

#include <chrono>

namespace sslsniff {

void StatJson::show(const Statistics& statistics, Timestamp from, Timestamp to) {
    for (const Statistics::Group& group : statistics.groups()) {
        const GroupTotals& totals = *group.totals;
        begin("stat", from, to);
        json_.begin_object("group");
        for (std::size_t i = 0; i < group.values->size(); ++i) {
            json_.text(statistics.columns()[i].name, (*group.values)[i]);
        }
        json_.end_object();
        json_.unsigned_number("count", totals.count);
        json_.unsigned_number("errors", totals.errors);
        json_.unsigned_number("unanswered", totals.unanswered);
        json_.unsigned_number("request_bytes", totals.request_bytes);
        json_.unsigned_number("response_bytes", totals.response_bytes);
        histogram("latency_us", totals.latency);
        histogram("first_byte_us", totals.first_byte);
        json_.end_object();
        out_.write(json_.line());
    }
    if (const ConnectionTotals& connections = statistics.connections(); connections.count != 0) {
        begin("stat_connections", from, to);
        json_.unsigned_number("count", connections.count);
        json_.unsigned_number("refused", connections.refused);
        json_.unsigned_number("reset", connections.reset);
        json_.unsigned_number("timed_out", connections.timed_out);
        json_.unsigned_number("failed_handshakes", connections.failed_handshakes);
        histogram("connect_us", connections.connect);
        histogram("handshake_us", connections.handshake);
        json_.end_object();
        out_.write(json_.line());
    }
}

void StatJson::begin(std::string_view type, Timestamp from, Timestamp to) {
    json_.begin_document();
    json_.plain("type", type);
    json_.plain("from", TimeText(from).view());
    json_.plain("to", TimeText(to).view());
}

void StatJson::histogram(std::string_view key, const Histogram& histogram) {
    if (histogram.count() == 0) {
        return;
    }
    const auto microseconds = [this](std::string_view name, Duration duration) {
        json_.number(name, std::chrono::duration_cast<std::chrono::microseconds>(duration).count());
    };
    json_.begin_object(key);
    json_.unsigned_number("count", histogram.count());
    microseconds("min", histogram.least());
    microseconds("avg", histogram.mean());
    microseconds("p50", histogram.quantile(0.5));
    microseconds("p90", histogram.quantile(0.9));
    microseconds("p99", histogram.quantile(0.99));
    microseconds("max", histogram.greatest());
    json_.end_object();
}

}  // namespace sslsniff
