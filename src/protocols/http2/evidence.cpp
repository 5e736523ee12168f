#include "protocols/http2/evidence.h"

#include <algorithm>
#include <bit>

#include "protocols/hpack/decoder.h"
#include "protocols/http/token.h"

namespace sslsniff::http2 {
namespace {

constexpr unsigned kExactLength = 24;
/// Short lengths are zeros mostly, which are frequent everywhere: they prove less than their bits say.
constexpr unsigned kMaxLengthBits = 12;

bool has_exact_length(FrameType type) {
    return type == FrameType::priority || type == FrameType::rst_stream || type == FrameType::ping ||
           type == FrameType::window_update;
}

unsigned length_bits(const FrameHeader& header) {
    return has_exact_length(header.type)
               ? kExactLength
               : std::min(kMaxLengthBits, 24U - static_cast<unsigned>(std::bit_width(header.length)));
}

bool is_on_connection(FrameType type) {
    return type == FrameType::settings || type == FrameType::ping || type == FrameType::goaway;
}

/// Among binary protocols every other byte is zero, and most others are small.
unsigned byte_bits(unsigned byte) {
    return byte == 0 ? 1 : byte < 16 ? 5 : 8;
}

unsigned binary_evidence(const FrameHeader& header) {
    const unsigned length = has_exact_length(header.type) ? 7 : 1;
    return length + byte_bits(static_cast<unsigned>(header.type)) + byte_bits(header.flags) +
           (is_on_connection(header.type) ? 4 : 0);
}

/// Names that no correct peer sends (RFC 9113 section 8.2.1) are nobody's.
bool is_name(ByteView name) {
    const ByteView rest = name.starts_with(':') ? name.substr(1) : name;
    const auto is_upper = [](char c) { return c >= 'A' && c <= 'Z'; };
    return !rest.empty() && std::ranges::all_of(rest, is_token_char) && std::ranges::none_of(rest, is_upper);
}

/// A header block, whole: every field is well-formed. Known fields say more than unknown ones.
std::optional<unsigned> block_evidence(ByteView block) {
    constexpr std::size_t kMaxList = std::size_t{64} * 1024;
    const hpack::Block decoded = hpack::Decoder(false, kMaxList).decode(block);
    const auto has_name = [](const hpack::Field& field) { return !field.name_known || is_name(field.name); };
    if (decoded.damaged || decoded.fields.empty() || !std::ranges::all_of(decoded.fields, has_name)) {
        return std::nullopt;
    }
    const std::size_t known = decoded.fields.size() - decoded.unknown;
    return static_cast<unsigned>(std::min<std::size_t>(16, 4 * known + decoded.unknown));
}

std::optional<unsigned> settings_evidence(ByteView payload, Noise noise) {
    unsigned bits = 0;
    for (; !payload.empty(); payload.remove_prefix(6)) {
        if (is_known_setting(setting_id(payload))) {
            bits += noise == Noise::payload ? 12 : 4;
        } else if (setting_id(payload) == 0) {
            return std::nullopt;  // reserved; zeros are frequent everywhere
        }
    }
    return bits;
}

std::optional<unsigned> error_code_evidence(ByteView code, Noise noise) {
    if (error_name(read_u32(code)).empty()) {
        return std::nullopt;
    }
    return noise == Noise::payload ? 28 : 5;
}

}  // namespace

unsigned setting_id(ByteView setting) {
    return static_cast<unsigned char>(setting[0]) * 256U + static_cast<unsigned char>(setting[1]);
}

bool is_known_setting(unsigned id) {
    return id >= 1 && id <= 9;  // RFC 9113 section 6.5.2, RFC 8441, RFC 9218
}

bool opens_block(const FrameHeader& header) {
    return (header.type == FrameType::headers || header.type == FrameType::push_promise) &&
           !header.has(kEndHeaders);
}

unsigned header_evidence(const FrameHeader& header, Noise noise) {
    if (header.type > FrameType::continuation) {
        return 0;
    }
    const bool empty = header.length == 0 && header.flags == 0;
    if (empty && (header.type == FrameType::data || header.type == FrameType::settings)) {
        return 0;  // nine bytes of mostly zeros
    }
    if (noise == Noise::binary) {
        return binary_evidence(header);
    }
    constexpr unsigned kTypeBits = 8;
    constexpr unsigned kReservedBit = 1;
    const unsigned flag_bits = 8U - static_cast<unsigned>(std::popcount(defined_flags(header.type)));
    return length_bits(header) + kTypeBits + flag_bits + kReservedBit +
           (is_on_connection(header.type) ? 16 : 0);
}

bool may_begin_chain(const FrameHeader& header) {
    if (header.type == FrameType::data || header.type == FrameType::headers) {
        const bool pushed = header.stream % 2 == 0;
        return header.length != 0 && !pushed;
    }
    return header_evidence(header, Noise::payload) != 0;
}

std::optional<unsigned> payload_evidence(const FrameHeader& header, ByteView payload, Noise noise) {
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
            return settings_evidence(payload, noise);
        case FrameType::window_update: {
            const std::uint32_t increment = read_u32(payload);
            const bool valid = increment >= 1 && increment < 0x80000000U;
            return valid ? std::optional(1U) : std::nullopt;
        }
        case FrameType::rst_stream:
            return error_code_evidence(payload, noise);
        case FrameType::goaway:
            return error_code_evidence(payload.substr(4), noise);
        default:
            return 0U;
    }
}

}  // namespace sslsniff::http2
