#pragma once

#include <optional>

#include "model/transaction.h"
#include "output/output_settings.h"
#include "output/stat/statistics.h"

namespace sslsniff {

/// Counts transactions and connections, and shows them when an interval (StatOptions::interval) or the
/// capture is over. Intervals in which nothing ended are passed over.
class StatSink : public TransactionSink {
  public:
    explicit StatSink(const StatOptions& options);

    void on_transaction(const Transaction& transaction) override;
    void on_connection(const ConnectionRecord& record) override;
    void on_loss(const LossEvent& /*loss*/) override {}
    void on_summary(const CaptureSummary& summary) override;
    /// As of Output.
    bool reads_fields() const { return statistics_.reads_fields(); }
    /// Time has come to `now`.
    void tick(Timestamp now);

  protected:
    /// What was counted between the two.
    virtual void show(const Statistics& statistics, Timestamp from, Timestamp to) = 0;
    /// All is over.
    virtual void show_end(const CaptureSummary& /*summary*/) {}

  private:
    void begin(Timestamp at);
    void show_until(Timestamp to);

    Statistics statistics_;
    Duration interval_;
    std::optional<Timestamp> from_;
};

}  // namespace sslsniff
