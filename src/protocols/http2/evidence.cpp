#include "protocols/http2/evidence.h"

#include <algorithm>
#include <bit>

#include "protocols/hpack/decoder.h"

namespace sslsniff::http2 {
namespace {

constexpr unsigned kExactLength = 24;
/// Short lengths are zeros mostly, which are frequent everywhere: they prove less than their bits say.
constexpr unsigned kMaxLengthBits = 12;

unsigned length_bits(const FrameHeader& header) {
    switch (header.type) {
        case FrameType::priority:
        case FrameType::rst_stream:
        case FrameType::ping:
        case FrameType::window_update:
            return kExactLength;
        default:
            return std::min(kMaxLengthBits, 24U - static_cast<unsigned>(std::bit_width(header.length)));
    }
}

/// A header block, whole: every field is well-formed. Known fields say more than unknown ones.
std::optional<unsigned> block_evidence(ByteView block) {
    constexpr std::size_t kMaxList = std::size_t{64} * 1024;
    const hpack::Block decoded = hpack::Decoder(false, kMaxList).decode(block);
    if (decoded.damaged || decoded.fields.empty()) {
        return std::nullopt;
    }
    const std::size_t known = decoded.fields.size() - decoded.unknown;
    return static_cast<unsigned>(std::min<std::size_t>(16, 4 * known + decoded.unknown));
}

std::optional<unsigned> settings_evidence(ByteView payload) {
    unsigned bits = 0;
    for (; !payload.empty(); payload.remove_prefix(6)) {
        const unsigned id =
            static_cast<unsigned char>(payload[0]) * 256U + static_cast<unsigned char>(payload[1]);
        if (id >= 1 && id <= 9) {
            bits += 12;
        }
    }
    return bits;
}

unsigned error_code_evidence(ByteView code) {
    return error_name(read_u32(code)).empty() ? 0 : 28;
}

}  // namespace

bool opens_block(const FrameHeader& header) {
    return (header.type == FrameType::headers || header.type == FrameType::push_promise) &&
           !header.has(kEndHeaders);
}

unsigned header_evidence(const FrameHeader& header) {
    if (header.type > FrameType::continuation) {
        return 0;
    }
    const bool empty = header.length == 0 && header.flags == 0;
    if (empty && (header.type == FrameType::data || header.type == FrameType::settings)) {
        return 0;  // nine octets of mostly zeros
    }
    constexpr unsigned kTypeBits = 8;
    constexpr unsigned kReservedBit = 1;
    const unsigned flag_bits = 8U - static_cast<unsigned>(std::popcount(defined_flags(header.type)));
    const bool on_connection = header.type == FrameType::settings || header.type == FrameType::ping ||
                               header.type == FrameType::goaway;
    return length_bits(header) + kTypeBits + flag_bits + kReservedBit + (on_connection ? 16 : 0);
}

bool may_begin_chain(const FrameHeader& header) {
    if (header.type == FrameType::data || header.type == FrameType::headers) {
        const bool pushed = header.stream % 2 == 0;
        return header.length != 0 && !pushed;
    }
    return header_evidence(header) != 0;
}

std::optional<unsigned> payload_evidence(const FrameHeader& header, ByteView payload) {
    switch (header.type) {
        case FrameType::headers:
        case FrameType::push_promise:
            if (!strip_padding(header, payload)) {
                return std::nullopt;
            }
            if (header.type == FrameType::push_promise) {
                if (payload.size() < 4 || read_u32(payload) == 0 || (read_u32(payload) & 1U) != 0) {
                    return std::nullopt;
                }
                payload.remove_prefix(4);
            }
            return header.has(kEndHeaders) ? block_evidence(payload) : std::optional(0U);
        case FrameType::settings:
            return settings_evidence(payload);
        case FrameType::window_update: {
            const std::uint32_t increment = read_u32(payload);
            const bool valid = increment >= 1 && increment < 0x80000000U;
            return valid ? std::optional(1U) : std::nullopt;
        }
        case FrameType::rst_stream:
            return error_code_evidence(payload);
        case FrameType::goaway:
            return error_code_evidence(payload.substr(4));
        default:
            return 0U;
    }
}

}  // namespace sslsniff::http2
