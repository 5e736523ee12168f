#include "stages/count_limit.h"

namespace sslsniff {

void CountLimit::on_transaction(const Transaction& transaction) {
    if (!is_reached() && !connections_) {
        ++passed_;
        next().on_transaction(transaction);
    }
}

void CountLimit::on_connection(const ConnectionRecord& record) {
    if (!connections_) {
        next().on_connection(record);
    } else if (!is_reached()) {
        ++passed_;
        next().on_connection(record);
    }
}

void CountLimit::on_summary(const CaptureSummary& summary) {
    summary_ = summary;
    count_into(summary_);
    next().on_summary(summary_);
}

void CountLimit::count_into(CaptureSummary& summary) const {
    if (!connections_) {
        summary.transactions = passed_;
    }
}

}  // namespace sslsniff
