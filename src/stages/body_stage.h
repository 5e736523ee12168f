#pragma once

#include "stages/sink_stage.h"

namespace sslsniff {

/// Names the files of the saved bodies of each transaction that comes through, and keeps them; those of
/// transactions that do not come this far are dropped. Belongs in front of the outputs, which tell the names.
class BodyStage final : public SinkStage {
  public:
    /// Borrows `next`.
    explicit BodyStage(TransactionSink& next) : SinkStage(next) {}

    void on_transaction(const Transaction& transaction) override;
};

}  // namespace sslsniff
