#include "output/metrics/metrics_sink.h"

#include <algorithm>
#include <chrono>
#include <iterator>
#include <utility>

#include "base/saturating.h"

namespace sslsniff {

void DurationHistogram::observe(double seconds) {
    const auto* bucket = std::ranges::lower_bound(kBounds, seconds);
    if (bucket != kBounds.end()) {
        ++buckets[static_cast<std::size_t>(std::distance(kBounds.begin(), bucket))];
    }
    ++count;
    sum += seconds;
}

MetricsSink::Series& MetricsSink::series_of(Labels labels) {
    const auto found = series_.find(labels);
    if (found != series_.end()) {
        return found->second;
    }
    if (series_.size() >= kMostSeries) {
        // Of protocols, roles and outcomes there are few.
        labels.process = "other";
        ++unnamed_;
    }
    return series_[std::move(labels)];
}

void MetricsSink::on_open(const OpenConnection& /*connection*/) {
    ++open_;
}

void MetricsSink::on_withdraw(const ConnectionInfo& /*connection*/) {
    open_ -= std::min<std::uint64_t>(open_, 1);
}

void MetricsSink::on_transaction(const Transaction& transaction) {
    const Facts facts = transaction.exchange->facts();
    Series& series =
        series_of({std::string(transaction.exchange->protocol()), transaction.connection.process->comm,
                   transaction.connection.role, facts.outcome});
    ++series.transactions;
    series.incomplete += transaction.integrity.complete ? 0 : 1;
    add_saturating(series.request_bytes, facts.request_bytes);
    add_saturating(series.response_bytes, facts.response_bytes);
    if (transaction.timing.end) {
        const std::chrono::duration<double> time = *transaction.timing.end - transaction.timing.start;
        series.duration.observe(std::max(time.count(), 0.0));
    }
}

void MetricsSink::on_connection(const ConnectionRecord& record) {
    open_ -= std::min<std::uint64_t>(open_, 1);
    ConnectionSeries& series = connections_[{record.protocol, record.connection.carrier, record.reason}];
    ++series.closed;
    add_saturating(series.sent, record.sent.bytes);
    add_saturating(series.received, record.received.bytes);
    add_saturating(series.missing, saturating_sum(record.sent.missing, record.received.missing));
}

void MetricsSink::on_loss(const LossEvent& loss) {
    Loss& sum = losses_[loss.cause];
    add_saturating(sum.events, loss.events);
    add_saturating(sum.bytes, loss.bytes);
}

}  // namespace sslsniff
