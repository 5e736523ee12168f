#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>

#include "filter/where_filter.h"
#include "output/output_settings.h"
#include "output/text/text_options.h"
#include "output/top/kept_transactions.h"
#include "output/top/top_table.h"

namespace sslsniff {

/// All that `top` knows: what it counts, and the transactions that can be looked into.
class TopModel final : public TransactionSink {
  public:
    TopModel(const StatOptions& options, TextOptions text);

    void on_open(const OpenConnection& connection) override;
    void on_withdraw(const ConnectionInfo& connection) override;
    void on_transaction(const Transaction& transaction) override;
    void on_connection(const ConnectionRecord& record) override;
    void on_loss(const LossEvent& loss) override;
    void on_summary(const CaptureSummary& summary) override;
    /// Time has come to `now`.
    void tick(Timestamp now);

    /// From now on only transactions that match count, nullopt: all; what was counted is forgotten.
    void set_filter(std::optional<WhereFilter> filter);
    void clear();

    const TopTable& table() const { return table_; }
    const KeptTransactions& kept() const { return kept_; }
    /// Of events; nullopt before the first.
    const std::optional<Timestamp>& now() const { return now_; }
    std::uint64_t open_connections() const { return open_; }
    std::uint64_t lost_events() const { return lost_events_; }
    /// The capture is over.
    bool has_ended() const { return has_ended_; }

  private:
    void advance(Timestamp now);

    TopTable table_;
    KeptTransactions kept_;
    std::optional<WhereFilter> filter_;
    std::optional<Timestamp> now_;
    std::uint64_t open_ = 0;
    std::uint64_t lost_events_ = 0;
    bool has_ended_ = false;
};

}  // namespace sslsniff
