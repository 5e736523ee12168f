#include "protocols/mongodb/handler.h"

#include <utility>

#include "base/memory.h"

namespace sslsniff::mongodb {
namespace {

constexpr std::string_view kProtocol = "mongodb";
/// Drivers have one at a time on a connection.
constexpr std::size_t kMostStreaming = 64;
constexpr std::size_t kStreaming = 512;  // bytes of memory for each, names included
/// Bytes of documents that are read of what is compressed, beyond those of --max-body.
constexpr std::size_t kDecompressed = std::size_t{64} * 1024;

bool has_header(const framed::Message& message) {
    return message.bytes.size() >= kHeader;
}

}  // namespace

MongodbHandler::MongodbHandler(ParserHost& host, const ParserLimits& limits)
    : limits_{.max_body = limits.max_body + kDecompressed,
              .show_secrets = limits.show_secrets,
              .fields = limits.fields},
      exchanges_(host, limits.max_pending) {}

framed::MessageHandler::Next MongodbHandler::on_message(framed::Side side, const framed::Message& message) {
    return side == framed::Side::client ? on_request(message, {}) : on_response(message, {});
}

framed::MessageHandler::Next MongodbHandler::on_request(const framed::Message& message,
                                                        std::string_view damage) {
    auto exchange = std::make_unique<DescribedExchange>(kProtocol, limits_.fields);
    const Request request = describe_request(message, *exchange, limits_);
    Exchanges::Waiting waiting = Exchanges::begin(request, std::move(exchange), message, damage);
    if (request.is_answered) {
        exchanges_.wait(request.id, std::move(waiting));
    } else {
        waiting.exchange->response_line = "(no response wanted)";
        exchanges_.emit_without_answer(std::move(waiting));
    }
    return Next::go_on;
}

framed::MessageHandler::Next MongodbHandler::on_response(const framed::Message& message,
                                                         std::string_view damage) {
    const std::int32_t answers = read_header(message.bytes).response_to;
    if (auto waiting = exchanges_.take(answers)) {
        const Response response = describe_response(message, &waiting->state, *waiting->exchange, limits_);
        go_on(response, waiting->state);
        exchanges_.emit_with_answer(*std::move(waiting), message, damage);
        return Next::go_on;
    }
    auto exchange = std::make_unique<DescribedExchange>(kProtocol, limits_.fields);
    if (auto found = streaming_.extract(answers)) {
        const Request request = std::move(found.mapped());
        exchange->towards_client = true;
        exchange->said.operation = request.operation;
        exchange->said.target = request.target;
        go_on(describe_response(message, &request, *exchange, limits_), request);
        exchanges_.emit_alone(std::move(exchange), message, damage, {});
        return Next::go_on;
    }
    if (!is_joined_) {
        return Next::strange;
    }
    const Response response = describe_response(message, nullptr, *exchange, limits_);
    go_on(response, {});
    exchanges_.emit_alone(std::move(exchange), message, damage, "request not seen");
    return Next::go_on;
}

void MongodbHandler::go_on(const Response& response, Request request) {
    if (response.more_to_come) {
        if (streaming_.size() >= kMostStreaming) {
            streaming_.clear();
            is_joined_ = true;
        }
        streaming_.insert_or_assign(response.id, std::move(request));
    }
}

void MongodbHandler::on_loss(framed::Side side, const framed::Message* cut, std::string_view reason,
                             Timestamp /*time*/) {
    const bool readable = cut != nullptr && cut->size > 0 && has_header(*cut);
    if (side == framed::Side::client) {
        is_joined_ = true;
        if (readable) {
            on_request(*cut, reason);
        }
        return;
    }
    is_joined_ = is_joined_ || !streaming_.empty();
    if (readable) {
        on_response(*cut, reason);
    }
    exchanges_.on_answers_lost();
}

std::size_t MongodbHandler::held() const {
    return allocated(sizeof(*this)) + exchanges_.held() + streaming_.size() * kStreaming;
}

std::uint64_t MongodbHandler::give_up(std::size_t bytes) {
    const std::uint64_t given_up = exchanges_.give_up(bytes);
    is_joined_ = is_joined_ || given_up > 0;
    return given_up;
}

}  // namespace sslsniff::mongodb
