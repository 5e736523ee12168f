#include "protocols/imap/handler.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/memory.h"
#include "base/text.h"
#include "protocols/fresh_session.h"
#include "protocols/imap/describe.h"
#include "protocols/imap/imap.h"
#include "protocols/line_end.h"

namespace sslsniff::imap {
namespace {

using framed::Message;
using framed::Side;

constexpr std::string_view kProtocol = "imap";
constexpr std::string_view kNoResponse = "no response";
constexpr std::string_view kNotSeen = "request not seen";
constexpr std::string_view kUncertain = "untagged responses may belong to another command after a loss";
constexpr std::size_t kMostLines = 100;      // untagged responses that are kept
constexpr std::size_t kMostLineShown = 200;  // bytes of each

/// Of a message that has no end of line: a piece of a longer one.
Piece piece_of(const Message& message) {
    return read_piece(message.bytes).value_or(Piece{message.bytes.size(), std::nullopt});
}
/// Whether what comes next belongs to the same command or response.
bool goes_on(const Message& message, const Piece& piece) {
    return piece.literal || !message.bytes.substr(0, piece.line).ends_with('\n');
}

bool any(const auto& /*waiting*/) {
    return true;
}

}  // namespace

framed::MessageHandler::Next ImapHandler::on_message(Side side, const Message& message) {
    if (side == Side::server) {
        return on_server_piece(message);
    }
    on_client_piece(message);
    return Next::go_on;
}

void ImapHandler::on_client_piece(const Message& message) {
    if (open_) {
        on_more_of_command(message);
        return;
    }
    const Piece piece = piece_of(message);
    const ByteView line = message.bytes.substr(0, piece.line);
    if (std::exchange(wants_response_, false)) {
        return;  // a secret, and nothing but that
    }
    const auto command = read_command(line);
    if (!command || (joined_ && !is_known(command->name))) {
        return;  // DONE; or nobody knows what a line belongs to
    }
    open_ = Waiting{.flow = begin_flow(kProtocol, Side::client, message)};
    open_tag_ = command->tag;
    describe_command(*command, limits_.show_secrets, open_->flow);
    is_login_ = open_->flow.exchange->said.operation == "LOGIN";
    add_literal(message, piece);
    if (!goes_on(message, piece)) {
        settle_command(message.end);
    }
}

void ImapHandler::on_more_of_command(const Message& message) {
    const Piece piece = piece_of(message);
    continue_flow(open_->flow, message);
    add_literal(message, piece);
    if (!goes_on(message, piece)) {
        settle_command(message.end);
    }
}

void ImapHandler::add_literal(const Message& message, const Piece& piece) {
    if (!piece.literal) {
        return;
    }
    open_->flow.exchange->said.request_bytes += *piece.literal;
    if (is_login_ && !limits_.show_secrets) {
        return;
    }
    const ByteView there = message.bytes.substr(std::min(piece.line, message.bytes.size()));
    const std::uint64_t before = literal_.size;
    append(literal_, there, limits_.max_body);
    literal_.size = before + *piece.literal;
    literal_.missing += std::min(message.missing, *piece.literal);
}

/// All of it is there.
void ImapHandler::settle_command(Timestamp /*time*/) {
    Waiting waiting = *std::exchange(open_, std::nullopt);
    if (literal_.size > 0) {
        waiting.flow.exchange->request_line += fmt::format(" ({} bytes)", literal_.size);
        waiting.flow.exchange->request.body("literal", std::exchange(literal_, Body()));
    }
    const std::size_t held = waiting.flow.exchange->held() + kMostLines * sizeof(std::string);
    waiting_.add(open_tag_, std::move(waiting), held);
    if (waiting_.size() > limits_.max_pending) {
        emit_oldest("too many wait for an answer");
    }
}

framed::MessageHandler::Next ImapHandler::on_server_piece(const Message& message) {
    const Piece piece = piece_of(message);
    if (std::exchange(continues_response_, goes_on(message, piece)) && !joined_) {
        if (Waiting* const oldest = waiting_.oldest()) {
            oldest->literal_bytes += piece.literal.value_or(0);
            oldest->flow.exchange->said.response_bytes += message.size;
            answer_flow(oldest->flow, Side::server, message);
        }
        return Next::go_on;
    }
    const auto response = read_response(message.bytes.substr(0, piece.line));
    if (!response) {
        return joined_ ? Next::go_on : Next::strange;
    }
    switch (response->kind) {
        case Response::Kind::more: {
            const Waiting* const oldest = waiting_.oldest();
            wants_response_ = oldest != nullptr && oldest->flow.exchange->said.operation == "AUTHENTICATE";
            return Next::go_on;
        }
        case Response::Kind::untagged:
            on_untagged(message, *response);
            return Next::go_on;
        case Response::Kind::tagged:
            break;
    }
    return on_tagged(message, *response);
}

void ImapHandler::on_untagged(const Message& message, const Response& response) {
    Waiting* const oldest = waiting_.oldest();
    if (oldest == nullptr || oldest->flow.exchange->said.operation == "IDLE") {
        alone(message, response);
        return;
    }
    answer_flow(oldest->flow, Side::server, message);
    oldest->literal_bytes += piece_of(message).literal.value_or(0);
    oldest->flow.exchange->said.response_bytes += message.size;
    ++oldest->untagged;
    if (oldest->lines.size() < kMostLines) {
        const ByteView line = without_line_end(message.bytes.substr(0, piece_of(message).line));
        oldest->lines.emplace_back(
            prefix_of(line.substr(std::min<std::size_t>(2, line.size())), kMostLineShown));
    }
}

framed::MessageHandler::Next ImapHandler::on_tagged(const Message& message, const Response& response) {
    const Waiting* const oldest = waiting_.oldest();
    const bool is_oldest =
        oldest != nullptr && oldest == waiting_.find(std::string(response.tag), any<Waiting>);
    auto waiting = waiting_.take(std::string(response.tag), any<Waiting>);
    if (!waiting) {
        alone(message, response);
        return Next::go_on;
    }
    if (joined_ && !is_oldest) {
        waiting->flow.damage(kUncertain);
    }
    wants_response_ = false;
    const bool is_tls_next =
        waiting->flow.exchange->said.operation == "STARTTLS" && equals_ignore_case(response.status, "OK");
    answer_flow(waiting->flow, Side::server, message);
    describe_response(response, waiting->flow);
    emit(*std::move(waiting), {});
    return is_tls_next ? Next::tls : Next::go_on;
}

/// A greeting, news for whoever waits for them, or what belongs to a command that was not seen.
void ImapHandler::alone(const Message& message, const Response& response) {
    Flow flow = begin_flow(kProtocol, Side::server, message);
    flow.joined = joined_;
    if (joined_ || response.kind == Response::Kind::tagged) {
        flow.damage(kNotSeen);
    }
    const bool is_greeting = !response.status.empty() && response.kind == Response::Kind::untagged;
    flow.exchange->said.operation = is_greeting ? "greeting" : "notice";
    flow.exchange->said.response_bytes = message.size;
    describe_response(response, flow);
    emit_flow(host_, std::move(flow));
}

void ImapHandler::emit(Waiting waiting, std::string_view unanswered) {
    describe_untagged(waiting.lines, waiting.untagged, waiting.literal_bytes, waiting.flow);
    emit_flow(host_, std::move(waiting.flow), unanswered);
}

bool ImapHandler::emit_oldest(std::string_view unanswered) {
    auto oldest = waiting_.take_oldest();
    if (!oldest) {
        return false;
    }
    emit(*std::move(oldest), unanswered);
    return true;
}

void ImapHandler::on_joined() {
    joined_ = true;
}

/// Tags tell what belongs together; what a command was answered with may be incomplete.
void ImapHandler::on_loss(Side side, const Message* /*cut*/, std::string_view reason, Timestamp /*time*/) {
    joined_ = true;
    wants_response_ = false;
    if (side == Side::client) {
        literal_ = {};
        if (open_) {
            emit(*std::exchange(open_, std::nullopt), reason);
        }
        return;
    }
    continues_response_ = false;
    waiting_.each([&](Waiting& waiting) { waiting.flow.damage(reason); });
}

void ImapHandler::finish(Timestamp /*time*/) {
    if (open_) {
        emit(*std::exchange(open_, std::nullopt), kNoResponse);
    }
    while (emit_oldest(kNoResponse)) {
    }
}

std::shared_ptr<const ParserSession> ImapHandler::session() const {
    return std::make_shared<FreshSession>(create_imap);
}

std::size_t ImapHandler::held() const {
    return allocated(sizeof(*this)) + waiting_.held() + (open_ ? open_->flow.exchange->held() : 0) +
           literal_.held();
}

std::uint64_t ImapHandler::give_up(std::size_t bytes) {
    const std::size_t before = held();
    std::uint64_t number = 0;
    while (held() + bytes > before && emit_oldest(kNoLongerKept)) {
        ++number;
    }
    if (held() + bytes > before && open_ && literal_.shed()) {
        open_->flow.damage(kNoLongerKept);
        ++number;
    }
    return number;
}

}  // namespace sslsniff::imap
