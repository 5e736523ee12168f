#include "protocols/redis/subscriptions.h"

#include <algorithm>

#include "base/text.h"
#include "protocols/redis/resp_number.h"

namespace sslsniff::redis {

bool Subscriptions::is_confirmation(ByteView first) {
    return first == "subscribe" || first == "psubscribe" || first == "ssubscribe" || first == "unsubscribe" ||
           first == "punsubscribe" || first == "sunsubscribe";
}

Subscriptions::Kind Subscriptions::kind_of(ByteView name) {
    const std::string lower = to_lower(name);
    if (lower.starts_with("psub") || lower.starts_with("puns")) {
        return Kind::pattern;
    }
    return lower.starts_with("ssub") || lower.starts_with("suns") ? Kind::shard : Kind::channel;
}

void Subscriptions::confirm(const RespValue& value) {
    std::int64_t count = 0;
    if (!parse_integer(element_text(value, 2), count) || count < 0) {
        return;
    }
    // The count is that of channels and patterns together, or of shard channels alone.
    switch (kind_of(element_text(value, 0))) {
        case Kind::channel:
            channels_ = std::max<std::int64_t>(0, count - patterns_);
            break;
        case Kind::pattern:
            patterns_ = std::max<std::int64_t>(0, count - channels_);
            break;
        case Kind::shard:
            shards_ = count;
            break;
    }
}

std::int64_t Subscriptions::count(Kind kind) const {
    return kind == Kind::channel ? channels_ : kind == Kind::pattern ? patterns_ : shards_;
}

SubscriptionWait SubscriptionWait::of(const RespValue& request) {
    const std::uint64_t words = request.empty() ? 0 : request.nodes.front().size;
    const std::uint64_t channels = words > 0 ? words - 1 : 0;
    return {channels, channels == 0, Subscriptions::kind_of(element_text(request, 0))};
}

bool SubscriptionWait::advance(const Subscriptions& subscriptions) {
    left -= left > 0 ? 1 : 0;
    return until_none ? subscriptions.count(kind) == 0 : left == 0;
}

}  // namespace sslsniff::redis
