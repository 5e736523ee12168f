#pragma once

#include <memory>
#include <string_view>

#include "protocols/pairing/held_total.h"
#include "protocols/pairing/in_order.h"
#include "protocols/pairing/order_trust.h"
#include "protocols/protocol.h"
#include "protocols/redis/commands.h"
#include "protocols/redis/exchange.h"
#include "protocols/redis/subscriptions.h"

namespace sslsniff::redis {

/// A value with the times of its first and last byte.
struct TimedValue {
    RespValue value;
    Timestamp start;
    Timestamp end;
};

/// Pairs requests with replies in order and knows when a value of the server is no reply. Emits exchanges.
class Matcher {
  public:
    Matcher(ParserHost& host, const ParserLimits& limits) : host_(host), limits_(limits) {}

    void on_request(TimedValue request);
    void on_reply(TimedValue reply);
    /// A command of the stream from master to replica.
    void on_replicated(TimedValue command);
    void on_snapshot(const Snapshot& snapshot, Timestamp start, Timestamp end, std::string_view reason);

    /// Requests were lost (with `cut`, the one whose bytes end at the gap): what follows is paired in doubt.
    void requests_lost(TimedValue cut, std::string_view reason);
    /// Replies were lost: all requests that wait count as unanswered, `cut` belongs to the first.
    void replies_lost(TimedValue cut, std::string_view reason);
    void joined_midstream() { trust_.doubt(); }
    std::size_t held() const;                  ///< bytes of memory outside of itself
    std::uint64_t give_up(std::size_t bytes);  ///< see ProtocolParser

    /// The connection is over.
    void finish(TimedValue cut_request, TimedValue cut_reply);

    /// True when the next thing the server sends may be a snapshot: SYNC or PSYNC waits for its reply.
    bool awaits_snapshot() const;
    /// SYNC has no reply but the snapshot itself.
    bool awaits_bare_snapshot() const;
    void accept_bare_snapshot(Timestamp time);
    /// What the server sends from here on, decided by the last reply.
    enum class Stream : std::uint8_t { replies, snapshot, commands };
    Stream stream() const { return stream_; }
    std::uint64_t emitted() const { return emitted_; }

  private:
    struct Pending {
        TimedValue request;
        ReplyRule rule = ReplyRule::one;
        bool secrets_hidden = false;
        bool certain = true;
        SubscriptionWait wait;
        std::optional<Timestamp> reply_start;  ///< of the first of several confirmations
        std::size_t held = 0;                  ///< bytes of memory of the request, while it waits
    };

    bool wants_reply(ReplyRule rule);
    bool is_push(const RespValue& value, ByteView first) const;
    void emit_unasked(TimedValue reply, ExchangeKind kind);
    void answer(TimedValue reply);
    void follow(const Pending& pending, const RespValue& reply);
    void emit_pending(Pending pending, TimedValue reply, std::string_view reason);
    void emit(std::unique_ptr<RedisExchange> exchange, const Timing& timing, std::string_view reason,
              bool midstream);
    Pending take_oldest();
    void trim(Pending& pending);
    void bound_pending();
    void give_up_oldest(std::string_view why);

    ParserHost& host_;
    ParserLimits limits_;
    pairing::InOrder<Pending> pending_;
    pairing::HeldTotal pending_held_;
    pairing::OrderTrust trust_;
    Subscriptions subscriptions_;
    Stream stream_ = Stream::replies;
    bool monitor_ = false;
    bool replies_off_ = false;  ///< CLIENT REPLY OFF
    bool skip_next_ = false;    ///< CLIENT REPLY SKIP came just before
    std::uint64_t emitted_ = 0;
};

}  // namespace sslsniff::redis
