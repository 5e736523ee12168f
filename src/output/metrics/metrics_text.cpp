#include "output/metrics/metrics_text.h"

#include <fmt/format.h>

#include <iterator>
#include <string_view>

#include "base/text.h"

namespace sslsniff {
namespace {

class Page {
  public:
    void family(std::string_view name, std::string_view type, std::string_view help) {
        fmt::format_to(std::back_inserter(text_), "# HELP {0} {1}\n# TYPE {0} {2}\n", name, help, type);
    }
    template <class Number>
    void sample(std::string_view name, std::string_view labels, Number value) {
        text_ += name;
        if (!labels.empty()) {
            fmt::format_to(std::back_inserter(text_), "{{{}}}", labels);
        }
        fmt::format_to(std::back_inserter(text_), " {}\n", value);
    }
    /// One family with one sample.
    template <class Number>
    void single(std::string_view name, std::string_view type, std::string_view help, Number value) {
        family(name, type, help);
        sample(name, {}, value);
    }
    std::string take() { return std::move(text_); }

  private:
    std::string text_;
};

std::string labels_of(const MetricsSink::Labels& labels) {
    return fmt::format(R"(protocol="{}",process="{}",role="{}",outcome="{}")", label_value(labels.protocol),
                       label_value(labels.process), to_string(labels.role), to_string(labels.outcome));
}

std::string labels_of(const MetricsSink::ConnectionLabels& labels) {
    return fmt::format(R"(protocol="{}",carrier="{}",reason="{}")",
                       labels.protocol.empty() ? "unknown" : label_value(labels.protocol),
                       to_string(labels.carrier), to_string(labels.reason));
}

void write_histogram(Page& page, std::string_view name, const std::string& labels,
                     const DurationHistogram& histogram) {
    const std::string bucket = fmt::format("{}_bucket", name);
    std::uint64_t count = 0;
    for (std::size_t i = 0; i < DurationHistogram::kBounds.size(); ++i) {
        count += histogram.buckets[i];
        page.sample(bucket, fmt::format(R"({},le="{}")", labels, DurationHistogram::kBounds[i]), count);
    }
    page.sample(bucket, labels + R"(,le="+Inf")", histogram.count);
    page.sample(fmt::format("{}_sum", name), labels, histogram.sum);
    page.sample(fmt::format("{}_count", name), labels, histogram.count);
}

void write_transactions(Page& page, const MetricsSink& counts) {
    constexpr std::string_view kTransactions = "sslsniff_transactions_total";
    page.family(kTransactions, "counter", "Transactions that were shown.");
    for (const auto& [labels, series] : counts.series()) {
        page.sample(kTransactions, labels_of(labels), series.transactions);
    }
    constexpr std::string_view kIncomplete = "sslsniff_transactions_incomplete_total";
    page.family(kIncomplete, "counter", "Of these, those of which something was not seen.");
    for (const auto& [labels, series] : counts.series()) {
        if (series.incomplete != 0) {
            page.sample(kIncomplete, labels_of(labels), series.incomplete);
        }
    }
    constexpr std::string_view kBytes = "sslsniff_transaction_payload_bytes_total";
    page.family(kBytes, "counter", "Payload of requests and responses, as it passed.");
    for (const auto& [labels, series] : counts.series()) {
        page.sample(kBytes, labels_of(labels) + R"(,part="request")", series.request_bytes);
        page.sample(kBytes, labels_of(labels) + R"(,part="response")", series.response_bytes);
    }
    constexpr std::string_view kDuration = "sslsniff_transaction_duration_seconds";
    page.family(kDuration, "histogram", "From the first byte to the last, where both were seen.");
    for (const auto& [labels, series] : counts.series()) {
        write_histogram(page, kDuration, labels_of(labels), series.duration);
    }
    page.single("sslsniff_transactions_unnamed_total", "counter",
                "Transactions of processes called other, since there are too many series.", counts.unnamed());
}

void write_connections(Page& page, const MetricsSink& counts) {
    page.single("sslsniff_connections_open", "gauge", "Connections that are followed.",
                counts.open_connections());
    constexpr std::string_view kClosed = "sslsniff_connections_closed_total";
    page.family(kClosed, "counter", "Connections that ended.");
    for (const auto& [labels, series] : counts.connections()) {
        page.sample(kClosed, labels_of(labels), series.closed);
    }
    constexpr std::string_view kBytes = "sslsniff_connection_bytes_total";
    page.family(kBytes, "counter", "Bytes of connections that ended.");
    for (const auto& [labels, series] : counts.connections()) {
        const auto text = labels_of(labels);
        page.sample(kBytes, text + R"(,direction="sent")", series.sent);
        page.sample(kBytes, text + R"(,direction="received")", series.received);
    }
    constexpr std::string_view kMissing = "sslsniff_connection_missing_bytes_total";
    page.family(kMissing, "counter", "Of these, bytes that were not captured.");
    for (const auto& [labels, series] : counts.connections()) {
        page.sample(kMissing, labels_of(labels), series.missing);
    }
}

void write_losses(Page& page, const MetricsSink& counts) {
    constexpr std::string_view kEvents = "sslsniff_lost_events_total";
    page.family(kEvents, "counter", "Events that were lost, by cause.");
    for (const auto& [cause, loss] : counts.losses()) {
        page.sample(kEvents, fmt::format(R"(cause="{}")", to_string(cause)), loss.events);
    }
    constexpr std::string_view kBytes = "sslsniff_lost_bytes_total";
    page.family(kBytes, "counter", "Bytes in them, as far as that is known.");
    for (const auto& [cause, loss] : counts.losses()) {
        page.sample(kBytes, fmt::format(R"(cause="{}")", to_string(cause)), loss.bytes);
    }
}

void write_maps(Page& page, const std::vector<MapUse>& maps) {
    constexpr std::string_view kUsed = "sslsniff_map_entries";
    page.family(kUsed, "gauge", "Entries in the maps of the kernel side.");
    for (const MapUse& map : maps) {
        page.sample(kUsed, fmt::format(R"(map="{}")", map.name), map.used);
    }
    constexpr std::string_view kSize = "sslsniff_map_max_entries";
    page.family(kSize, "gauge", "How many they can have.");
    for (const MapUse& map : maps) {
        page.sample(kSize, fmt::format(R"(map="{}")", map.name), map.size);
    }
}

void write_own(Page& page, const CaptureUse& use) {
    constexpr double kNanosecond = 1e-9;
    page.family("sslsniff_build_info", "gauge", "Always 1; the label is the version.");
    page.sample("sslsniff_build_info", R"(version=")" SSLSNIFF_VERSION R"(")", 1);
    if (use.buffer) {
        page.single("sslsniff_buffer_waiting_bytes", "gauge", "What waits in the kernel's buffer.",
                    use.buffer->waiting);
        page.single("sslsniff_buffer_size_bytes", "gauge", "The size of that buffer.", use.buffer->size);
    }
    page.single("process_cpu_seconds_total", "counter", "Total user and system CPU time spent in seconds.",
                static_cast<double>(use.own.cpu_nanoseconds) * kNanosecond);
    if (use.own.resident_bytes) {
        page.single("process_resident_memory_bytes", "gauge", "Resident memory size in bytes.",
                    *use.own.resident_bytes);
    }
    if (use.own.open_files) {
        page.single("process_open_fds", "gauge", "Number of open file descriptors.", *use.own.open_files);
    }
    if (!use.maps.empty()) {
        write_maps(page, use.maps);
    }
    if (use.attacher) {
        page.single("sslsniff_attacher_cpu_seconds_total", "counter",
                    "CPU time of the process that holds the probes.",
                    static_cast<double>(use.attacher->cpu_nanoseconds) * kNanosecond);
        page.single("sslsniff_attacher_resident_memory_bytes", "gauge",
                    "Resident memory size of that process.", use.attacher->resident_bytes);
    }
}

}  // namespace

std::string metrics_text(const MetricsSink& counts, const CaptureUse& use) {
    Page page;
    write_transactions(page, counts);
    write_connections(page, counts);
    write_losses(page, counts);
    write_own(page, use);
    return page.take();
}

std::string label_value(ByteView bytes) {
    std::string out;
    for (const char c : printable_notation(bytes)) {  // no line breaks are left
        if (c == '"' || c == '\\') {
            out += '\\';
        }
        out += c;
    }
    return out;
}

}  // namespace sslsniff
