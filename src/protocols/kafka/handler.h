#pragma once

#include <cstdint>
#include <memory>

#include "protocols/described/numbered_exchanges.h"
#include "protocols/framed/message_handler.h"
#include "protocols/kafka/describe.h"

namespace sslsniff::kafka {

/// Pairs requests with their answers by the correlation id that both have.
class KafkaHandler final : public framed::MessageHandler {
  public:
    KafkaHandler(ParserHost& host, const ParserLimits& limits);

    Next on_message(framed::Side side, const framed::Message& message) override;
    void on_loss(framed::Side side, const framed::Message* cut, std::string_view reason,
                 Timestamp time) override;
    void on_joined() override { is_joined_ = true; }
    void finish(Timestamp /*time*/) override { exchanges_.finish(); }
    std::size_t held() const override;
    std::uint64_t give_up(std::size_t bytes) override;

  private:
    using Exchanges = NumberedExchanges<std::int32_t, RequestHeader>;

    Next on_request(const framed::Message& message, std::string_view damage);
    Next on_response(const framed::Message& message, std::string_view damage);

    DescribeLimits limits_;
    TopicNames names_;
    Exchanges exchanges_;
    bool is_joined_ = false;  ///< answers may come to requests that were not seen
};

}  // namespace sslsniff::kafka
