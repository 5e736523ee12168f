#include "protocols/smtp/handler.h"

#include <algorithm>
#include <utility>

#include "base/memory.h"
#include "base/number.h"
#include "base/text.h"
#include "protocols/fresh_session.h"
#include "protocols/line_end.h"
#include "protocols/smtp/describe.h"
#include "protocols/smtp/smtp.h"

namespace sslsniff::smtp {
namespace {

using framed::Message;
using framed::Side;

constexpr std::string_view kProtocol = "smtp";
constexpr std::string_view kNoReply = "no reply";
constexpr std::string_view kNotSeen = "request not seen";
constexpr std::string_view kInDoubt = "a command or a line of a mail: not certain after a loss";
constexpr std::size_t kMostReply = 16'384;  // bytes of text that are kept
constexpr std::size_t kMostLogin = 16;      // lines of a login
constexpr std::size_t kMostLoginHeld = 64;  // bytes of memory for each, mostly

constexpr unsigned kReady = 220;
constexpr unsigned kContinueLogin = 334;
constexpr unsigned kStartInput = 354;

bool is_accepted(unsigned code) {
    return code / 100 == 2;
}

std::string_view operation_of(const Flow& flow) {
    return flow.exchange ? std::string_view(flow.exchange->said.operation) : std::string_view();
}

}  // namespace

framed::MessageHandler::Next SmtpHandler::on_message(Side side, const Message& message) {
    if (side == Side::server) {
        return on_reply_line(message);
    }
    on_client_line(message);
    return Next::go_on;
}

void SmtpHandler::on_client_line(const Message& message) {
    Message rest = message;
    if (chunk_left_ > 0) {
        rest.bytes = take_chunk(message, message.bytes);
        rest.size = rest.bytes.size();
        if (rest.bytes.empty()) {
            return;
        }
    }
    switch (phase_) {
        case Phase::mail:
            on_mail_line(rest);
            break;
        case Phase::login:
            on_login_line(rest);
            break;
        case Phase::chunk:
        case Phase::command:
            on_command(rest);
            break;
    }
}

void SmtpHandler::on_command(const Message& message) {
    if (in_doubt_ && without_line_end(message.bytes) == ".") {
        // Whatever looked like commands belonged to the mail that ends here.
        waiting_.lose(kInDoubt);
        in_doubt_ = false;
        Flow mail = begin_flow(kProtocol, Side::client, message);
        mail.exchange->said.operation = "DATA";
        mail.exchange->request_line = "DATA";
        mail.joined = true;
        mail.damage(kNotSeen);
        wait(std::move(mail), message.end);
        return;
    }
    const auto command = read_command(message.bytes);
    if (in_doubt_ && !(command && is_known(command->verb) && message.bytes.ends_with('\n'))) {
        return;
    }
    Flow flow = begin_flow(kProtocol, Side::client, message);
    if (in_doubt_) {
        flow.damage(kInDoubt);
    }
    // What is no command is refused by the server, and so needs a place in the order, too.
    describe_command(command.value_or(Command{"?", without_line_end(message.bytes)}), limits_.show_secrets,
                     flow);
    const std::string_view verb = operation_of(flow);
    if (verb == "LHLO") {
        is_lmtp_ = true;
    }
    if (verb == "BDAT") {
        begin_chunk(std::move(flow), command->argument, message);
        return;
    }
    wait(std::move(flow), message.end);
}

void SmtpHandler::wait(Flow flow, Timestamp time) {
    waiting_.wait(std::move(flow), time);
}

void SmtpHandler::begin_chunk(Flow flow, ByteView argument, const Message& message) {
    chunk_left_ = parse_number<std::uint64_t>(argument.substr(0, argument.find(' '))).value_or(0);
    open_ = std::move(flow);
    body_ = {};
    phase_ = Phase::chunk;
    if (chunk_left_ == 0) {
        end_mail(message.end);
    }
}

/// Returns what is behind the chunk.
ByteView SmtpHandler::take_chunk(const Message& message, ByteView bytes) {
    const ByteView taken = bytes.substr(0, chunk_left_);
    chunk_left_ -= taken.size();
    if (phase_ == Phase::chunk) {
        append(body_, taken, limits_.max_body);
        continue_flow(*open_, message);
        if (chunk_left_ == 0) {
            end_mail(message.end);
        }
    }
    return bytes.substr(taken.size());
}

/// RFC 5321 section 4.5.2: a line with a period alone ends the mail; of others that begin with one it is left
/// out.
void SmtpHandler::on_mail_line(const Message& message) {
    ByteView bytes = message.bytes;
    continue_flow(*open_, message);
    if (std::exchange(at_line_start_, bytes.ends_with('\n')) && bytes.starts_with('.')) {
        bytes.remove_prefix(1);
        if (without_line_end(bytes).empty() && bytes.ends_with('\n')) {
            end_mail(message.end);
            return;
        }
    }
    append(body_, bytes, limits_.max_body);
}

void SmtpHandler::on_login_line(const Message& message) {
    continue_flow(*open_, message);
    if (login_.size() < kMostLogin) {
        login_.push_back(login_line(without_line_end(message.bytes), limits_.show_secrets));
    }
    phase_ = Phase::command;
    wait(*std::exchange(open_, std::nullopt), message.end);
}

/// It is complete, and waits for its reply: in LMTP for one of each recipient.
void SmtpHandler::end_mail(Timestamp time) {
    phase_ = Phase::command;
    describe_mail(std::exchange(body_, Body()), *open_);
    const bool is_chunk = operation_of(*open_) == "BDAT";
    const bool is_last =
        !is_chunk || to_lower(open_->exchange->request_line).find(" last") != std::string::npos;
    const Timing timing = open_->timing;
    wait(*std::exchange(open_, std::nullopt), time);
    for (unsigned i = 1; is_lmtp_ && is_last && i < std::min(recipients_, 1000U); ++i) {
        Flow more{.exchange = std::make_unique<DescribedExchange>(kProtocol, limits_.fields)};
        more.timing = timing;
        more.exchange->said.operation = is_chunk ? "BDAT" : "DATA";
        more.exchange->request.text("command", more.exchange->said.operation);
        more.exchange->request_line =
            more.exchange->said.operation + " for recipient " + std::to_string(i + 1);
        wait(std::move(more), time);
    }
    if (is_last) {
        recipients_ = 0;
    }
}

framed::MessageHandler::Next SmtpHandler::on_reply_line(const Message& message) {
    const auto line = read_reply_line(message.bytes);
    if (!line) {
        return Next::strange;
    }
    if (reply_.lines == 0 || reply_.code != line->code) {
        reply_ = Reply();
        reply_.code = line->code;
    }
    ++reply_.lines;
    if (reply_.text.size() + line->text.size() < kMostReply) {
        if (reply_.lines > 1) {
            reply_.text += '\n';
        }
        reply_.text += line->text;
    }
    return line->is_last ? on_reply(message) : Next::go_on;
}

framed::MessageHandler::Next SmtpHandler::on_reply(const Message& message) {
    if (phase_ == Phase::chunk) {
        // The last line of a chunk has no end that would show it; the rest of it comes with what follows.
        const std::uint64_t left = chunk_left_;
        body_.size += left;
        end_mail(message.start);
        chunk_left_ = left;
    }
    std::optional<Flow> flow;
    if (phase_ == Phase::mail || phase_ == Phase::login) {
        phase_ = Phase::command;  // the server gave up before the client was ready
        describe_mail(std::exchange(body_, Body()), *open_);
        flow = std::exchange(open_, std::nullopt);
    } else if (joined_ || !waiting_.empty()) {  // a greeting says nothing against the order
        flow = waiting_.answer(message.end);
    }
    if (in_doubt_ && flow) {
        in_doubt_ = false;  // a server says nothing within a mail
    }
    if (!flow) {
        alone(message);
        return Next::go_on;
    }
    answer_flow(*flow, Side::server, message);
    return settle(*std::move(flow));
}

framed::MessageHandler::Next SmtpHandler::settle(Flow flow) {
    const std::string_view verb = operation_of(flow);
    const bool wants_mail = verb == "DATA" && reply_.code == kStartInput;
    const bool wants_login = verb == "AUTH" && reply_.code == kContinueLogin;
    if (wants_mail || wants_login) {
        phase_ = wants_mail ? Phase::mail : Phase::login;
        flow.timing.response_start.reset();
        open_ = std::move(flow);
        body_ = {};
        at_line_start_ = true;
        reply_ = {};
        return Next::go_on;
    }
    if (verb == "RCPT" && is_accepted(reply_.code)) {
        ++recipients_;
    } else if (verb == "MAIL" || verb == "RSET" || verb == "LHLO" || verb == "EHLO" || verb == "HELO") {
        recipients_ = 0;
    }
    if (verb == "AUTH") {
        describe_login(std::exchange(login_, {}), flow);
    }
    const bool is_tls_next = verb == "STARTTLS" && reply_.code == kReady;
    write_reply(flow);
    emit_flow(host_, std::move(flow));
    return is_tls_next ? Next::tls : Next::go_on;
}

/// A greeting, a farewell nobody asked for, or what answers a command that was not seen.
void SmtpHandler::alone(const Message& message) {
    Flow flow = begin_flow(kProtocol, Side::server, message);
    flow.joined = joined_;
    if (joined_) {
        flow.damage(kNotSeen);
    }
    flow.exchange->said.operation = reply_.code == kReady ? "greeting" : "notice";
    write_reply(flow);
    emit_flow(host_, std::move(flow));
}

void SmtpHandler::write_reply(Flow& flow) {
    const Reply reply = std::exchange(reply_, Reply());
    describe_reply(reply.code, reply.text, flow);
}

void SmtpHandler::on_joined() {
    joined_ = true;
    in_doubt_ = true;
    waiting_.doubt();
}

/// What waits may have been answered, and what comes may belong to anything.
void SmtpHandler::abandon(std::string_view reason) {
    if (open_) {
        describe_mail(std::exchange(body_, Body()), *open_);
        emit_flow(host_, *std::exchange(open_, std::nullopt), reason);
    }
    waiting_.lose(reason);
    phase_ = Phase::command;
    chunk_left_ = 0;
    recipients_ = 0;
    login_.clear();
    reply_ = {};
    joined_ = true;
    in_doubt_ = true;
}

void SmtpHandler::on_loss(Side /*side*/, const Message* /*cut*/, std::string_view reason,
                          Timestamp /*time*/) {
    abandon(reason);
}

void SmtpHandler::finish(Timestamp /*time*/) {
    if (open_) {
        describe_mail(std::exchange(body_, Body()), *open_);
        emit_flow(host_, *std::exchange(open_, std::nullopt), kNoReply);
    }
    waiting_.flush(kNoReply);
}

std::shared_ptr<const ParserSession> SmtpHandler::session() const {
    return std::make_shared<FreshSession>(create_smtp);
}

std::size_t SmtpHandler::held() const {
    return allocated(sizeof(*this)) + waiting_.held() + (open_ ? open_->exchange->held() : 0) + body_.held() +
           heap_bytes(reply_.text) + login_.capacity() * (sizeof(std::string) + kMostLoginHeld);
}

std::uint64_t SmtpHandler::give_up(std::size_t bytes) {
    const std::size_t before = held();
    std::uint64_t number = 0;
    while (held() + bytes > before && waiting_.flush_oldest(kNoLongerKept)) {
        waiting_.doubt();
        ++number;
    }
    if (held() + bytes > before && open_ && body_.shed()) {
        open_->damage(kNoLongerKept);
        ++number;
    }
    return number;
}

}  // namespace sslsniff::smtp
