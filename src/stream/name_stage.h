#pragma once

#include "model/transaction.h"
#include "stream/peer_names.h"

namespace sslsniff {

/// Between connections and outputs: learns from the answers that processes get from DNS, over whatever
/// carries it, how they call the addresses in them.
class NameStage final : public TransactionSink {
  public:
    /// Both must outlive the stage.
    NameStage(PeerNames& names, TransactionSink& next) : names_(names), next_(next) {}
    void on_transaction(const Transaction& transaction) override;
    void on_connection(const ConnectionRecord& record) override { next_.on_connection(record); }
    void on_loss(const LossEvent& loss) override { next_.on_loss(loss); }
    void on_summary(const CaptureSummary& summary) override { next_.on_summary(summary); }

  private:
    PeerNames& names_;
    TransactionSink& next_;
};

}  // namespace sslsniff
