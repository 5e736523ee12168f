#pragma once

#include <cstdint>
#include <deque>
#include <string>

#include "protocols/dns/exchange.h"
#include "stages/sink_stage.h"

namespace sslsniff {

/// Between connections and outputs, what DNS means across exchanges and connections:
///   - an HTTP exchange that carries DNS is followed by that DNS transaction (DoH);
///   - a query over TCP that repeats one whose answer over UDP was truncated says so.
class DnsStage final : public SinkStage {
  public:
    /// `next` must outlive the stage.
    explicit DnsStage(TransactionSink& next) : SinkStage(next) {}
    void on_transaction(const Transaction& transaction) override;

  private:
    struct Truncated {
        ProcessKey process;
        IpAddress client;  ///< of a server; none for a client
        std::string name;  ///< lower case
        std::uint16_t type = 0;
        Timestamp time;
    };
    void link(const Transaction& transaction, dns::DnsExchange& exchange);

    std::deque<Truncated> truncated_;  ///< oldest first
};

}  // namespace sslsniff
