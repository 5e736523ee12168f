#include "app/sinks.h"

namespace sslsniff {

void SinkFanOut::on_transaction(const Transaction& transaction) {
    for (const auto& sink : sinks_) {
        sink->on_transaction(transaction);
    }
}

void SinkFanOut::on_connection(const ConnectionRecord& record) {
    for (const auto& sink : sinks_) {
        sink->on_connection(record);
    }
}

void SinkFanOut::on_loss(const LossEvent& loss) {
    for (const auto& sink : sinks_) {
        sink->on_loss(loss);
    }
}

void SinkFanOut::on_summary(const CaptureSummary& summary) {
    for (const auto& sink : sinks_) {
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
    if (!connections_) {
        summary_.transactions = passed_;
    }
    next_.on_summary(summary_);
}

}  // namespace sslsniff
