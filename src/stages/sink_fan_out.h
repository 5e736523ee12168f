#pragma once

#include <vector>

#include "model/transaction.h"

namespace sslsniff {

/// Hands everything to each of several sinks, in order. Borrows them.
class SinkFanOut final : public TransactionSink {
  public:
    void add(TransactionSink& sink) { sinks_.push_back(&sink); }
    /// Before all others.
    void add_first(TransactionSink& sink) { sinks_.insert(sinks_.begin(), &sink); }
    void on_open(const OpenConnection& connection) override;
    void on_change(const OpenConnection& connection) override;
    void on_withdraw(const ConnectionInfo& connection) override;
    void on_transaction(const Transaction& transaction) override;
    void on_connection(const ConnectionRecord& record) override;
    void on_loss(const LossEvent& loss) override;
    void on_summary(const CaptureSummary& summary) override;

  private:
    std::vector<TransactionSink*> sinks_;
};

}  // namespace sslsniff
