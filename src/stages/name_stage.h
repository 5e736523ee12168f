#pragma once

#include "stages/sink_stage.h"
#include "stream/peer_names.h"

namespace sslsniff {

/// Between connections and outputs: learns from the answers that processes get from DNS, over whatever
/// carries it, how they call the addresses in them.
class NameStage final : public SinkStage {
  public:
    /// Both must outlive the stage.
    NameStage(PeerNames& names, TransactionSink& next) : SinkStage(next), names_(names) {}
    void on_transaction(const Transaction& transaction) override;

  private:
    PeerNames& names_;
};

}  // namespace sslsniff
