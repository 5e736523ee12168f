#pragma once

#include <array>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>

#include "protocols/described/ordered_flows.h"
#include "protocols/framed/message_handler.h"
#include "protocols/nats/control_line.h"
#include "protocols/nats/headers.h"
#include "protocols/nats/json.h"
#include "protocols/nats/subjects.h"
#include "protocols/pairing/by_id.h"

namespace sslsniff::nats {

/// Pairs operations with what answers them: requests with the first message to their subject for replies,
/// delivered messages with the client's answer or acknowledgement, PING with PONG, and in verbose mode all
/// with +OK.
class NatsHandler final : public framed::MessageHandler {
  public:
    NatsHandler(ParserHost& host, const ParserLimits& limits);

    Next on_message(framed::Side side, const framed::Message& message) override;
    void on_loss(framed::Side side, const framed::Message* cut, std::string_view reason,
                 Timestamp time) override;
    void on_joined() override;
    void finish(Timestamp time) override;
    std::shared_ptr<const ParserSession> session() const override;
    std::size_t held() const override;
    std::uint64_t give_up(std::size_t bytes) override;

  private:
    enum class Verbose : std::uint8_t { unknown, no, yes };
    /// Whether a client answers messages.
    enum class Answers : std::uint8_t { unknown, no, yes };
    /// An operation while it is handled.
    struct Said {
        framed::Side side;
        const framed::Message& message;
        ControlLine line;
        std::string_view damage;  ///< why it is not all of it; empty: it is
        Headers headers{};
        ByteView payload{};  ///< as much of it as there is
    };
    using Waiting = pairing::ById<std::string, Flow>;

    Next handle(framed::Side side, const framed::Message& message, std::string_view damage);
    // describe.cpp
    Flow describe(Said& said);
    void write_payload(Said& said, Flow& flow);
    // handler.cpp
    void on_connect(const Said& said, Flow flow);
    void on_publish(const Said& said, Flow flow);
    void on_delivery(const Said& said, Flow flow);
    void on_error(const Said& said, Flow flow);
    void on_pong(const Said& said, Flow flow);
    void on_ok(const Said& said, Flow flow);
    void answer_request(const Said& said, Flow request, Flow reply);
    bool answer_delivery(const Said& said, Flow& publication);
    void end_operation(const Said& said, Flow flow, bool is_shown = true);
    void release_connect(std::string_view unanswered);
    void keep(Waiting& waiting, const std::string& id, Flow flow);
    void emit_oldest(Waiting& waiting, std::string_view reason);
    void learn_inbox(ByteView subject);
    void learn_consumer(const JetStreamReply& reply);
    Answers answers(const ControlLine& line) const;
    OrderedFlows& pings(framed::Side from) { return pings_[static_cast<std::size_t>(from)]; }

    ParserHost& host_;
    ParserLimits limits_;
    Verbose verbose_ = Verbose::no;
    bool joined_ = false;
    bool began_ = false;           ///< something was said before
    std::optional<Flow> connect_;  ///< not answered yet: only errors and verbose mode's +OK do
    OrderedFlows unconfirmed_;     ///< operations that +OK answers
    std::array<OrderedFlows, 2> pings_;
    Waiting requests_;    ///< by their subject for replies
    Waiting deliveries_;  ///< the same, of clients that answer
    Subscriptions subscriptions_;
    /// Who gets the latest deliveries of which nobody knows whether they are answered: by subject for
    /// replies.
    std::map<std::string, std::string, std::less<>> undecided_;
    /// Whether messages of a subscription (its sid), or of a consumer of JetStream, are answered.
    std::map<std::string, Answers, std::less<>> answering_;
    std::set<std::string, std::less<>> inboxes_;  ///< of requests that may be answered elsewhere
};

}  // namespace sslsniff::nats
