#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "model/body.h"
#include "protocols/described/flow.h"
#include "protocols/framed/message_handler.h"
#include "protocols/imap/line.h"
#include "protocols/pairing/by_id.h"

namespace sslsniff::imap {

/// Pairs commands with the responses that have their tag. Untagged responses belong to the command that waits
/// longest, and stand alone where none does, or only one that waits for news (IDLE).
class ImapHandler final : public framed::MessageHandler {
  public:
    ImapHandler(ParserHost& host, const ParserLimits& limits) : host_(host), limits_(limits) {}

    Next on_message(framed::Side side, const framed::Message& message) override;
    void on_loss(framed::Side side, const framed::Message* cut, std::string_view reason,
                 Timestamp time) override;
    void on_joined() override;
    void finish(Timestamp time) override;
    std::shared_ptr<const ParserSession> session() const override;
    std::size_t held() const override;
    std::uint64_t give_up(std::size_t bytes) override;

  private:
    /// A command in progress.
    struct Waiting {
        Flow flow;
        std::uint64_t untagged = 0;        ///< responses
        std::uint64_t literal_bytes = 0;   ///< in them
        std::vector<std::string> lines{};  ///< the first of them
        std::size_t held = 0;              ///< see pairing::HeldTotal
    };

    void on_client_piece(const framed::Message& message);
    void on_more_of_command(const framed::Message& message);
    void add_literal(const framed::Message& message, const Piece& piece);
    void settle_command(Timestamp time);
    Next on_server_piece(const framed::Message& message);
    void on_untagged(const framed::Message& message, const Response& response);
    Next on_tagged(const framed::Message& message, const Response& response);
    void alone(const framed::Message& message, const Response& response);
    void emit(Waiting waiting, std::string_view unanswered);
    bool emit_oldest(std::string_view unanswered);

    ParserHost& host_;
    ParserLimits limits_;
    pairing::ById<std::string, Waiting> waiting_;
    std::optional<Waiting> open_;  ///< a command that is not complete
    std::string open_tag_;
    Body literal_;
    bool is_login_ = false;            ///< of open_: what follows is a secret
    bool wants_response_ = false;      ///< the client's next line answers a challenge of AUTHENTICATE
    bool continues_response_ = false;  ///< the server's next piece is the rest of a response
    bool joined_ = false;
};

}  // namespace sslsniff::imap
