#pragma once

#include <cstdint>

#include "protocols/redis/resp.h"

namespace sslsniff::redis {

/// Channels, patterns and shard channels a connection is subscribed to, as the confirmations tell.
class Subscriptions {
  public:
    enum class Kind : std::uint8_t { channel, pattern, shard };

    /// True when `value` confirms one subscription or its end.
    static bool is_confirmation(ByteView first);
    static Kind kind_of(ByteView name);
    /// Takes note of a confirmation ([p|s][un]subscribe, channel, count).
    void confirm(const RespValue& value);
    std::int64_t count(Kind kind) const;
    bool active() const { return channels_ + patterns_ + shards_ > 0; }
    void clear() { channels_ = patterns_ = shards_ = 0; }

  private:
    std::int64_t channels_ = 0;
    std::int64_t patterns_ = 0;
    std::int64_t shards_ = 0;
};

/// How many confirmations a request still waits for: one for each channel named; UNSUBSCRIBE without
/// channels: until none of that kind is left.
struct SubscriptionWait {
    std::uint64_t left = 0;
    bool until_none = false;
    Subscriptions::Kind kind = Subscriptions::Kind::channel;

    static SubscriptionWait of(const RespValue& request);
    /// After `confirm` of one more confirmation. True when it was the last.
    bool advance(const Subscriptions& subscriptions);
};

}  // namespace sslsniff::redis
