#include "protocols/amqp/handler.h"

#include <utility>

#include "base/memory.h"
#include "protocols/amqp/describe.h"

namespace sslsniff::amqp {
namespace {

using framed::Side;

/// Peers agree on fewer (connection.tune); RabbitMQ's default is 2047.
constexpr std::size_t kMostChannels = 4096;
/// So many may have as much waiting as one is allowed to, all of which is looked at when bytes are lost.
constexpr std::size_t kMostChannelsFull = 16;
constexpr std::string_view kNoResponse = "no response";

}  // namespace

framed::MessageHandler::Next AmqpHandler::on_message(Side side, const framed::Message& message) {
    if (message.bytes.starts_with('A')) {
        Flow flow = begin_flow("amqp", side, message);
        flow.line(side) = "AMQP 0-9-1";
        flow.fields(side).text("method", "protocol-header");
        flow.exchange->said.operation = "protocol-header";
        Channel& zero = channel(0);
        wait(zero, zero.calls.emplace_back(nullptr, std::move(flow)).flow);
        return Next::go_on;
    }
    const bool ended = !message.is_whole() || message.bytes.back() == kEndOfFrame;
    const FrameHeader header = read_frame_header(message.bytes);
    const ByteView payload = message.bytes.substr(kFrameHeader, header.size);
    const std::string_view damage = message.missing > 0 ? framed::kGap : std::string_view{};
    return handle({side, message, header, payload, damage}) && ended ? Next::go_on : Next::strange;
}

/// False when it makes no sense.
bool AmqpHandler::handle(const Frame& frame) {
    switch (frame.header.type) {
        case FrameType::method:
            return on_method(frame);
        case FrameType::header:
            return on_header(frame);
        case FrameType::body:
            return on_body(frame);
        case FrameType::heartbeat:
            return true;
    }
    return false;
}

Channel& AmqpHandler::channel(std::uint16_t id) {
    if (const auto found = channels_.find(id); found != channels_.end()) {
        return found->second;
    }
    if (channels_.size() >= kMostChannels) {
        flush(channels_.rbegin()->second, "too many channels");
        channels_.erase(std::prev(channels_.end()));
    }
    return channels_[id];
}

void AmqpHandler::wait(Channel& channel, Flow& flow) {
    total_.measure(flow, flow.exchange ? flow.exchange->held() : 0);
    ++waiting_;
    if (channel.waiting() > limits_.max_pending || waiting_ > kMostChannelsFull * limits_.max_pending) {
        flush_oldest(channel, "too many wait for an answer");
    }
}

/// What waited in a channel.
Flow AmqpHandler::taken(Flow flow) {
    total_.leave(flow);
    --waiting_;
    return flow;
}

void AmqpHandler::emit(Flow flow, std::string_view unanswered) {
    if (flow.exchange) {
        emit_flow(host_, std::move(flow), unanswered);
    }
}

/// Returns how many exchanges were given up: one, or none if nothing waits.
std::size_t AmqpHandler::flush_oldest(Channel& channel, std::string_view reason) {
    Flow flow;
    if (!channel.deliveries.empty()) {
        flow = std::move(channel.deliveries.extract(channel.deliveries.begin()).mapped());
    } else if (!channel.published.empty()) {
        flow = std::move(channel.published.extract(channel.published.begin()).mapped().flow);
    } else if (!channel.calls.empty()) {
        flow = std::move(channel.calls.front().flow);
        channel.calls.pop_front();
    } else {
        return 0;
    }
    emit(taken(std::move(flow)), reason);
    return 1;
}

/// Nothing of what goes on in it goes on.
void AmqpHandler::flush(Channel& channel, std::string_view reason) {
    for (const Side side : {Side::client, Side::server}) {
        end_content(channel, side, reason);
    }
    while (flush_oldest(channel, reason) > 0) {
    }
}

void AmqpHandler::on_loss(Side side, const framed::Message* cut, std::string_view reason,
                          Timestamp /*time*/) {
    if (cut != nullptr && cut->bytes.size() >= kFrameHeader + kMethodIds) {
        const FrameHeader header = read_frame_header(cut->bytes);
        handle({side, *cut, header, cut->bytes.substr(kFrameHeader, header.size), reason});
    }
    joined_ = joined_ || side == Side::client;
    lost_ = true;
    for (auto& [id, channel] : channels_) {
        if (channel.content(side)) {
            channel.content(side)->flow.damage(reason);
        }
        end_content(channel, side, reason);
        // Answers may have passed, and what they answer may have begun anew.
        for (Call& call : channel.calls) {
            call.flow.damage(reason);
        }
        for (auto& [tag, flow] : channel.deliveries) {
            flow.damage(reason);
        }
        for (auto& [number, publication] : channel.published) {
            publication.flow.damage(reason);
        }
        if (side == Side::client) {
            channel.next_publish = 0;
            channel.confirms =
                channel.confirms == Channel::Confirms::on ? channel.confirms : Channel::Confirms::unknown;
        }
    }
    for (auto& [id, call] : calls_) {
        call.flow.damage(reason);
    }
}

void AmqpHandler::finish(Timestamp /*time*/) {
    for (auto& [id, channel] : channels_) {
        flush(channel, kNoResponse);
    }
    channels_.clear();
    for (auto& [id, call] : std::exchange(calls_, {})) {
        total_.leave(call.flow);
        emit(std::move(call.flow), kNoResponse);
    }
}

std::size_t AmqpHandler::held() const {
    return allocated(sizeof(*this)) + total_.bytes() + channels_.size() * kChannelBytes +
           (calls_.size() + delivered_.size()) * kWaitingBytes + consumed_.size() * kNameBytes;
}

std::uint64_t AmqpHandler::give_up(std::size_t bytes) {
    std::uint64_t number = 0;
    const std::size_t before = held();
    const auto enough = [&] { return held() + bytes <= before; };
    for (auto& [id, channel] : channels_) {
        for (std::optional<Content>& content : channel.contents) {
            if (!enough() && content && content->body.shed()) {
                content->flow.damage(kNoLongerKept);
                total_.measure(*content, content->heap());
                ++number;
            }
        }
        while (!enough() && flush_oldest(channel, kNoLongerKept) > 0) {
            ++number;
        }
    }
    while (!enough() && !calls_.empty()) {
        Flow call = std::move(calls_.extract(calls_.begin()).mapped().flow);
        total_.leave(call);
        emit(std::move(call), kNoLongerKept);
        ++number;
    }
    return number;
}

}  // namespace sslsniff::amqp
