#include "protocols/memcached/handler.h"

#include <algorithm>
#include <utility>

#include "base/memory.h"

namespace sslsniff::memcached {
namespace {

using framed::Side;

constexpr std::string_view kNoResponse = "no response";
constexpr std::string_view kLost = "response lost";
constexpr std::string_view kNotSeen = "request not seen";
constexpr std::string_view kUncertain = "pairing not certain after a loss";
constexpr std::string_view kNotWanted = "(no response wanted)";

bool is_binary(const framed::Message& message) {
    return message.bytes.starts_with(kRequestMagic) || message.bytes.starts_with(kResponseMagic);
}

Request new_request(const framed::Message& message, Side side) {
    Request request{.flow = begin_flow("memcached", side, message)};
    request.flow.exchange->common.text("encoding", is_binary(message) ? "binary" : "text");
    return request;
}

/// What is answered never stands in front of it, unless it is quiet.
bool is_passed_over(const Request& request) {
    return request.is_quiet;
}

}  // namespace

framed::MessageHandler::Next MemcachedHandler::on_message(Side side, const framed::Message& message) {
    const std::string_view damage = message.missing > 0 ? framed::kGap : std::string_view{};
    const bool good = side == Side::client ? on_request(message, damage)
                      : is_binary(message) ? on_packet(message, damage)
                                           : on_reply(message, damage);
    return good ? Next::go_on : Next::strange;
}

bool MemcachedHandler::on_request(const framed::Message& message, std::string_view damage) {
    Request request = new_request(message, Side::client);
    bool good = true;
    if (is_binary(message)) {
        good = describe_packet(message, limits_.max_body, limits_.show_secrets, request);
    } else if (const auto command = read_command(message.bytes)) {
        describe_command(*command,
                         data_of(message, command->size, command->data_size.value_or(0), limits_.max_body),
                         request);
        good = !command->data_size || !message.is_whole() || message.bytes.ends_with(kLineEnd);
    } else {
        return false;
    }
    if (!damage.empty()) {
        request.flow.damage(damage);
    }
    if (request.is_unanswered) {
        request.flow.exchange->response_line = kNotWanted;
        emit(std::move(request), {});
        return good;
    }
    trust_.on_request(waiting_.size(), message.end);
    if (!trust_.certain()) {
        request.flow.damage(kUncertain);
    }
    Request& placed = waiting_.add(std::move(request));
    total_.measure(placed, placed.flow.exchange->held());
    if (waiting_.size() > limits_.max_pending) {
        emit(take_oldest(), "too many requests wait");
        trust_.doubt();
    }
    return good;
}

/// Brings the request that is meant to the front: quiet ones before it succeeded in silence, and others whose
/// answer is of another form have lost theirs. False when there is none.
template <class IsMeant>
bool MemcachedHandler::find(IsMeant is_meant) {
    const auto meant = std::ranges::find_if(waiting_, is_meant);
    if (meant == waiting_.end()) {
        return false;
    }
    while (&waiting_.oldest() != &*meant) {
        if (is_passed_over(waiting_.oldest())) {
            emit_silent(take_oldest());
        } else {
            emit(take_oldest(), kLost);
        }
    }
    // Of quiet ones that nothing tells apart, any may be meant.
    if (meant->is_quiet && std::ranges::any_of(std::next(meant), waiting_.end(), is_meant)) {
        meant->flow.damage("answers a quiet command, not certain which one");
    }
    return true;
}

/// The oldest one is answered.
template <class Add>
void MemcachedHandler::answer(const framed::Message& message, std::string_view damage, Add add) {
    Request& oldest = waiting_.oldest();
    answer_flow(oldest.flow, Side::server, message);
    if (!damage.empty()) {
        oldest.flow.damage(damage);
    }
    if (!add(oldest)) {
        total_.measure(oldest, oldest.flow.exchange->held());
        return;
    }
    trust_.on_reply(waiting_.size(), message.end);
    emit(take_oldest(), {});
}

/// Its request passed unseen.
void MemcachedHandler::alone(const framed::Message& message, std::string_view damage, Request request) {
    trust_.on_reply(0, message.end);
    request.flow.from = Side::client;
    request.flow.exchange->towards_client = false;
    request.flow.joined = joined_;
    request.flow.damage(damage.empty() ? kNotSeen : damage);
    emit(std::move(request), {});
}

bool MemcachedHandler::on_reply(const framed::Message& message, std::string_view damage) {
    const auto reply = read_reply(message.bytes);
    if (!reply) {
        return false;
    }
    const Data data = data_of(message, reply->size, reply->data_size.value_or(0), limits_.max_body);
    const bool good = !reply->data_size || !message.is_whole() || message.bytes.ends_with(kLineEnd);
    if (find([&](const Request& request) { return may_answer(request, *reply); })) {
        answer(message, damage, [&](Request& request) { return add_reply(*reply, data, request); });
        return good;
    }
    Request request = new_request(message, Side::server);
    add_reply(*reply, data, request);
    alone(message, damage, std::move(request));
    return joined_ && good;
}

bool MemcachedHandler::on_packet(const framed::Message& message, std::string_view damage) {
    const BinaryHeader header = read_binary_header(message.bytes);
    const ByteView key = message.bytes.substr(
        std::min<std::size_t>(kBinaryHeader + header.extras_size, message.bytes.size()), header.key_size);
    const auto add = [&](Request& request) {
        return add_packet(message, limits_.max_body, limits_.show_secrets, request);
    };
    if (find([&](const Request& request) {
            return request.command == nullptr && request.opcode == header.opcode &&
                   request.opaque == header.opaque &&
                   (key.empty() || header.opcode == kStat || key == request.key);
        })) {
        answer(message, damage, add);
        return true;
    }
    Request request = new_request(message, Side::server);
    const Opcode* const opcode = find_opcode(header.opcode);
    request.flow.exchange->said.operation = opcode != nullptr ? opcode->name : std::string_view{};
    add(request);
    alone(message, damage, std::move(request));
    return joined_;
}

Request MemcachedHandler::take_oldest() {
    total_.leave(waiting_.oldest());
    return waiting_.take_oldest();
}

void MemcachedHandler::emit(Request request, std::string_view unanswered) {
    finish_answer(request);
    emit_flow(host_, std::move(request.flow), unanswered);
}

/// A quiet one: that there is no answer is the answer.
void MemcachedHandler::emit_silent(Request request) {
    request.flow.exchange->response_line = "(quiet)";
    emit(std::move(request), {});
}

void MemcachedHandler::on_joined() {
    joined_ = true;
    trust_.doubt();
}

void MemcachedHandler::on_loss(Side side, const framed::Message* cut, std::string_view reason,
                               Timestamp /*time*/) {
    joined_ = true;
    const bool readable =
        cut != nullptr && cut->size > 0 && (!is_binary(*cut) || cut->bytes.size() >= kBinaryHeader);
    if (readable && side == Side::client) {
        on_request(*cut, reason);
    } else if (readable) {
        is_binary(*cut) ? on_packet(*cut, reason) : on_reply(*cut, reason);
    }
    // Answers carry no number in text: nobody knows which ones are lost.
    while (!waiting_.empty()) {
        emit(take_oldest(), reason);
    }
    trust_.doubt();
}

void MemcachedHandler::finish(Timestamp /*time*/) {
    while (!waiting_.empty()) {
        if (waiting_.oldest().is_quiet && waiting_.oldest().flow.reason.empty()) {
            emit_silent(take_oldest());
        } else {
            emit(take_oldest(), kNoResponse);
        }
    }
}

std::size_t MemcachedHandler::held() const {
    return allocated(sizeof(*this)) + total_.bytes() + waiting_.size() * pairing::InOrder<Request>::kItem;
}

std::uint64_t MemcachedHandler::give_up(std::size_t bytes) {
    const std::size_t before = held();
    std::uint64_t number = 0;
    for (; !waiting_.empty() && held() + bytes > before; ++number) {
        emit(take_oldest(), kNoLongerKept);
        trust_.doubt();
    }
    return number;
}

}  // namespace sslsniff::memcached
