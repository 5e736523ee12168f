#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "base/bytes.h"
#include "protocols/byte_reader.h"

namespace sslsniff::mqtt {

/// MQTT 5.0 section 2.1.2; the same numbers in 3.1 and 3.1.1.
enum class PacketType : std::uint8_t {
    connect = 1,
    connack,
    publish,
    puback,
    pubrec,
    pubrel,
    pubcomp,
    subscribe,
    suback,
    unsubscribe,
    unsuback,
    pingreq,
    pingresp,
    disconnect,
    auth
};
/// "PUBLISH"
std::string_view to_string(PacketType type);

/// What decides about the form of packets. Only CONNECT says it.
enum class Version : std::uint8_t {
    unknown,  ///< CONNECT passed unseen
    v3,       ///< 3.1 or 3.1.1
    v5
};

/// The byte that begins a packet and the length behind it (MQTT 5.0 section 2.1).
struct FixedHeader {
    PacketType type = PacketType::connect;
    std::uint8_t flags = 0;
    std::uint32_t remaining = 0;  ///< bytes behind this header
    std::size_t size = 0;         ///< bytes of this header

    unsigned qos() const { return flags >> 1U & 3U; }
    bool is_duplicate() const { return (flags & 8U) != 0; }
    bool is_retained() const { return (flags & 1U) != 0; }
};

inline constexpr std::size_t kMaxFixedHeader = 5;

/// A variable byte integer (MQTT 5.0 section 1.5.5); nothing when it is cut off, or longer than 4 bytes.
std::optional<std::uint32_t> read_variable(ByteReader& reader);
/// Bytes behind their length in two bytes: texts and binary data (sections 1.5.4, 1.5.6).
ByteView read_string(ByteReader& reader);

/// Of bytes that begin with at least a whole header.
std::optional<FixedHeader> read_fixed_header(ByteReader& reader);

/// What a packet's form says of the version, when nobody has told it: `unknown` when both would do. `body`
/// is all of what is behind the fixed header.
Version version_by_form(const FixedHeader& header, ByteView body);

}  // namespace sslsniff::mqtt
