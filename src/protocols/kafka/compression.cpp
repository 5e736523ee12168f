#include "protocols/kafka/compression.h"

#include <array>
#include <memory>

#include "base/endian.h"
#include "body/block_decoder.h"
#include "body/content_decoder.h"

namespace sslsniff::kafka {
namespace {

constexpr std::array<std::string_view, 5> kNames{"none", "gzip", "snappy", "lz4", "zstd"};
constexpr unsigned kSnappy = 2;
constexpr unsigned kLz4 = 3;

/// snappy-java's SnappyOutputStream: a header of 16 bytes, then blocks behind their sizes. Others send one
/// bare block.
constexpr std::string_view kXerial("\x82SNAPPY\0", 8);
constexpr std::size_t kXerialHeader = 16;

Decompressed snappy(ByteView bytes, std::size_t limit) {
    Decompressed out;
    if (!bytes.starts_with(kXerial) || bytes.size() < kXerialHeader) {
        if (auto block = decode_snappy(bytes, limit)) {
            out = {*std::move(block), true};
        }
        return out;
    }
    bytes.remove_prefix(kXerialHeader);
    while (bytes.size() >= sizeof(std::uint32_t)) {
        const auto size = load_be<std::uint32_t>(bytes);
        bytes.remove_prefix(sizeof(size));
        if (size > bytes.size()) {
            return out;
        }
        const auto block = decode_snappy(bytes.substr(0, size), limit - out.bytes.size());
        if (!block) {
            return out;
        }
        out.bytes += *block;
        bytes.remove_prefix(size);
    }
    out.is_whole = bytes.empty();
    return out;
}

}  // namespace

std::string_view compression_name(unsigned codec) {
    return codec < kNames.size() ? kNames.at(codec) : "unknown";
}

Decompressed decompress(unsigned codec, ByteView bytes, std::size_t limit) {
    if (codec == kSnappy) {
        return snappy(bytes, limit);
    }
    const std::unique_ptr<ContentDecoder> decoder =
        codec == kLz4 ? make_lz4_decoder() : make_content_decoder(compression_name(codec));
    Decompressed out;
    if (decoder) {
        const ContentDecoder::State state = decoder->decode(bytes, out.bytes, limit);
        out.is_whole = state == ContentDecoder::State::ended || state == ContentDecoder::State::more;
    }
    return out;
}

}  // namespace sslsniff::kafka
