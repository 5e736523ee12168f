#include "stages/sink_fan_out.h"

namespace sslsniff {

void SinkFanOut::on_open(const OpenConnection& connection) {
    for (auto* sink : sinks_) {
        sink->on_open(connection);
    }
}

void SinkFanOut::on_change(const OpenConnection& connection) {
    for (auto* sink : sinks_) {
        sink->on_change(connection);
    }
}

void SinkFanOut::on_withdraw(const ConnectionInfo& connection) {
    for (auto* sink : sinks_) {
        sink->on_withdraw(connection);
    }
}

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

}  // namespace sslsniff
