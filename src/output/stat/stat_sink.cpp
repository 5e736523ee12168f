#include "output/stat/stat_sink.h"

namespace sslsniff {

StatSink::StatSink(const StatOptions& options)
    : statistics_(options.columns.empty() ? default_columns() : options.columns),
      interval_(options.interval) {}

void StatSink::on_transaction(const Transaction& transaction) {
    begin(transaction.timing.start);
    statistics_.add(transaction);
}

void StatSink::on_connection(const ConnectionRecord& record) {
    begin(record.connection.opened);
    statistics_.add(record);
}

void StatSink::tick(Timestamp now) {
    begin(now);
    if (interval_ != Duration::zero() && now - *from_ >= interval_) {
        show_until(now);
    }
}

void StatSink::on_summary(const CaptureSummary& summary) {
    begin(summary.started);
    show_until(std::max(summary.ended, *from_));
    show_end(summary);
}

void StatSink::begin(Timestamp at) {
    if (!from_) {
        from_ = at;
    }
}

void StatSink::show_until(Timestamp to) {
    if (!statistics_.empty()) {
        show(statistics_, *from_, to);
        statistics_.clear();
    }
    from_ = to;
}

}  // namespace sslsniff
