#include "protocols/http2/frame.h"

#include <array>

#include "base/endian.h"

namespace sslsniff::http2 {
namespace {

bool stream_fits(const FrameHeader& header) {
    switch (header.type) {
        case FrameType::data:
        case FrameType::headers:
        case FrameType::priority:
        case FrameType::rst_stream:
        case FrameType::push_promise:
        case FrameType::continuation:
            return header.stream != 0;
        case FrameType::settings:
        case FrameType::ping:
        case FrameType::goaway:
        case FrameType::origin:
        case FrameType::priority_update:
            return header.stream == 0;
        default:
            return true;
    }
}

bool length_fits(const FrameHeader& header) {
    switch (header.type) {
        case FrameType::data:
            return header.length >= (header.has(kPadded) ? 1U : 0U);
        case FrameType::headers:
            return header.length >= 1U + (header.has(kPadded) ? 1U : 0U) + (header.has(kPriority) ? 5U : 0U);
        case FrameType::priority:
            return header.length == 5;
        case FrameType::rst_stream:
        case FrameType::window_update:
            return header.length == 4;
        case FrameType::settings:
            return header.length % 6 == 0 && (!header.has(kAck) || header.length == 0) &&
                   header.length <= 6 * 64;
        case FrameType::push_promise:
            return header.length >= 5;
        case FrameType::ping:
            return header.length == 8;
        case FrameType::goaway:
            return header.length >= 8 && header.length <= 16384;
        case FrameType::continuation:
            return true;
        default:
            return header.length <= 16384;
    }
}

bool is_registered(FrameType type) {
    return type <= FrameType::altsvc || type == FrameType::origin || type == FrameType::priority_update;
}

bool is_grease(FrameType type) {
    const auto code = static_cast<std::uint8_t>(type);
    return code >= 0x0B && (code - 0x0B) % 0x1F == 0;
}

}  // namespace

std::uint8_t defined_flags(FrameType type) {
    switch (type) {
        case FrameType::data:
            return kEndStream | kPadded;
        case FrameType::headers:
            return kEndStream | kEndHeaders | kPadded | kPriority;
        case FrameType::settings:
        case FrameType::ping:
            return kAck;
        case FrameType::push_promise:
            return kEndHeaders | kPadded;
        case FrameType::continuation:
            return kEndHeaders;
        default:
            return 0;
    }
}

std::uint32_t read_u32(ByteView bytes) {
    std::uint32_t value = 0;
    for (std::size_t i = 0; i < 4; ++i) {
        value = value << 8U | static_cast<unsigned char>(bytes[i]);
    }
    return value;
}

FrameHeader parse_frame_header(ByteView bytes) {
    const std::uint32_t stream = read_u32(bytes.substr(5));
    return {.length = read_u32(bytes) >> 8U,
            .type = static_cast<FrameType>(bytes[3]),
            .flags = static_cast<std::uint8_t>(bytes[4]),
            .stream = stream & 0x7FFFFFFFU,
            .reserved = (stream & 0x80000000U) != 0};
}

Bytes to_bytes(const FrameHeader& header) {
    Bytes bytes;
    append_be(bytes, header.length << 8U | static_cast<std::uint32_t>(header.type));
    bytes += static_cast<char>(header.flags);
    append_be(bytes, header.stream | (header.reserved ? 0x80000000U : 0U));
    return bytes;
}

bool is_valid(const FrameHeader& header) {
    if (header.reserved || !length_fits(header)) {
        return false;
    }
    if (!is_registered(header.type)) {
        return is_grease(header.type);
    }
    return stream_fits(header) && (header.flags & ~defined_flags(header.type)) == 0;
}

bool is_made_up(const FrameHeader& header) {
    const std::uint8_t flags = header.type == FrameType::headers ? kEndHeaders : 0;
    return (header.type == FrameType::headers || header.type == FrameType::opaque) && header.stream == 0 &&
           header.flags == flags && !header.reserved;
}

bool strip_padding(const FrameHeader& header, ByteView& payload) {
    std::size_t padding = 0;
    if (header.has(kPadded)) {
        if (payload.empty()) {
            return false;
        }
        padding = static_cast<unsigned char>(payload.front());
        payload.remove_prefix(1);
    }
    const std::size_t priority = header.type == FrameType::headers && header.has(kPriority) ? 5 : 0;
    if (payload.size() < padding + priority) {
        return false;
    }
    payload.remove_prefix(priority);
    payload.remove_suffix(padding);
    return true;
}

std::string_view error_name(std::uint32_t code) {
    static constexpr std::array<std::string_view, 14> kNames = {"NO_ERROR",
                                                                "PROTOCOL_ERROR",
                                                                "INTERNAL_ERROR",
                                                                "FLOW_CONTROL_ERROR",
                                                                "SETTINGS_TIMEOUT",
                                                                "STREAM_CLOSED",
                                                                "FRAME_SIZE_ERROR",
                                                                "REFUSED_STREAM",
                                                                "CANCEL",
                                                                "COMPRESSION_ERROR",
                                                                "CONNECT_ERROR",
                                                                "ENHANCE_YOUR_CALM",
                                                                "INADEQUATE_SECURITY",
                                                                "HTTP_1_1_REQUIRED"};
    return code < kNames.size() ? kNames.at(code) : std::string_view();
}

}  // namespace sslsniff::http2
