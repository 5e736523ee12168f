#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>

#include "model/time.h"

namespace sslsniff::pairing {

/// Replies carry no number: they are paired with requests by order alone. After a gap, or when joining in the
/// middle, the order may be off by the requests that were not seen. This judges when it can be believed
/// again: after a second of silence with nothing outstanding, or after a run of strict turns (one request,
/// one reply) that a connection with replies still on their way would hardly keep up.
class OrderTrust {
  public:
    bool certain() const { return certain_; }
    /// Something was lost, or a reply came that nobody asked for.
    void doubt();
    /// A request came while `pending` others waited.
    void on_request(std::size_t pending, Timestamp time);
    /// A reply came while `pending` requests waited.
    void on_reply(std::size_t pending, Timestamp time);

  private:
    bool certain_ = true;
    std::uint32_t turns_ = 0;
    std::optional<Timestamp> last_;  ///< of the latest message since the doubt
};

}  // namespace sslsniff::pairing
