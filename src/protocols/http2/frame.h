#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/bytes.h"

namespace sslsniff::http2 {

/// RFC 9113 section 6, and the extensions that are registered.
enum class FrameType : std::uint8_t {
    data = 0,
    headers = 1,
    priority = 2,
    rst_stream = 3,
    settings = 4,
    push_promise = 5,
    ping = 6,
    goaway = 7,
    window_update = 8,
    continuation = 9,
    altsvc = 10,           ///< RFC 7838
    origin = 12,           ///< RFC 8336
    priority_update = 16,  ///< RFC 9218
    opaque = 0xF0  ///< no registry's: made up around bytes that are not understood, see DissectorContext
};

inline constexpr std::uint8_t kEndStream = 0x1;
inline constexpr std::uint8_t kAck = 0x1;
inline constexpr std::uint8_t kEndHeaders = 0x4;
inline constexpr std::uint8_t kPadded = 0x8;
inline constexpr std::uint8_t kPriority = 0x20;

inline constexpr std::size_t kFrameHeaderSize = 9;
inline constexpr std::string_view kPreface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";  // section 3.4

/// Section 4.1.
struct FrameHeader {
    std::uint32_t length = 0;  ///< bytes of the payload, below 2^24
    FrameType type = FrameType::data;
    std::uint8_t flags = 0;
    std::uint32_t stream = 0;  ///< below 2^31
    bool reserved = false;     ///< the reserved bit is set

    bool has(std::uint8_t flag) const { return (flags & flag) != 0; }
};

/// Reads the first kFrameHeaderSize bytes of `bytes`, which must be there.
FrameHeader parse_frame_header(ByteView bytes);

/// The bytes parse_frame_header() reads.
Bytes to_bytes(const FrameHeader& header);

/// A big-endian 32-bit number at the start of `bytes`, which must hold it.
std::uint32_t read_u32(ByteView bytes);

/// True for a header that a correct peer may send: length, flags and stream identifier fit the type.
/// Reserved types that peers send to keep us tolerant (0x0b + n * 0x1f) pass too.
bool is_valid(const FrameHeader& header);

/// A HEADERS frame on stream 0, which restores a dynamic table, or an opaque one. Peers send neither: they
/// are made up to begin in the middle of a connection, see DissectorContext.
bool is_made_up(const FrameHeader& header);

/// The flags section 6 defines for frames of `type`; none for types it does not know.
std::uint8_t defined_flags(FrameType type);

/// What lies between padding and priority of a frame's payload (sections 6.1, 6.2 and 6.6); false when they
/// do not fit.
bool strip_padding(const FrameHeader& header, ByteView& payload);

/// "CANCEL" (section 7); "" for codes nobody registered.
std::string_view error_name(std::uint32_t code);

}  // namespace sslsniff::http2
