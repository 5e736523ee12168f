#include "protocols/mqtt/packet.h"

#include <array>

#include "protocols/mqtt/properties.h"

namespace sslsniff::mqtt {
namespace {

constexpr std::array<std::string_view, 16> kNames{
    "?",         "CONNECT", "CONNACK",     "PUBLISH",  "PUBACK",  "PUBREC",   "PUBREL",     "PUBCOMP",
    "SUBSCRIBE", "SUBACK",  "UNSUBSCRIBE", "UNSUBACK", "PINGREQ", "PINGRESP", "DISCONNECT", "AUTH"};
constexpr std::size_t kPacketId = 2;

Version exactly(bool v3, bool v5) {
    return v3 == v5 ? Version::unknown : v3 ? Version::v3 : Version::v5;
}

/// Whether filters fill `reader` to its end; `with_options`: each has a byte behind it.
bool are_filters(ByteReader reader, bool with_options) {
    while (reader.left() > 0) {
        if (read_string(reader).empty() || (with_options && (reader.u8() & 0xC0U) != 0)) {
            return false;
        }
    }
    return reader.good();
}

Version by_filters(ByteView body, bool with_options) {
    const ByteReader v3(body.substr(std::min(kPacketId, body.size())));
    ByteReader v5 = v3;
    const bool has_properties = skip_properties(v5);
    return exactly(are_filters(v3, with_options), has_properties && are_filters(v5, with_options));
}

Version by_publish(const FixedHeader& header, ByteView body) {
    ByteReader reader(body);
    const bool has_topic = !read_string(reader).empty();
    reader.bytes(header.qos() > 0 ? kPacketId : 0);
    const bool v5 = skip_properties(reader);
    return exactly(has_topic && !v5, !has_topic && v5);
}

}  // namespace

std::string_view to_string(PacketType type) {
    return kNames.at(static_cast<std::size_t>(type) & 15U);
}

std::optional<std::uint32_t> read_variable(ByteReader& reader) {
    std::uint32_t value = 0;
    for (unsigned shift = 0; shift < 28; shift += 7) {
        const std::uint8_t byte = reader.u8();
        if (!reader.good()) {
            return std::nullopt;
        }
        value |= static_cast<std::uint32_t>(byte & 0x7FU) << shift;
        if (byte < 0x80) {
            return value;
        }
    }
    return std::nullopt;
}

ByteView read_string(ByteReader& reader) {
    return reader.bytes(reader.be<std::uint16_t>());
}

std::optional<FixedHeader> read_fixed_header(ByteReader& reader) {
    const std::size_t before = reader.left();
    const std::uint8_t first = reader.u8();
    const auto remaining = read_variable(reader);
    if (!remaining) {
        return std::nullopt;
    }
    return FixedHeader{static_cast<PacketType>(first >> 4U), static_cast<std::uint8_t>(first & 15U),
                       *remaining, before - reader.left()};
}

Version version_by_form(const FixedHeader& header, ByteView body) {
    switch (header.type) {
        case PacketType::connack:
        case PacketType::unsuback:
        case PacketType::puback:
        case PacketType::pubrec:
        case PacketType::pubrel:
        case PacketType::pubcomp: {
            const bool either = header.type != PacketType::connack && header.type != PacketType::unsuback;
            return header.remaining > 2 ? Version::v5 : either ? Version::unknown : Version::v3;
        }
        case PacketType::subscribe:
            return by_filters(body, true);
        case PacketType::unsubscribe:
            return by_filters(body, false);
        case PacketType::publish:
            return by_publish(header, body);
        case PacketType::disconnect:
            return header.remaining > 0 ? Version::v5 : Version::unknown;
        case PacketType::auth:
            return Version::v5;
        default:
            return Version::unknown;
    }
}

}  // namespace sslsniff::mqtt
