#include "output/otlp/metrics_encoding.h"

#include <algorithm>
#include <array>
#include <limits>
#include <protozero/pbf_writer.hpp>
#include <string_view>
#include <utility>
#include <vector>

namespace sslsniff {
namespace {

using protozero::pbf_writer;

// opentelemetry-proto 1.5, metrics.proto.
// Metric
constexpr std::uint32_t kName = 1;
constexpr std::uint32_t kDescription = 2;
constexpr std::uint32_t kUnit = 3;
constexpr std::uint32_t kGauge = 5;
constexpr std::uint32_t kSum = 7;
constexpr std::uint32_t kHistogram = 9;
// Gauge, Sum, Histogram
constexpr std::uint32_t kPoints = 1;
constexpr std::uint32_t kTemporality = 2;
constexpr std::uint32_t kMonotonic = 3;
constexpr std::int32_t kCumulative = 2;
// NumberDataPoint
constexpr std::uint32_t kStart = 2;
constexpr std::uint32_t kTime = 3;
constexpr std::uint32_t kInteger = 6;
constexpr std::uint32_t kNumberAttributes = 7;
// HistogramDataPoint
constexpr std::uint32_t kCount = 4;
constexpr std::uint32_t kTotal = 5;
constexpr std::uint32_t kBuckets = 6;
constexpr std::uint32_t kBounds = 7;
constexpr std::uint32_t kHistogramAttributes = 9;

using Labels = std::vector<std::pair<std::string_view, Bytes>>;

std::uint64_t nanoseconds(Timestamp time) {
    return static_cast<std::uint64_t>(std::max<std::int64_t>(time.time_since_epoch().count(), 0));
}

/// Writes families of points, each as one message Metric.
class Families {
  public:
    explicit Families(const MetricsTime& time) : time_(time) { append_scope(scope_); }

    void begin(std::string_view name, std::string_view unit, std::string_view description) {
        metric_.clear();
        data_.clear();
        pbf_writer metric(metric_);
        metric.add_string(kName, name.data(), name.size());
        metric.add_string(kDescription, description.data(), description.size());
        metric.add_string(kUnit, unit.data(), unit.size());
    }
    void number(const Labels& labels, std::uint64_t value) {
        constexpr auto kGreatest = static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());
        Bytes point;
        add_labels(point, kNumberAttributes, labels);
        pbf_writer out(point);
        out.add_fixed64(kStart, nanoseconds(time_.start));
        out.add_fixed64(kTime, nanoseconds(time_.now));
        out.add_sfixed64(kInteger, static_cast<std::int64_t>(std::min(value, kGreatest)));
        add_point(point);
    }
    void histogram(const Labels& labels, const DurationHistogram& histogram) {
        constexpr std::size_t kLast = DurationHistogram::kBounds.size();
        std::array<std::uint64_t, kLast + 1> counts{};
        std::uint64_t within = 0;
        for (std::size_t i = 0; i < kLast; ++i) {
            counts[i] = histogram.buckets[i];
            within += counts[i];
        }
        counts[kLast] = histogram.count - within;
        Bytes point;
        add_labels(point, kHistogramAttributes, labels);
        pbf_writer out(point);
        out.add_fixed64(kStart, nanoseconds(time_.start));
        out.add_fixed64(kTime, nanoseconds(time_.now));
        out.add_fixed64(kCount, histogram.count);
        out.add_double(kTotal, histogram.sum);
        out.add_packed_fixed<std::uint64_t>(kBuckets, counts.begin(), counts.end());
        out.add_packed_fixed<double>(kBounds, DurationHistogram::kBounds.begin(),
                                     DurationHistogram::kBounds.end());
        add_point(point);
    }
    void end_gauge() { end(kGauge); }
    void end_sum() {
        pbf_writer data(data_);
        data.add_enum(kTemporality, kCumulative);
        data.add_bool(kMonotonic, true);
        end(kSum);
    }
    void end_histogram() {
        pbf_writer(data_).add_enum(kTemporality, kCumulative);
        end(kHistogram);
    }

    EncodedMetrics take(const ResourceAttributes& host) {
        EncodedMetrics out;
        out.points = points_;
        append_field(scope_, otlp::kSchemaUrl, otlp::kSchema);
        Bytes of_resource;
        append_field(of_resource, otlp::kResource, encode_resource({}, host));
        append_field(of_resource, otlp::kScopeGroups, scope_);
        append_field(out.message, otlp::kResourceGroups, of_resource);
        return out;
    }

  private:
    static void add_labels(Bytes& point, std::uint32_t tag, const Labels& labels) {
        for (const auto& [name, value] : labels) {
            append_attribute(point, tag, name, value);
        }
    }
    void add_point(const Bytes& point) {
        append_field(data_, kPoints, point);
        ++points_;
    }
    void end(std::uint32_t kind) {
        append_field(metric_, kind, data_);
        append_field(scope_, otlp::kItems, metric_);
    }

    MetricsTime time_;
    Bytes scope_;
    Bytes metric_;
    Bytes data_;
    std::uint64_t points_ = 0;
};

Labels labels_of(const MetricsSink::Labels& labels) {
    return {{"sslsniff.protocol", labels.protocol},
            {"process.command", labels.process},
            {"sslsniff.role", Bytes(to_string(labels.role))},
            {"sslsniff.outcome", Bytes(to_string(labels.outcome))}};
}

Labels labels_of(const MetricsSink::ConnectionLabels& labels) {
    return {{"sslsniff.protocol", labels.protocol.empty() ? Bytes("unknown") : Bytes(labels.protocol)},
            {"sslsniff.carrier", Bytes(to_string(labels.carrier))},
            {"sslsniff.reason", Bytes(to_string(labels.reason))}};
}

Labels with(Labels labels, std::string_view name, std::string_view value) {
    labels.emplace_back(name, Bytes(value));
    return labels;
}

void write_transactions(Families& out, const MetricsSink& counts) {
    out.begin("sslsniff.transactions", "{transaction}", "Transactions that were shown.");
    for (const auto& [labels, series] : counts.series()) {
        out.number(labels_of(labels), series.transactions);
    }
    out.end_sum();
    out.begin("sslsniff.transactions.incomplete", "{transaction}",
              "Of these, those of which something was not seen.");
    for (const auto& [labels, series] : counts.series()) {
        out.number(labels_of(labels), series.incomplete);
    }
    out.end_sum();
    out.begin("sslsniff.transaction.payload", "By", "Payload of requests and responses, as it passed.");
    for (const auto& [labels, series] : counts.series()) {
        out.number(with(labels_of(labels), "sslsniff.part", "request"), series.request_bytes);
        out.number(with(labels_of(labels), "sslsniff.part", "response"), series.response_bytes);
    }
    out.end_sum();
    out.begin("sslsniff.transaction.duration", "s", "From the first byte to the last, where both were seen.");
    for (const auto& [labels, series] : counts.series()) {
        out.histogram(labels_of(labels), series.duration);
    }
    out.end_histogram();
    out.begin("sslsniff.transactions.unnamed", "{transaction}",
              "Transactions of processes called other, since there are too many series.");
    out.number({}, counts.unnamed());
    out.end_sum();
}

void write_connections(Families& out, const MetricsSink& counts) {
    out.begin("sslsniff.connections.open", "{connection}", "Connections that are followed.");
    out.number({}, counts.open_connections());
    out.end_gauge();
    out.begin("sslsniff.connections.closed", "{connection}", "Connections that ended.");
    for (const auto& [labels, series] : counts.connections()) {
        out.number(labels_of(labels), series.closed);
    }
    out.end_sum();
    out.begin("sslsniff.connection.io", "By", "Bytes of connections that ended.");
    for (const auto& [labels, series] : counts.connections()) {
        out.number(with(labels_of(labels), "network.io.direction", "transmit"), series.sent);
        out.number(with(labels_of(labels), "network.io.direction", "receive"), series.received);
    }
    out.end_sum();
    out.begin("sslsniff.connection.missing", "By", "Of these, bytes that were not captured.");
    for (const auto& [labels, series] : counts.connections()) {
        out.number(labels_of(labels), series.missing);
    }
    out.end_sum();
}

void write_losses(Families& out, const MetricsSink& counts) {
    out.begin("sslsniff.lost.events", "{event}", "Events that were lost, by cause.");
    for (const auto& [cause, loss] : counts.losses()) {
        out.number({{"sslsniff.loss.cause", Bytes(to_string(cause))}}, loss.events);
    }
    out.end_sum();
    out.begin("sslsniff.lost.bytes", "By", "Bytes in them, as far as that is known.");
    for (const auto& [cause, loss] : counts.losses()) {
        out.number({{"sslsniff.loss.cause", Bytes(to_string(cause))}}, loss.bytes);
    }
    out.end_sum();
}

}  // namespace

EncodedMetrics encode_metrics(const MetricsSink& counts, const MetricsTime& time,
                              const ResourceAttributes& host) {
    Families out(time);
    write_transactions(out, counts);
    write_connections(out, counts);
    write_losses(out, counts);
    return out.take(host);
}

}  // namespace sslsniff
