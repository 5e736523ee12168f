// IEEE 802.11: data frames whose payload is not encrypted (802.11-2020 section 9.3.2).

#include <algorithm>

#include "base/endian.h"
#include "capture/pcap/link_layer.h"

namespace sslsniff {
namespace {

constexpr std::size_t kHeader = 24;
constexpr std::size_t kAddress = 6;

std::uint8_t byte(ByteView bytes, std::size_t at) {
    return static_cast<std::uint8_t>(bytes[at]);
}

/// Several frames in one: each behind two addresses and a length, all but the last filled up to four bytes.
void unwrap_aggregate(ByteView bytes, LayerSink& sink, std::uint64_t domain, int depth) {
    constexpr std::size_t kSubframe = 2 * kAddress + 2;
    while (bytes.size() > kSubframe) {
        const std::size_t length = load_be<std::uint16_t>(bytes, 2 * kAddress);
        unwrap_llc(bytes.substr(kSubframe, length), sink, domain, depth);
        bytes.remove_prefix(std::min(bytes.size(), (kSubframe + length + 3) / 4 * 4));
    }
}

}  // namespace

void unwrap_80211(ByteView frame, bool padded, LayerSink& sink, std::uint64_t domain, int depth) {
    if (frame.size() < kHeader) {
        return;
    }
    const unsigned control = byte(frame, 0);
    const unsigned flags = byte(frame, 1);
    constexpr unsigned kData = 2;
    constexpr unsigned kNoPayload = 0x40;
    if ((control >> 2U & 3U) != kData || (control & kNoPayload) != 0) {
        return;
    }
    const bool quality = (control & 0x80U) != 0;
    const bool four_addresses = (flags & 3U) == 3;
    const bool order = quality && (flags & 0x80U) != 0;
    std::size_t size = kHeader + (four_addresses ? kAddress : 0);
    if (frame.size() < size + 2) {
        return;
    }
    const bool aggregate = quality && (byte(frame, size) & 0x80U) != 0;
    size += (quality ? 2 : 0) + (order ? 4 : 0);
    size = padded ? (size + 3) / 4 * 4 : size;
    if ((flags & 0x40U) != 0) {
        sink.on_unread("802.11 frames are encrypted");
    } else if ((flags & 4U) != 0 || (load_le<std::uint16_t>(frame, 22) & 0xFU) != 0) {
        sink.on_unread("802.11 fragments are not supported");
    } else if (frame.size() > size && aggregate) {
        unwrap_aggregate(frame.substr(size), sink, domain, depth);
    } else if (frame.size() > size) {
        unwrap_llc(frame.substr(size), sink, domain, depth);
    }
}

}  // namespace sslsniff
