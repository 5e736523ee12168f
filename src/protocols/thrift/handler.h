#pragma once

#include <cstdint>

#include "protocols/described/numbered_exchanges.h"
#include "protocols/framed/message_handler.h"
#include "protocols/thrift/message.h"

namespace sslsniff::thrift {

/// Pairs calls with their replies by sequence id.
class ThriftHandler final : public framed::MessageHandler {
  public:
    ThriftHandler(ParserHost& host, const ParserLimits& limits)
        : limits_(limits), exchanges_(host, limits.max_pending) {}

    Next on_message(framed::Side side, const framed::Message& message) override;
    void on_loss(framed::Side side, const framed::Message* cut, std::string_view reason,
                 Timestamp time) override;
    void on_joined() override { joined_ = true; }
    void finish(Timestamp /*time*/) override { exchanges_.finish(); }
    std::size_t held() const override;
    std::uint64_t give_up(std::size_t bytes) override;

  private:
    struct Nothing {};
    using Exchanges = NumberedExchanges<std::int32_t, Nothing>;

    bool handle(framed::Side side, const framed::Message& message, std::string_view damage);
    bool on_call(const MessageHeader& header, ByteReader& reader, const framed::Message& message,
                 std::string_view damage);
    bool on_reply(const MessageHeader& header, ByteReader& reader, const framed::Message& message,
                  std::string_view damage);

    ParserLimits limits_;
    Exchanges exchanges_;
    bool joined_ = false;
};

}  // namespace sslsniff::thrift
