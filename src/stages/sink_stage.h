#pragma once

#include "model/transaction.h"

namespace sslsniff {

/// Something between the connections and the outputs. Hands on everything as it is: a stage overrides what it
/// changes, leaves out or only looks at.
class SinkStage : public TransactionSink {
  public:
    void on_open(const OpenConnection& connection) override { next_.on_open(connection); }
    void on_change(const OpenConnection& connection) override { next_.on_change(connection); }
    void on_withdraw(const ConnectionInfo& connection) override { next_.on_withdraw(connection); }
    void on_transaction(const Transaction& transaction) override { next_.on_transaction(transaction); }
    void on_connection(const ConnectionRecord& record) override { next_.on_connection(record); }
    void on_loss(const LossEvent& loss) override { next_.on_loss(loss); }
    void on_summary(const CaptureSummary& summary) override { next_.on_summary(summary); }

  protected:
    /// Borrows `next`.
    explicit SinkStage(TransactionSink& next) : next_(next) {}
    TransactionSink& next() { return next_; }

  private:
    TransactionSink& next_;
};

}  // namespace sslsniff
