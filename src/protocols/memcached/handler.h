#pragma once

#include "protocols/framed/message_handler.h"
#include "protocols/memcached/request.h"
#include "protocols/pairing/held_total.h"
#include "protocols/pairing/in_order.h"
#include "protocols/pairing/order_trust.h"

namespace sslsniff::memcached {

/// Pairs commands with their answers, which come in the same order; quiet commands are mostly passed over.
class MemcachedHandler final : public framed::MessageHandler {
  public:
    MemcachedHandler(ParserHost& host, const ParserLimits& limits) : host_(host), limits_(limits) {}

    Next on_message(framed::Side side, const framed::Message& message) override;
    void on_loss(framed::Side side, const framed::Message* cut, std::string_view reason,
                 Timestamp time) override;
    void on_joined() override;
    void finish(Timestamp time) override;
    std::size_t held() const override;
    std::uint64_t give_up(std::size_t bytes) override;

  private:
    bool on_request(const framed::Message& message, std::string_view damage);
    bool on_reply(const framed::Message& message, std::string_view damage);
    bool on_packet(const framed::Message& message, std::string_view damage);
    template <class IsMeant>
    bool find(IsMeant is_meant);
    template <class Add>
    void answer(const framed::Message& message, std::string_view damage, Add add);
    void alone(const framed::Message& message, std::string_view damage, Request request);
    Request take_oldest();
    void emit(Request request, std::string_view unanswered);
    void emit_silent(Request request);

    ParserHost& host_;
    ParserLimits limits_;
    pairing::InOrder<Request> waiting_;
    pairing::HeldTotal total_;
    pairing::OrderTrust trust_;
    bool joined_ = false;
};

}  // namespace sslsniff::memcached
