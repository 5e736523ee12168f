#pragma once

#include <array>
#include <cstdint>

#include "protocols/described/flow.h"
#include "protocols/dubbo/header.h"
#include "protocols/framed/message_handler.h"
#include "protocols/pairing/by_id.h"

namespace sslsniff::dubbo {

/// Pairs invocations with their results, and heartbeats with their answers, by the id of the request. Either
/// side numbers its own requests.
class DubboHandler final : public framed::MessageHandler {
  public:
    DubboHandler(ParserHost& host, const ParserLimits& limits) : host_(host), limits_(limits) {}

    Next on_message(framed::Side side, const framed::Message& message) override;
    void on_loss(framed::Side side, const framed::Message* cut, std::string_view reason,
                 Timestamp time) override;
    void on_joined() override { joined_ = true; }
    void finish(Timestamp time) override;
    std::size_t held() const override;
    std::uint64_t give_up(std::size_t bytes) override;

  private:
    using Waiting = pairing::ById<std::uint64_t, Flow>;

    bool handle(framed::Side side, const framed::Message& message, std::string_view damage);
    bool on_request(framed::Side side, const Header& header, const framed::Message& message,
                    std::string_view damage);
    bool on_response(framed::Side side, const Header& header, const framed::Message& message,
                     std::string_view damage);
    bool describe_invocation(ByteView body, Flow& flow) const;
    bool describe_result(const Header& header, ByteView body, Flow& flow) const;
    Waiting& asked_by(framed::Side side) { return waiting_[static_cast<std::size_t>(side)]; }

    ParserHost& host_;
    ParserLimits limits_;
    std::array<Waiting, 2> waiting_;  ///< by who asked
    bool joined_ = false;
};

}  // namespace sslsniff::dubbo
