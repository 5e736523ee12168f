#include "protocols/mqtt/framing.h"

#include <algorithm>

#include "base/text.h"
#include "protocols/mqtt/packet.h"
#include "protocols/mqtt/properties.h"
#include "protocols/mqtt/reasons.h"

namespace sslsniff::mqtt {
namespace {

using framed::Look;
using framed::Side;
using enum PacketType;

/// So much of a packet is looked at, however long it is.
constexpr std::size_t kMostLookedAt = 512;

/// Of a packet's form, as far as it is looked at.
enum class Form : std::uint8_t { impossible, possible, telling };

Form telling_if(bool good) {
    return good ? Form::telling : Form::impossible;
}

bool may_send(Side side, PacketType type) {
    switch (type) {
        case connect:
        case subscribe:
        case unsubscribe:
        case pingreq:
            return side == Side::client;
        case connack:
        case suback:
        case unsuback:
        case pingresp:
            return side == Side::server;
        default:
            return true;
    }
}

/// MQTT 5.0 section 2.1.3.
bool may_have_flags(PacketType type, unsigned flags) {
    switch (type) {
        case publish: {
            const unsigned qos = flags >> 1U & 3U;
            return qos != 3 && (qos != 0 || (flags & 8U) == 0);
        }
        case pubrel:
        case subscribe:
        case unsubscribe:
            return flags == 2;
        default:
            return flags == 0;
    }
}

bool may_have_size(PacketType type, std::uint32_t remaining) {
    switch (type) {
        case connect:
            return remaining >= 12;
        case publish:
            return remaining >= 2;
        case subscribe:
            return remaining >= 6;
        case unsubscribe:
            return remaining >= 5;
        case suback:
            return remaining >= 3;
        case unsuback:
            return remaining == 2 || remaining >= 4;
        case connack:
        case puback:
        case pubrec:
        case pubrel:
        case pubcomp:
            return remaining >= 2;
        case pingreq:
        case pingresp:
            return remaining == 0;
        default:
            return true;
    }
}

/// A topic as people and programs name them.
bool is_topic(ByteView topic, bool is_filter) {
    const auto is_strange = [&](char c) {
        return (c >= 0 && c < ' ') || c == 0x7F || (!is_filter && (c == '#' || c == '+'));
    };
    return std::ranges::none_of(topic, is_strange) && utf8_prefix(topic) == without_cut_code_point(topic);
}

Form form_of_connect(ByteView body) {
    // "MQTT" of 3.1.1 and 5, "MQIsdp" of 3.1; bridges of mosquitto set the level's upper bit.
    for (const ByteView begin : {ByteView("\0\4MQTT", 6), ByteView("\0\6MQIsdp", 8)}) {
        const std::size_t common = std::min(begin.size(), body.size());
        if (body.substr(0, common) != begin.substr(0, common)) {
            continue;
        }
        if (body.size() < begin.size() + 2) {
            return Form::possible;
        }
        const unsigned level = static_cast<unsigned char>(body[begin.size()]) & 0x7FU;
        const unsigned flags = static_cast<unsigned char>(body[begin.size() + 1]);
        return telling_if(level >= 3 && level <= 5 && (flags & 1U) == 0 && (flags >> 3U & 3U) != 3);
    }
    return Form::impossible;
}

Form form_of_publish(const FixedHeader& header, ByteView body) {
    if (body.size() < 2) {
        return Form::possible;
    }
    ByteReader reader(body);
    const std::size_t size = reader.be<std::uint16_t>();
    const std::size_t id = header.qos() > 0 ? 2 : 0;
    if (2 + size + id > header.remaining || !is_topic(body.substr(2, size), false)) {
        return Form::impossible;
    }
    reader.bytes(size);
    if (id > 0 && reader.left() >= id && reader.be<std::uint16_t>() == 0) {
        return Form::impossible;
    }
    if (size > 0) {
        return reader.good() ? Form::telling : Form::possible;
    }
    // MQTT 5 alone, with an alias among the properties.
    if (body.size() < header.remaining) {
        return Form::possible;
    }
    return telling_if(skip_properties(reader));
}

/// PUBACK and the like: a packet's id, and in MQTT 5 a reason and properties.
Form form_of_ack(const FixedHeader& header, ByteView body) {
    ByteReader reader(body);
    const bool id = body.size() < 2 || reader.be<std::uint16_t>() != 0;
    if (!id || (body.size() > 2 && !is_reason(header.type, reader.u8()))) {
        return Form::impossible;
    }
    if (header.remaining > 3 && body.size() == header.remaining) {
        return telling_if(skip_properties(reader) && reader.left() == 0);
    }
    return body.size() >= std::min<std::size_t>(header.remaining, 3) ? Form::telling : Form::possible;
}

Form form_of_connack(const FixedHeader& header, ByteView body) {
    if (body.size() >= 2) {
        const bool good = static_cast<unsigned char>(body[0]) <= 1 &&
                          is_reason(header.type, static_cast<std::uint8_t>(body[1]));
        if (!good) {
            return Form::impossible;
        }
    }
    if (header.remaining > 2 && body.size() == header.remaining) {
        ByteReader reader(body.substr(2));
        return telling_if(skip_properties(reader) && reader.left() == 0);
    }
    return body.size() >= 2 && header.remaining == 2 ? Form::telling : Form::possible;
}

/// Texts that fill all, each with as many bytes behind it.
bool is_list(ByteReader reader, std::size_t behind) {
    while (reader.left() > 0) {
        const ByteView filter = read_string(reader);
        const ByteView options = reader.bytes(behind);
        if (filter.empty() || !is_topic(filter, true) ||
            (behind > 0 && reader.good() && (options[0] & 0xC0) != 0)) {
            return false;
        }
    }
    return reader.good();
}

Form form_of_filters(const FixedHeader& header, ByteView body, std::size_t behind) {
    ByteReader reader(body);
    if (body.size() >= 2 && reader.be<std::uint16_t>() == 0) {
        return Form::impossible;
    }
    if (body.size() < header.remaining) {
        return Form::possible;
    }
    ByteReader v5 = reader;
    return telling_if(is_list(reader, behind) ||
                      (skip_properties(v5) && v5.left() > 0 && is_list(v5, behind)));
}

/// SUBACK and UNSUBACK: codes to the end.
Form form_of_codes(const FixedHeader& header, ByteView body) {
    ByteReader reader(body);
    if (body.size() >= 2 && reader.be<std::uint16_t>() == 0) {
        return Form::impossible;
    }
    if (body.size() < header.remaining) {
        return Form::possible;
    }
    const auto are_codes = [&](ByteReader codes) {
        return std::ranges::all_of(
            codes.rest(), [&](char code) { return is_reason(header.type, static_cast<std::uint8_t>(code)); });
    };
    ByteReader v5 = reader;
    return telling_if(are_codes(reader) || (skip_properties(v5) && v5.left() > 0 && are_codes(v5)));
}

Form form_of_reason(const FixedHeader& header, ByteView body) {
    if (body.empty()) {
        return Form::possible;
    }
    ByteReader reader(body);
    if (!is_reason(header.type, reader.u8())) {
        return Form::impossible;
    }
    if (body.size() < header.remaining || header.remaining == 1) {
        return Form::possible;
    }
    return telling_if(skip_properties(reader) && reader.left() == 0);
}

/// `body`: what there is of it.
Form form_of(const FixedHeader& header, ByteView body) {
    switch (header.type) {
        case connect:
            return form_of_connect(body);
        case connack:
            return form_of_connack(header, body);
        case publish:
            return form_of_publish(header, body);
        case puback:
        case pubrec:
        case pubrel:
        case pubcomp:
            return form_of_ack(header, body);
        case subscribe:
            return form_of_filters(header, body, 1);
        case unsubscribe:
            return form_of_filters(header, body, 0);
        case suback:
        case unsuback:
            return form_of_codes(header, body);
        case pingreq:
        case pingresp:
            return Form::telling;
        case disconnect:
        case auth:
            return form_of_reason(header, body);
    }
    return Form::impossible;
}

}  // namespace

Look MqttFraming::look(Side side, ByteView bytes) const {
    if (bytes.empty()) {
        return framed::need_more();
    }
    const auto first = static_cast<unsigned char>(bytes.front());
    const auto type = static_cast<PacketType>(first >> 4U);
    if (first < 0x10 || !may_send(side, type) || !may_have_flags(type, first & 15U)) {
        return framed::malformed();
    }
    ByteReader reader(bytes.substr(0, kMaxFixedHeader));
    const auto header = read_fixed_header(reader);
    if (!header) {
        return bytes.size() < kMaxFixedHeader ? framed::need_more() : framed::malformed();
    }
    const bool shortest = header->size == 2 || header->remaining >> (7U * (header->size - 2)) != 0;
    if (!shortest || !may_have_size(type, header->remaining)) {
        return framed::malformed();
    }
    const std::uint64_t size = header->size + std::uint64_t{header->remaining};
    const std::size_t most = std::min<std::uint64_t>(header->remaining, kMostLookedAt);
    const Form form = form_of(*header, bytes.substr(header->size, most));
    return form == Form::impossible ? framed::malformed() : framed::message_of(size, form == Form::telling);
}

Look MqttFraming::look_first(Side side, ByteView bytes) const {
    if (bytes.empty()) {
        return framed::need_more();
    }
    const auto type = static_cast<PacketType>(static_cast<unsigned char>(bytes.front()) >> 4U);
    const bool is_first = side == Side::client ? type == connect : type == connack || type == auth;
    return is_first ? look(side, bytes) : framed::malformed();
}

std::size_t MqttFraming::max_header() const {
    return kMaxFixedHeader;
}

const MqttFraming& framing() {
    static const MqttFraming framing;
    return framing;
}

}  // namespace sslsniff::mqtt
