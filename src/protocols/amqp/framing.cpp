#include "protocols/amqp/framing.h"

#include <algorithm>

#include "base/endian.h"
#include "protocols/amqp/frame.h"
#include "protocols/amqp/method.h"

namespace sslsniff::amqp {
namespace {

using framed::Look;

/// Peers agree on the greatest frame (connection.tune): RabbitMQ's default is 128 KiB.
constexpr std::uint32_t kMostBytes = 16 * 1024 * 1024;
/// Class, weight, body size and property flags.
constexpr std::uint32_t kLeastHeader = 14;

bool is_known_type(std::uint8_t type) {
    switch (static_cast<FrameType>(type)) {
        case FrameType::method:
        case FrameType::header:
        case FrameType::body:
        case FrameType::heartbeat:
            return true;
    }
    return false;
}

bool may_have(const FrameHeader& header) {
    switch (header.type) {
        case FrameType::method:
            return header.size >= kMethodIds && header.size <= kMostBytes;
        case FrameType::header:
            return header.size >= kLeastHeader && header.size <= kMostBytes && header.channel != 0;
        case FrameType::body:
            return header.size > 0 && header.size <= kMostBytes && header.channel != 0;
        case FrameType::heartbeat:
            return header.size == 0 && header.channel == 0;
    }
    return false;
}

/// `payload`: as much of it as is there, at least four bytes of a method's and a header's.
bool is_plausible(framed::Side side, const FrameHeader& header, ByteView payload) {
    constexpr std::uint16_t kConnectionClass = 10;
    const auto class_id = load_be<std::uint16_t>(payload);
    const auto second = load_be<std::uint16_t>(payload, sizeof(class_id));
    if (header.type == FrameType::header) {
        return class_id == kBasicClass && second == 0;  // weight
    }
    const Method* const method = find_method(class_id, second);
    return method != nullptr && method->may_come_from(side) &&
           (class_id == kConnectionClass) == (header.channel == 0);
}

Look look_at_protocol_header(ByteView bytes) {
    const std::size_t common = std::min(bytes.size(), kProtocolHeader.size());
    if (bytes.substr(0, common) != kProtocolHeader.substr(0, common)) {
        return framed::malformed();
    }
    return common < kProtocolHeader.size() ? framed::need_more() : framed::message_of(common, true);
}

}  // namespace

FrameHeader read_frame_header(ByteView bytes) {
    return {static_cast<FrameType>(bytes[0]), load_be<std::uint16_t>(bytes, 1),
            load_be<std::uint32_t>(bytes, 3)};
}

Look AmqpFraming::look(framed::Side side, ByteView bytes) const {
    if (bytes.empty()) {
        return framed::need_more();
    }
    if (!is_known_type(static_cast<std::uint8_t>(bytes.front()))) {
        return framed::malformed();
    }
    if (bytes.size() < kFrameHeader) {
        return framed::need_more();
    }
    const FrameHeader header = read_frame_header(bytes);
    if (!may_have(header)) {
        return framed::malformed();
    }
    const bool has_ids = header.type == FrameType::method || header.type == FrameType::header;
    if (has_ids) {
        const ByteView payload = bytes.substr(kFrameHeader);
        if (payload.size() < kMethodIds) {
            return framed::need_more();
        }
        if (!is_plausible(side, header, payload)) {
            return framed::malformed();
        }
    }
    const std::uint64_t size = kFrameHeader + std::uint64_t{header.size} + kFrameEnd;
    if (bytes.size() >= size && bytes[size - 1] != kEndOfFrame) {
        return framed::malformed();
    }
    return framed::message_of(size, header.type != FrameType::body && bytes.size() >= size);
}

Look AmqpFraming::look_first(framed::Side side, ByteView bytes) const {
    const Look header = look_at_protocol_header(bytes);
    if (side == framed::Side::client || header.state != Look::State::malformed) {
        return header;
    }
    return look(side, bytes);
}

std::size_t AmqpFraming::max_header() const {
    return kFrameHeader + kMethodIds;
}

}  // namespace sslsniff::amqp
