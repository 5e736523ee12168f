#pragma once

#include <cstddef>
#include <optional>
#include <string_view>

#include "protocols/described/flow.h"
#include "protocols/pairing/held_total.h"
#include "protocols/pairing/in_order.h"
#include "protocols/pairing/order_trust.h"

namespace sslsniff {

/// Exchanges of one kind that are answered in the order in which they began. What is paired when the order is
/// not certain says so.
class OrderedFlows {
  public:
    /// `host` must outlive it. `max_pending`: how many may wait.
    OrderedFlows(ParserHost& host, std::size_t max_pending) : host_(host), max_pending_(max_pending) {}

    /// It waits for its answer. Without an exchange it stands for one that is shown elsewhere.
    void wait(Flow flow, Timestamp time);
    /// What the next answer belongs to; nothing when nothing waits.
    std::optional<Flow> answer(Timestamp time);
    bool empty() const { return waiting_.empty(); }
    /// Something was lost, on either side: what waits may have been answered.
    void lose(std::string_view reason);
    /// The order is not known: the beginning passed unseen.
    void doubt() { trust_.doubt(); }
    /// They are over, without an answer. Returns how many.
    std::size_t flush(std::string_view reason);
    /// The one that waits longest; false when there is none.
    bool flush_oldest(std::string_view reason);

    /// Bytes of memory outside of itself.
    std::size_t held() const { return total_.bytes() + waiting_.size() * pairing::InOrder<Flow>::kItem; }

  private:
    ParserHost& host_;
    std::size_t max_pending_;
    pairing::InOrder<Flow> waiting_;
    pairing::HeldTotal total_;
    pairing::OrderTrust trust_;
};

}  // namespace sslsniff
