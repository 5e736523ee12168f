#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "model/body.h"
#include "protocols/described/ordered_flows.h"
#include "protocols/framed/message_handler.h"
#include "protocols/smtp/line.h"

namespace sslsniff::smtp {

/// Pairs commands with replies, which come in their order. A mail belongs to the DATA or the BDAT that it
/// follows, what a client answers during a login to the AUTH.
class SmtpHandler final : public framed::MessageHandler {
  public:
    SmtpHandler(ParserHost& host, const ParserLimits& limits)
        : host_(host), limits_(limits), waiting_(host, limits.max_pending) {}

    Next on_message(framed::Side side, const framed::Message& message) override;
    void on_loss(framed::Side side, const framed::Message* cut, std::string_view reason,
                 Timestamp time) override;
    void on_joined() override;
    void finish(Timestamp time) override;
    std::shared_ptr<const ParserSession> session() const override;
    std::size_t held() const override;
    std::uint64_t give_up(std::size_t bytes) override;

  private:
    /// What the client says next.
    enum class Phase : std::uint8_t { command, mail, chunk, login };
    /// A reply, line by line.
    struct Reply {
        unsigned code = 0;
        unsigned lines = 0;
        Bytes text;  ///< of all lines, with LF between them, bounded
    };

    // What a client says.
    void on_client_line(const framed::Message& message);
    void on_command(const framed::Message& message);
    void on_mail_line(const framed::Message& message);
    ByteView take_chunk(const framed::Message& message, ByteView bytes);
    void on_login_line(const framed::Message& message);
    void begin_chunk(Flow flow, ByteView argument, const framed::Message& message);
    void end_mail(Timestamp time);
    void wait(Flow flow, Timestamp time);
    // What a server says.
    Next on_reply_line(const framed::Message& message);
    Next on_reply(const framed::Message& message);
    Next settle(Flow flow);
    void alone(const framed::Message& message);
    void write_reply(Flow& flow);

    void abandon(std::string_view reason);

    ParserHost& host_;
    ParserLimits limits_;
    OrderedFlows waiting_;
    Phase phase_ = Phase::command;
    std::optional<Flow> open_;        ///< in any other phase: whose mail, chunk or login it is
    Body body_;                       ///< of it
    std::vector<std::string> login_;  ///< of the login in progress, as they are shown
    bool at_line_start_ = true;
    std::uint64_t chunk_left_ = 0;
    Reply reply_;
    bool joined_ = false;
    /// It is not known whether what the client says is a command, or a line of a mail.
    bool in_doubt_ = false;
    bool is_lmtp_ = false;
    unsigned recipients_ = 0;  ///< accepted for the mail to come
};

}  // namespace sslsniff::smtp
