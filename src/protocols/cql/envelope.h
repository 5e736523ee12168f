#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "protocols/byte_reader.h"
#include "protocols/framed/framing.h"

/// The CQL binary protocol, versions 3 to 5
/// (https://github.com/apache/cassandra/blob/trunk/doc/native_protocol_v5.spec, and v4, v3).
namespace sslsniff::cql {

/// Section 2.4.
enum class Opcode : std::uint8_t {
    error = 0x00,
    startup = 0x01,
    ready = 0x02,
    authenticate = 0x03,
    options = 0x05,
    supported = 0x06,
    query = 0x07,
    result = 0x08,
    prepare = 0x09,
    execute = 0x0A,
    registration = 0x0B,
    event = 0x0C,
    batch = 0x0D,
    auth_challenge = 0x0E,
    auth_response = 0x0F,
    auth_success = 0x10,
};
/// "QUERY"; empty when there is none of that number.
std::string_view to_string(Opcode opcode);
bool is_request(Opcode opcode);

inline constexpr std::size_t kEnvelopeHeader = 9;  ///< bytes
/// Flags (section 2.2).
inline constexpr std::uint8_t kCompressed = 0x01;
inline constexpr std::uint8_t kTracing = 0x02;
inline constexpr std::uint8_t kCustomPayload = 0x04;
inline constexpr std::uint8_t kWarning = 0x08;

struct EnvelopeHeader {
    std::uint8_t version = 0;  ///< without the bit of responses: 3, 4, 5; 65 and 66 of DataStax
    std::uint8_t flags = 0;
    std::int16_t stream = 0;
    Opcode opcode = Opcode::error;
    std::uint32_t size = 0;  ///< bytes of the body

    /// What a version adds, DataStax's having all of version 4.
    bool is_v4() const { return version >= 4; }
    bool is_v5() const { return version == 5 || version == 6 || version == 66; }
};
/// Of at least kEnvelopeHeader bytes.
EnvelopeHeader read_envelope_header(ByteView bytes);
/// A message of that side that begins with `bytes`.
framed::Look look_at_envelope(framed::Side side, ByteView bytes);

// Section 3.
ByteView read_string(ByteReader& reader);       ///< [string], [short bytes]
ByteView read_long_string(ByteReader& reader);  ///< [long string]
/// [bytes], [value]: nothing when it is null, or not set.
std::optional<ByteView> read_bytes(ByteReader& reader);

/// "QUORUM" (section 3, [consistency]); empty when there is none of that number.
std::string_view consistency_name(std::uint16_t consistency);
/// "SYNTAX_ERROR" (section 9); empty when there is none of that number.
std::string_view error_name(std::uint32_t code);

}  // namespace sslsniff::cql
