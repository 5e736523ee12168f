#pragma once

#include <cstdint>
#include <memory>
#include <unordered_map>

#include "protocols/described/numbered_exchanges.h"
#include "protocols/framed/message_handler.h"
#include "protocols/mongodb/describe.h"

namespace sslsniff::mongodb {

/// Pairs commands with their answers by responseTo. Where an answer says that more come, each further one
/// answers the one before (an awaitable hello, an exhaust cursor).
class MongodbHandler final : public framed::MessageHandler {
  public:
    MongodbHandler(ParserHost& host, const ParserLimits& limits);

    Next on_message(framed::Side side, const framed::Message& message) override;
    void on_loss(framed::Side side, const framed::Message* cut, std::string_view reason,
                 Timestamp time) override;
    void on_joined() override { is_joined_ = true; }
    void finish(Timestamp /*time*/) override { exchanges_.finish(); }
    std::size_t held() const override;
    std::uint64_t give_up(std::size_t bytes) override;

  private:
    using Exchanges = NumberedExchanges<std::int32_t, Request>;

    Next on_request(const framed::Message& message, std::string_view damage);
    Next on_response(const framed::Message& message, std::string_view damage);
    void go_on(const Response& response, Request request);

    DescribeLimits limits_;
    Exchanges exchanges_;
    /// Requests of which more answers come, by the number of their latest one.
    std::unordered_map<std::int32_t, Request> streaming_;
    bool is_joined_ = false;  ///< answers may come to requests that were not seen
};

}  // namespace sslsniff::mongodb
