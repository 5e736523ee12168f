#include "protocols/thrift/handler.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

#include "base/memory.h"

namespace sslsniff::thrift {
namespace {

using framed::Side;

constexpr std::string_view kMalformed = "malformed message";
/// TApplicationException's types.
constexpr std::array<std::string_view, 11> kExceptions{
    "UNKNOWN",           "UNKNOWN_METHOD",   "INVALID_MESSAGE_TYPE",   "WRONG_METHOD_NAME",
    "BAD_SEQUENCE_ID",   "MISSING_RESULT",   "INTERNAL_ERROR",         "PROTOCOL_ERROR",
    "INVALID_TRANSFORM", "INVALID_PROTOCOL", "UNSUPPORTED_CLIENT_TYPE"};

/// Keeps the number of the second field of a TApplicationException.
class ExceptionFields final : public FieldWriter {
  public:
    explicit ExceptionFields(FieldWriter& next) : next_(next) {}
    void begin_object(std::string_view key) override { next_.begin_object(key); }
    void end_object() override { next_.end_object(); }
    void begin_array(std::string_view key) override { next_.begin_array(key); }
    void end_array() override { next_.end_array(); }
    void text(std::string_view key, ByteView bytes) override { next_.text(key, bytes); }
    void number(std::string_view key, std::int64_t value) override {
        type = key == "2" ? value : type;
        next_.number(key, value);
    }
    void number(std::string_view key, double value) override { next_.number(key, value); }
    void boolean(std::string_view key, bool value) override { next_.boolean(key, value); }
    void null(std::string_view key) override { next_.null(key); }
    void body(std::string_view key, const Body& body) override { next_.body(key, body); }
    std::int64_t type = 0;

  private:
    FieldWriter& next_;
};

void write_header(const MessageHeader& header, const framed::Message& message, RecordedFields& fields) {
    fields.text("method", header.name);
    fields.text("encoding", header.encoding == Encoding::binary ? "binary" : "compact");
    fields.number("sequence_id", header.sequence_id);
    fields.number("bytes", message.size);
}

}  // namespace

framed::MessageHandler::Next ThriftHandler::on_message(Side side, const framed::Message& message) {
    return handle(side, message, message.missing > 0 ? framed::kGap : std::string_view{}) ? Next::go_on
                                                                                          : Next::strange;
}

bool ThriftHandler::handle(Side side, const framed::Message& message, std::string_view damage) {
    ByteReader reader(message.bytes.substr(std::min(kLength, message.bytes.size())));
    const auto header = read_message_header(reader);
    if (!header) {
        return false;
    }
    return side == Side::client ? on_call(*header, reader, message, damage)
                                : on_reply(*header, reader, message, damage);
}

bool ThriftHandler::on_call(const MessageHeader& header, ByteReader& reader, const framed::Message& message,
                            std::string_view damage) {
    auto exchange = std::make_unique<DescribedExchange>("thrift");
    write_header(header, message, exchange->request);
    exchange->request_line = header.name;
    exchange->said.operation = header.name;
    exchange->said.request_bytes = message.size;
    std::string text;
    write_struct(header.encoding, reader, "arguments", exchange->request, text, limits_.max_body);
    const bool whole = message.is_whole() && damage.empty();
    const bool good = reader.good() || !whole;
    Exchanges::Waiting waiting =
        Exchanges::begin({}, std::move(exchange), message, good ? damage : kMalformed);
    if (header.type == MessageType::oneway) {
        waiting.exchange->response_line = "(no response wanted)";
        exchanges_.emit_without_answer(std::move(waiting));
    } else {
        exchanges_.wait(header.sequence_id, std::move(waiting));
    }
    return good;
}

bool ThriftHandler::on_reply(const MessageHeader& header, ByteReader& reader, const framed::Message& message,
                             std::string_view damage) {
    auto waiting = exchanges_.take(header.sequence_id);
    auto alone = waiting ? nullptr : std::make_unique<DescribedExchange>("thrift");
    DescribedExchange& exchange = waiting ? *waiting->exchange : *alone;
    write_header(header, message, exchange.response);
    if (alone) {
        exchange.said.operation = header.name;
    }
    exchange.said.response_bytes = message.size;
    std::string text;
    ExceptionFields fields(exchange.response);
    const bool failed = header.type == MessageType::exception;
    const std::int32_t first = write_struct(
        header.encoding, reader, failed ? "application_exception" : "result", fields, text, limits_.max_body);
    if (failed) {
        const auto type = static_cast<std::size_t>(fields.type);
        const std::string_view name = type < kExceptions.size() ? kExceptions.at(type) : kExceptions.front();
        constexpr std::size_t kInternalError = 6;
        exchange.response_line = fmt::format("{}: {}", name, text);
        exchange.said.outcome =
            type == 0 || type == kInternalError ? Outcome::server_error : Outcome::client_error;
        exchange.said.error_type = name;
    } else if (first > 0) {
        exchange.response_line = fmt::format("exception {}{}{}", first, text.empty() ? "" : ": ", text);
        exchange.said.outcome = Outcome::server_error;
        exchange.said.error_type = fmt::format("exception {}", first);
    } else {
        exchange.response_line = "OK";
    }
    const bool good = reader.good() || !message.is_whole() || !damage.empty();
    const std::string_view why = good ? damage : kMalformed;
    const bool known = waiting.has_value();
    if (waiting) {
        exchanges_.emit_with_answer(*std::move(waiting), message, why);
    } else {
        exchanges_.emit_alone(std::move(alone), message, why, "request not seen");
    }
    return good && (known || joined_);
}

void ThriftHandler::on_loss(Side side, const framed::Message* cut, std::string_view reason,
                            Timestamp /*time*/) {
    joined_ = true;
    if (cut != nullptr && cut->size > 0) {
        handle(side, *cut, reason);
    }
    // Many clients number all calls alike: what waits may not be what the next reply answers.
    exchanges_.finish();
}

std::size_t ThriftHandler::held() const {
    return allocated(sizeof(*this)) + exchanges_.held();
}

std::uint64_t ThriftHandler::give_up(std::size_t bytes) {
    const std::uint64_t given_up = exchanges_.give_up(bytes);
    joined_ = joined_ || given_up > 0;
    return given_up;
}

}  // namespace sslsniff::thrift
