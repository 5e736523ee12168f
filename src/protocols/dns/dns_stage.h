#pragma once

#include <cstdint>
#include <deque>
#include <string>

#include "model/transaction.h"
#include "protocols/dns/exchange.h"

namespace sslsniff {

/// Between connections and outputs, what DNS means across exchanges and connections:
///   - an HTTP exchange that carries DNS is followed by that DNS transaction (DoH);
///   - a query over TCP that repeats one whose answer over UDP was truncated says so.
class DnsStage final : public TransactionSink {
  public:
    /// `next` must outlive the stage.
    explicit DnsStage(TransactionSink& next) : next_(next) {}
    void on_transaction(const Transaction& transaction) override;
    void on_connection(const ConnectionRecord& record) override { next_.on_connection(record); }
    void on_loss(const LossEvent& loss) override { next_.on_loss(loss); }
    void on_summary(const CaptureSummary& summary) override { next_.on_summary(summary); }

  private:
    struct Truncated {
        ProcessKey process;
        IpAddress client;  ///< of a server; none for a client
        std::string name;  ///< lower case
        std::uint16_t type = 0;
        Timestamp time;
    };
    void link(const Transaction& transaction, dns::DnsExchange& exchange);

    TransactionSink& next_;
    std::deque<Truncated> truncated_;  ///< oldest first
};

}  // namespace sslsniff
