#pragma once

#include <cstdint>
#include <memory>
#include <optional>

#include "model/connection.h"
#include "model/time.h"
#include "protocols/dns/exchange.h"
#include "protocols/pairing/by_id.h"

namespace sslsniff::dns {

/// A query on its way.
struct PendingQuery {
    std::unique_ptr<DnsExchange> exchange;
    Timestamp sent;                           ///< the first time
    Timestamp latest;                         ///< the last time it was repeated
    Endpoint peer;                            ///< whom it was sent to, or who sent it
    std::optional<Timestamp> response_start;  ///< of a zone transfer that is under way
    std::size_t held = 0;                     ///< bytes of memory, while it is in the table
};

/// Queries that wait for their answers: found again by id, question and peer.
class QueryTable {
  public:
    /// Takes a query; one that is the same as another on its way is counted as a repetition of that.
    void add(Message query, const Endpoint& peer, Timestamp time);
    /// The query this answers, taken out of the table; nothing when there is none. A peer whose address is
    /// not known matches any.
    std::optional<PendingQuery> take(const Message& response, const Endpoint& peer);
    /// Puts back what take() returned, to wait for more messages.
    void put_back(PendingQuery query);
    /// Takes out the query that has waited longest, if it was sent before `limit`.
    std::optional<PendingQuery> take_older_than(Timestamp limit);
    std::optional<PendingQuery> take_oldest();
    std::size_t size() const { return queries_.size(); }
    /// Bytes of memory outside of itself.
    std::size_t held() const { return queries_.held(); }

  private:
    pairing::ById<std::uint16_t, PendingQuery> queries_;
};

}  // namespace sslsniff::dns
