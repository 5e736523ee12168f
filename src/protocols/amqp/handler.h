#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>

#include "protocols/amqp/channel.h"
#include "protocols/amqp/frame.h"
#include "protocols/amqp/properties.h"
#include "protocols/amqp/values.h"
#include "protocols/framed/message_handler.h"
#include "protocols/pairing/held_total.h"

namespace sslsniff::amqp {

/// Pairs methods with their answers, deliveries with their acknowledgements, publications with their
/// confirmations, and calls with their replies (by correlation-id, where the queue of reply-to is consumed on
/// the same connection).
class AmqpHandler final : public framed::MessageHandler {
  public:
    AmqpHandler(ParserHost& host, const ParserLimits& limits) : host_(host), limits_(limits) {}

    Next on_message(framed::Side side, const framed::Message& message) override;
    void on_loss(framed::Side side, const framed::Message* cut, std::string_view reason,
                 Timestamp time) override;
    void on_joined() override { joined_ = true; }
    void finish(Timestamp time) override;
    std::size_t held() const override;
    std::uint64_t give_up(std::size_t bytes) override;

  private:
    /// A frame while it is handled.
    struct Frame {
        framed::Side side;
        const framed::Message& message;
        FrameHeader header;
        ByteView payload;         ///< as much of it as there is
        std::string_view damage;  ///< why it is not all of it; empty: it is
    };
    /// A message that was delivered, and whose sender wants it to be answered (reply-to).
    struct DeliveredRequest {
        std::uint64_t delivery_tag = 0;
        std::string reply_to{};
        Timestamp end{};
    };

    bool handle(const Frame& frame);
    // handler_methods.cpp
    bool on_method(const Frame& frame);
    bool on_call(const Frame& frame, const Method& method, const Arguments& arguments, Flow flow);
    bool on_answer(const Frame& frame, const Method& method, const Arguments& arguments, Flow flow);
    void on_close(const Frame& frame, const Method& method, const Arguments& arguments, const Flow& close);
    void learn(const Frame& frame, const Method& method, const Arguments& arguments);
    bool on_acknowledgement(const Frame& frame, const Method& method, const Arguments& arguments, Flow flow);
    bool acknowledge(const Frame& frame, const Method& method, const Arguments& arguments, Flow& flow);
    bool confirm(const Frame& frame, const Method& method, const Arguments& arguments, Flow& flow);
    // handler_contents.cpp
    void begin_content(const Frame& frame, const Method& method, const Arguments& arguments, Flow flow);
    bool on_header(const Frame& frame);
    bool on_body(const Frame& frame);
    void end_content(Channel& channel, framed::Side side, std::string_view unfinished);
    void end_publication(Channel& channel, Content content);
    void end_delivery(Channel& channel, Content content);
    bool end_reply(Content& content);
    void end_return(Channel& channel, Content content);
    void note_reply(const Content& content);

    Channel& channel(std::uint16_t id);
    bool is_certain() const { return !joined_ && !lost_; }
    void wait(Channel& channel, Flow& flow);
    Flow taken(Flow flow);
    void emit(Flow flow, std::string_view unanswered = {});
    std::size_t flush_oldest(Channel& channel, std::string_view reason);
    void flush(Channel& channel, std::string_view reason);

    ParserHost& host_;
    ParserLimits limits_;
    std::map<std::uint16_t, Channel> channels_;
    std::unordered_map<std::string, Request> calls_;               ///< by correlation-id
    std::unordered_map<std::string, DeliveredRequest> delivered_;  ///< by correlation-id
    std::unordered_set<std::string> consumed_;                     ///< queues
    pairing::HeldTotal total_;
    std::size_t waiting_ = 0;  ///< in all channels
    bool joined_ = false;
    bool lost_ = false;  ///< something of what the client said
};

}  // namespace sslsniff::amqp
