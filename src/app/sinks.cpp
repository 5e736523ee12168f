#include "app/sinks.h"

namespace sslsniff {

void SinkFanOut::on_transaction(const Transaction& transaction) {
    for (auto* sink : sinks_) {
        sink->on_transaction(transaction);
    }
}

void SinkFanOut::on_connection(const ConnectionRecord& record) {
    for (auto* sink : sinks_) {
        sink->on_connection(record);
    }
}

void SinkFanOut::on_loss(const LossEvent& loss) {
    for (auto* sink : sinks_) {
        sink->on_loss(loss);
    }
}

void SinkFanOut::on_summary(const CaptureSummary& summary) {
    for (auto* sink : sinks_) {
        sink->on_summary(summary);
    }
}

void CountLimit::on_transaction(const Transaction& transaction) {
    if (!is_reached() && !connections_) {
        ++passed_;
        next_.on_transaction(transaction);
    }
}

void CountLimit::on_connection(const ConnectionRecord& record) {
    if (!connections_) {
        next_.on_connection(record);
    } else if (!is_reached()) {
        ++passed_;
        next_.on_connection(record);
    }
}

void CountLimit::on_loss(const LossEvent& loss) {
    next_.on_loss(loss);
}

void CountLimit::on_summary(const CaptureSummary& summary) {
    summary_ = summary;
    count_into(summary_);
    next_.on_summary(summary_);
}

void CountLimit::count_into(CaptureSummary& summary) const {
    if (!connections_) {
        summary.transactions = passed_;
    }
}

}  // namespace sslsniff
