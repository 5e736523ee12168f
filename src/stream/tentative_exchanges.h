#pragma once

#include <cstddef>
#include <memory>
#include <vector>

#include "model/transaction.h"

namespace sslsniff {

/// What the parser of a likely protocol made of a connection: shown when two exchanges agree, that is, have a
/// request and a response, else never.
class TentativeExchanges {
  public:
    struct Held {
        Timing timing;
        Integrity integrity;
        std::unique_ptr<Exchange> exchange;
    };

    /// Whether an exchange has both halves.
    static bool agrees(const Timing& timing) { return timing.request_end && timing.response_start; }

    /// The role as it is known without the parser.
    TentativeExchanges(Role role, bool from_traffic) : role_(role), role_from_traffic_(from_traffic) {}

    /// Keeps an exchange; true when enough agree.
    bool add(Held exchange);
    /// More exchanges than a protocol would have without two that agree.
    bool is_hopeless() const;
    std::vector<Held> take() { return std::move(held_); }
    Role role() const { return role_; }
    bool role_from_traffic() const { return role_from_traffic_; }

    std::size_t held() const { return held_bytes_ + held_.capacity() * sizeof(Held); }
    /// Gives up all that is kept. Returns how many exchanges.
    std::size_t drop();

  private:
    std::vector<Held> held_;
    std::size_t held_bytes_ = 0;  ///< bytes of memory of the exchanges
    unsigned agreed_ = 0;
    Role role_;
    bool role_from_traffic_;
};

}  // namespace sslsniff
