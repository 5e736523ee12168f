#pragma once

#include <cstdint>
#include <utility>

#include "filter/where_filter.h"
#include "stages/sink_stage.h"

namespace sslsniff {

/// Hands on the transactions and connections that pass a filter (--where).
class WhereStage final : public SinkStage {
  public:
    /// Borrows `next`. With `connections` (--connections) it is connections that are shown.
    WhereStage(WhereFilter filter, TransactionSink& next, bool connections = false)
        : SinkStage(next), filter_(std::move(filter)), connections_(connections) {}

    void on_transaction(const Transaction& transaction) override {
        ++transactions_;
        if (filter_.matches(transaction)) {
            next().on_transaction(transaction);
        }
    }
    void on_connection(const ConnectionRecord& record) override {
        if (filter_.matches(record)) {
            next().on_connection(record);
        }
    }
    void on_summary(const CaptureSummary& summary) override {
        CaptureSummary counted = summary;
        count_into(counted);
        next().on_summary(counted);
    }
    /// Says in a summary on its way how many transactions the filter looked at, when they are what is shown.
    void count_into(CaptureSummary& summary) const {
        if (!connections_) {
            summary.filtered_from = transactions_;
        }
    }

  private:
    WhereFilter filter_;
    bool connections_;
    std::uint64_t transactions_ = 0;
};

}  // namespace sslsniff
