#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_set>
#include <vector>

#include "base/bytes.h"

namespace sslsniff::nats {

/// Whether a subject is one that a subscription's pattern means: "*" is a word, ">" are all that follow.
bool matches(ByteView pattern, ByteView subject);

/// What the subject of an acknowledgement tells of a JetStream message: "$JS.ACK." stream, consumer, how
/// often it was delivered, sequences, time, pending
/// (https://github.com/nats-io/nats-architecture-and-design/blob/main/adr/ADR-15.md).
struct AckSubject {
    ByteView stream;
    ByteView consumer;
    std::uint64_t delivered = 0;
    std::uint64_t stream_sequence = 0;
    std::uint64_t consumer_sequence = 0;
    std::uint64_t pending = 0;
};
std::optional<AckSubject> read_ack_subject(ByteView subject);

/// The subscriptions of one connection. Bounded: of more nothing is known.
class Subscriptions {
  public:
    void add(ByteView sid, ByteView pattern);
    void remove(ByteView sid);
    /// What the client subscribed to by that number; empty: not known.
    ByteView pattern(ByteView sid) const;
    /// Whether messages of that subject come to one of them.
    bool cover(ByteView subject) const;
    /// Bytes of memory outside of itself, about.
    std::size_t held() const { return held_; }

  private:
    std::map<std::string, std::string, std::less<>> by_sid_;
    std::unordered_multiset<std::string> exact_;
    std::vector<std::string> patterns_;  ///< those with "*" or ">"
    std::size_t held_ = 0;
};

}  // namespace sslsniff::nats
