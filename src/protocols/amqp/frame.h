#pragma once

#include <cstdint>
#include <string_view>

#include "base/bytes.h"

namespace sslsniff::amqp {

/// Section 4.2.3.
enum class FrameType : std::uint8_t { method = 1, header = 2, body = 3, heartbeat = 8 };

inline constexpr std::size_t kFrameHeader = 7;  ///< bytes: type, channel, size
inline constexpr std::size_t kFrameEnd = 1;
/// Of a method's payload, and of a content header's: class and method, class and weight.
inline constexpr std::size_t kMethodIds = 4;
inline constexpr char kEndOfFrame = '\xCE';
/// What a client says first, and a server that wants another version (section 4.2.2).
inline constexpr ByteView kProtocolHeader{"AMQP\0\0\x09\x01", 8};

struct FrameHeader {
    FrameType type;
    std::uint16_t channel;
    std::uint32_t size;  ///< bytes of the payload, between this header and the end of the frame
};
/// Of at least kFrameHeader bytes.
FrameHeader read_frame_header(ByteView bytes);

}  // namespace sslsniff::amqp
