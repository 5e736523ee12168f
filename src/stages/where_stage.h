#pragma once

#include <cstdint>
#include <optional>
#include <utility>

#include "filter/where_filter.h"
#include "stages/sink_stage.h"

namespace sslsniff {

/// Hands on the transactions and connections that pass a filter (--where); without one, all.
class WhereStage final : public SinkStage {
  public:
    /// Borrows `next`. With `connections` (--connections) it is connections that are shown.
    WhereStage(std::optional<WhereFilter> filter, TransactionSink& next, bool connections = false)
        : SinkStage(next), filter_(std::move(filter)), connections_(connections) {
        filtered_ = filter_.has_value();
    }

    /// From here on another one.
    void set(std::optional<WhereFilter> filter) {
        filter_ = std::move(filter);
        filtered_ = filtered_ || filter_;
    }

    void on_transaction(const Transaction& transaction) override {
        ++transactions_;
        if (!filter_ || filter_->matches(transaction)) {
            next().on_transaction(transaction);
        }
    }
    void on_connection(const ConnectionRecord& record) override {
        if (!filter_ || filter_->matches(record)) {
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
        if (filtered_ && !connections_) {
            summary.filtered_from = transactions_;
        }
    }

  private:
    std::optional<WhereFilter> filter_;
    bool connections_;
    bool filtered_ = false;  ///< ever
    std::uint64_t transactions_ = 0;
};

}  // namespace sslsniff
