#include "stages/sink_fan_out.h"

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

}  // namespace sslsniff
