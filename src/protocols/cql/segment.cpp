#include "protocols/cql/segment.h"

#include <zlib.h>

#include "base/endian.h"
#include "body/block_decoder.h"

namespace sslsniff::cql {
namespace {

constexpr unsigned kLengthBits = 17;
constexpr std::uint64_t kLengthMask = (1U << kLengthBits) - 1;
constexpr std::size_t kChecksum = 3;

/// Little-endian, as all numbers of a segment.
std::uint64_t read_number(ByteView bytes) {
    std::uint64_t value = 0;
    for (std::size_t i = bytes.size(); i-- > 0;) {
        value = value << 8U | static_cast<std::uint8_t>(bytes[i]);
    }
    return value;
}

std::uint32_t crc24(ByteView bytes) {
    constexpr std::uint32_t kPolynomial = 0x1974F0B;
    constexpr std::uint32_t kOverflow = 0x1000000;
    std::uint32_t crc = 0x875060;
    for (const char byte : bytes) {
        crc ^= std::uint32_t{static_cast<std::uint8_t>(byte)} << 16U;
        for (int bit = 0; bit < 8; ++bit) {
            crc <<= 1U;
            crc ^= (crc & kOverflow) != 0 ? kPolynomial : 0;
        }
    }
    return crc;
}

std::uint32_t crc32_of(ByteView bytes) {
    constexpr ByteView kInitial = "\xFA\x2D\x55\xCA";
    const auto add = [](unsigned long crc, ByteView part) {
        return crc32(crc, reinterpret_cast<const Bytef*>(part.data()), static_cast<uInt>(part.size()));
    };
    return static_cast<std::uint32_t>(add(add(crc32(0, nullptr, 0), kInitial), bytes));
}

/// A header of `size` bytes with its checksum.
bool is_header(ByteView bytes, std::size_t size) {
    return bytes.size() >= size + kChecksum &&
           read_number(bytes.substr(size, kChecksum)) == crc24(bytes.substr(0, size));
}

}  // namespace

std::optional<Segment> read_segment(ByteView bytes) {
    constexpr std::size_t kPlain = 3;
    constexpr std::size_t kWithSize = 5;
    if (is_header(bytes, kPlain)) {
        const std::uint64_t header = read_number(bytes.substr(0, kPlain));
        return Segment{.header_size = kPlain + kChecksum,
                       .payload_size = static_cast<std::uint32_t>(header & kLengthMask),
                       .whole_size = 0,
                       .is_self_contained = (header >> kLengthBits & 1U) != 0};
    }
    if (is_header(bytes, kWithSize)) {
        const std::uint64_t header = read_number(bytes.substr(0, kWithSize));
        return Segment{.header_size = kWithSize + kChecksum,
                       .payload_size = static_cast<std::uint32_t>(header & kLengthMask),
                       .whole_size = static_cast<std::uint32_t>(header >> kLengthBits & kLengthMask),
                       .is_self_contained = (header >> (2 * kLengthBits) & 1U) != 0};
    }
    return std::nullopt;
}

bool is_intact(const Segment& segment, ByteView bytes) {
    return bytes.size() >= segment.size() &&
           load_le<std::uint32_t>(bytes, segment.header_size + segment.payload_size) ==
               crc32_of(bytes.substr(segment.header_size, segment.payload_size));
}

std::optional<Bytes> segment_payload(const Segment& segment, ByteView bytes) {
    if (!is_intact(segment, bytes)) {
        return std::nullopt;
    }
    const ByteView payload = bytes.substr(segment.header_size, segment.payload_size);
    return segment.whole_size == 0 ? std::optional(Bytes(payload))
                                   : decode_lz4_block(payload, segment.whole_size, kMostPayload);
}

}  // namespace sslsniff::cql
