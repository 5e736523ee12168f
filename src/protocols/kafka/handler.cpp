#include "protocols/kafka/handler.h"

#include <utility>

#include "base/memory.h"

namespace sslsniff::kafka {
namespace {

constexpr std::string_view kProtocol = "kafka";

}  // namespace

KafkaHandler::KafkaHandler(ParserHost& host, const ParserLimits& limits)
    : limits_{.max_body = limits.fields ? limits.max_body : 0,
              .show_secrets = limits.show_secrets,
              .fields = limits.fields},
      exchanges_(host, limits.max_pending) {}

framed::MessageHandler::Next KafkaHandler::on_message(framed::Side side, const framed::Message& message) {
    return side == framed::Side::client ? on_request(message, {}) : on_response(message, {});
}

framed::MessageHandler::Next KafkaHandler::on_request(const framed::Message& message,
                                                      std::string_view damage) {
    auto exchange = std::make_unique<DescribedExchange>(kProtocol, limits_.fields);
    const std::optional<Request> request = describe_request(message, *exchange, names_, limits_);
    if (!request) {
        return Next::strange;
    }
    Exchanges::Waiting waiting = Exchanges::begin(request->header, std::move(exchange), message, damage);
    if (request->is_answered) {
        exchanges_.wait(request->header.correlation_id, std::move(waiting));
    } else {
        waiting.exchange->response_line = "(no response wanted)";
        exchanges_.emit_without_answer(std::move(waiting));
    }
    return Next::go_on;
}

framed::MessageHandler::Next KafkaHandler::on_response(const framed::Message& message,
                                                       std::string_view damage) {
    const std::optional<std::int32_t> id = answered_by(message);
    if (!id) {
        return Next::strange;
    }
    if (auto waiting = exchanges_.take(*id)) {
        describe_response(message, &waiting->state, *waiting->exchange, names_, limits_);
        exchanges_.emit_with_answer(*std::move(waiting), message, damage);
        return Next::go_on;
    }
    if (!is_joined_) {
        return Next::strange;
    }
    auto exchange = std::make_unique<DescribedExchange>(kProtocol, limits_.fields);
    describe_response(message, nullptr, *exchange, names_, limits_);
    exchanges_.emit_alone(std::move(exchange), message, damage, "request not seen");
    return Next::go_on;
}

void KafkaHandler::on_loss(framed::Side side, const framed::Message* cut, std::string_view reason,
                           Timestamp /*time*/) {
    if (side == framed::Side::client) {
        is_joined_ = true;
        if (cut != nullptr && cut->size > 0) {
            on_request(*cut, reason);
        }
        return;
    }
    if (cut != nullptr && cut->size > 0) {
        on_response(*cut, reason);
    }
    exchanges_.on_answers_lost();
}

std::size_t KafkaHandler::held() const {
    return allocated(sizeof(*this)) + exchanges_.held() + names_.held();
}

std::uint64_t KafkaHandler::give_up(std::size_t bytes) {
    const std::uint64_t given_up = exchanges_.give_up(bytes);
    is_joined_ = is_joined_ || given_up > 0;
    return given_up;
}

}  // namespace sslsniff::kafka
