#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>

#include "stages/sink_stage.h"

namespace sslsniff {

/// Counts what of each protocol was seen. There are as many as sslsniff knows.
class ProtocolTally final : public SinkStage {
  public:
    struct Counts {
        std::uint64_t transactions = 0;
        std::uint64_t incomplete = 0;   ///< of these: something is missing
        std::uint64_t connections = 0;  ///< that ended
    };
    using Protocols = std::map<std::string, Counts, std::less<>>;

    /// Borrows `next`.
    explicit ProtocolTally(TransactionSink& next) : SinkStage(next) {}
    void on_transaction(const Transaction& transaction) override;
    void on_connection(const ConnectionRecord& record) override;

    /// By name; connections whose protocol nobody knows are "unknown".
    const Protocols& protocols() const { return protocols_; }

  private:
    Counts& of(std::string_view protocol);
    Protocols protocols_;
};

}  // namespace sslsniff
