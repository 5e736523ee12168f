#pragma once

#include <cstdint>
#include <optional>

#include "stages/sink_stage.h"

namespace sslsniff {

/// Lets the first `limit` transactions through (-n), or with `connections` (--connections) no transaction but
/// so many connections. What else is said of the capture passes always; the summary counts the transactions
/// that were let through, and is kept.
class CountLimit final : public SinkStage {
  public:
    CountLimit(TransactionSink& next, std::optional<std::uint64_t> limit, bool connections = false)
        : SinkStage(next), limit_(limit), connections_(connections) {}
    void on_transaction(const Transaction& transaction) override;
    void on_connection(const ConnectionRecord& record) override;
    void on_summary(const CaptureSummary& summary) override;

    bool is_reached() const { return limit_ && passed_ >= *limit_; }
    const CaptureSummary& summary() const { return summary_; }
    /// Says in a summary on its way how many transactions were let through.
    void count_into(CaptureSummary& summary) const;

  private:
    std::optional<std::uint64_t> limit_;
    bool connections_;
    std::uint64_t passed_ = 0;
    CaptureSummary summary_;
};

}  // namespace sslsniff
