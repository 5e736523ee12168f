#pragma once

#include "model/transaction.h"

namespace sslsniff {

/// Names the files of the saved bodies of each transaction that comes through, and keeps them; those of
/// transactions that do not come this far are dropped. Belongs in front of the outputs, which tell the names.
class BodyStage final : public TransactionSink {
  public:
    /// Borrows `next`.
    explicit BodyStage(TransactionSink& next) : next_(next) {}

    void on_transaction(const Transaction& transaction) override;
    void on_connection(const ConnectionRecord& record) override { next_.on_connection(record); }
    void on_loss(const LossEvent& loss) override { next_.on_loss(loss); }
    void on_summary(const CaptureSummary& summary) override { next_.on_summary(summary); }

  private:
    TransactionSink& next_;
};

}  // namespace sslsniff
