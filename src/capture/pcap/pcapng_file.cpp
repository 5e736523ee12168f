#include "capture/pcap/pcapng_file.h"

#include <algorithm>
#include <utility>

#include "base/endian.h"
#include "base/saturating.h"
#include "model/packet_comment.h"

namespace sslsniff {
namespace {

constexpr std::uint32_t kSectionHeader = 0x0A0D'0D0A;
constexpr std::uint32_t kInterfaceDescription = 1;
constexpr std::uint32_t kObsoletePacket = 2;
constexpr std::uint32_t kSimplePacket = 3;
constexpr std::uint32_t kInterfaceStatistics = 5;
constexpr std::uint32_t kEnhancedPacket = 6;
constexpr std::uint32_t kByteOrderMagic = 0x1A2B'3C4D;
constexpr std::size_t kBlockHeader = 8;
constexpr std::size_t kBlockFrame = 12;  ///< header and the length at the end
constexpr std::size_t kPacketFields = 20;
constexpr std::uint64_t kNanosecondsPerSecond = 1'000'000'000;
/// Nanoseconds since 1970 in 63 bits end in 2262.
constexpr std::uint64_t kMaxSeconds = 9'000'000'000;
/// More are taken for damage; the largest files seen have some thousands.
constexpr std::size_t kMaxInterfaces = 1 << 20;

std::size_t padded(std::size_t length) {
    return (length + 3) / 4 * 4;
}

std::uint64_t power(std::uint64_t base, unsigned exponent) {
    std::uint64_t value = 1;
    for (; exponent > 0; --exponent) {
        value *= base;
    }
    return value;
}

}  // namespace

bool PcapngFile::recognises(ByteView bytes) {
    return bytes.size() >= 4 && load_le<std::uint32_t>(bytes) == kSectionHeader;
}

template <class T>
T PcapngFile::load(ByteView bytes, std::size_t offset) const {
    return little_endian_ ? load_le<T>(bytes, offset) : load_be<T>(bytes, offset);
}

template <class Use>
void PcapngFile::for_each_option(ByteView options, Use use) const {
    while (options.size() >= 4) {
        const auto code = load<std::uint16_t>(options, 0);
        const std::size_t length = load<std::uint16_t>(options, 2);
        if (code == 0 || options.size() - 4 < length) {
            return;
        }
        use(code, options.substr(4, length));
        options.remove_prefix(std::min(options.size(), 4 + padded(length)));
    }
}

Result<std::optional<CapturedPacket>> PcapngFile::next() {
    while (true) {
        buffer_.consume(std::exchange(consumed_later_, 0));
        const auto block = next_block();
        if (!block) {
            return std::unexpected(block.error());
        }
        if (!*block) {
            end_section();
            return std::nullopt;
        }
        consumed_later_ = (*block)->size();
        const auto type = load<std::uint32_t>(**block, 0);
        const ByteView body = (*block)->substr(kBlockHeader, (*block)->size() - kBlockFrame);
        Result<void> done;
        switch (type) {
            case kSectionHeader:
                done = begin_section(body);
                break;
            case kInterfaceDescription:
                done = add_interface(body);
                break;
            case kInterfaceStatistics:
                add_statistics(body);
                break;
            case kObsoletePacket:
            case kEnhancedPacket:
                return enhanced_packet(body);
            case kHiddenPacketBlock:
            case kNoteBlock:
                if (has_ours_) {
                    return enhanced_packet(body);
                }
                break;
            case kSimplePacket:
                return simple_packet(body);
            default:
                break;
        }
        if (!done) {
            return std::unexpected(done.error());
        }
    }
}

Result<std::optional<ByteView>> PcapngFile::next_block() {
    auto bytes = buffer_.peek(kBlockFrame);
    if (!bytes) {
        return std::unexpected(bytes.error());
    }
    if (bytes->empty()) {
        return std::nullopt;
    }
    if (bytes->size() < kBlockFrame) {
        return std::unexpected(damaged(buffer_, "it ends inside a block header"));
    }
    if (recognises(*bytes)) {  // the byte order may change here
        const ByteView magic = bytes->substr(kBlockHeader);
        little_endian_ = load_le<std::uint32_t>(magic) == kByteOrderMagic;
        if (load<std::uint32_t>(magic, 0) != kByteOrderMagic) {
            return std::unexpected(damaged(buffer_, "a section header has no byte order"));
        }
    }
    const std::size_t length = load<std::uint32_t>(*bytes, 4);
    if (length < kBlockFrame || length % 4 != 0 || length > kMaxPacket) {
        return std::unexpected(damaged(buffer_, "a block's length makes no sense"));
    }
    bytes = buffer_.peek(length);
    if (!bytes) {
        return std::unexpected(bytes.error());
    }
    if (bytes->size() < length) {
        return std::unexpected(damaged(buffer_, "it ends inside a block"));
    }
    if (load<std::uint32_t>(*bytes, length - 4) != length) {
        return std::unexpected(damaged(buffer_, "a block's two lengths differ"));
    }
    return bytes->substr(0, length);
}

Result<void> PcapngFile::begin_section(ByteView body) {
    if (body.size() < 16 || load<std::uint16_t>(body, 4) != 1) {
        return std::unexpected(damaged(buffer_, "a section header of an unknown version"));
    }
    end_section();
    interfaces_.clear();
    is_ours_ = false;
    for_each_option(body.substr(16), [&](std::uint16_t code, ByteView value) {
        is_ours_ = is_ours_ || (code == 1 && value.starts_with(kSectionMark));
    });
    has_ours_ = is_ours_;
    return {};
}

Result<void> PcapngFile::add_interface(ByteView body) {
    if (body.size() < 8 || interfaces_.size() == kMaxInterfaces) {
        return std::unexpected(damaged(buffer_, "an interface description makes no sense"));
    }
    Interface interface{.link_type = load<std::uint16_t>(body, 0),
                        .snap_length = load<std::uint32_t>(body, 4)};
    interface.is_ours = is_ours_;
    bool sound = true;
    for_each_option(body.substr(8), [&](std::uint16_t code, ByteView value) {
        if (code == 9 && !value.empty()) {
            const auto resolution = static_cast<std::uint8_t>(value.front());
            const unsigned exponent = resolution & 0x7F;
            interface.binary = (resolution & 0x80) != 0;
            sound = exponent <= (interface.binary ? 63 : 19);
            interface.units_per_second = sound ? power(interface.binary ? 2 : 10, exponent) : 1;
        } else if (code == 14 && value.size() == 8) {
            interface.offset_seconds = static_cast<std::int64_t>(load<std::uint64_t>(value, 0));
        } else if (code == 1) {
            interface.is_ours = interface.is_ours || value == kSectionMark;
        }
    });
    if (!sound) {
        return std::unexpected(damaged(buffer_, "an interface's time resolution makes no sense"));
    }
    has_ours_ = has_ours_ || interface.is_ours;
    interfaces_.push_back(interface);
    return {};
}

/// Also the obsolete packet block, whose first field is two of 16 bits.
Result<CapturedPacket> PcapngFile::enhanced_packet(ByteView body) const {
    if (body.size() < kPacketFields) {
        return std::unexpected(damaged(buffer_, "a packet block is too short"));
    }
    const auto type = load<std::uint32_t>(buffer_.available(), 0);
    const std::uint32_t index =
        type == kObsoletePacket ? load<std::uint16_t>(body, 0) : load<std::uint32_t>(body, 0);
    const std::size_t length = load<std::uint32_t>(body, 12);
    if (index >= interfaces_.size() || length > body.size() - kPacketFields) {
        return std::unexpected(damaged(buffer_, "a packet block contradicts itself"));
    }
    const std::uint64_t units =
        static_cast<std::uint64_t>(load<std::uint32_t>(body, 4)) << 32 | load<std::uint32_t>(body, 8);
    CapturedPacket packet;
    packet.time = time_of(interfaces_[index], units);
    packet.link_type = interfaces_[index].link_type;
    packet.bytes = body.substr(kPacketFields, length);
    packet.original_length = load<std::uint32_t>(body, 16);
    if (interfaces_[index].is_ours && type != kObsoletePacket) {
        packet.is_ours = true;
        packet.hidden = type == kHiddenPacketBlock;
        read_options(body.substr(kPacketFields + std::min(padded(length), body.size() - kPacketFields)),
                     packet);
    }
    return packet;
}

Result<CapturedPacket> PcapngFile::simple_packet(ByteView body) const {
    if (body.size() < 4 || interfaces_.empty()) {
        return std::unexpected(damaged(buffer_, "a simple packet block contradicts itself"));
    }
    CapturedPacket packet;  // it has no time
    packet.link_type = interfaces_.front().link_type;
    packet.original_length = load<std::uint32_t>(body, 0);
    packet.bytes = body.substr(4, packet.original_length);
    return packet;
}

void PcapngFile::read_options(ByteView options, CapturedPacket& packet) const {
    for_each_option(options, [&](std::uint16_t code, ByteView value) {
        if (code == 1) {
            packet.comments.push_back(value);
        } else if (code == 2 && value.size() == 4) {
            const std::uint32_t flags = load<std::uint32_t>(value, 0) & 3;
            packet.direction = flags == 1   ? std::optional(Direction::received)
                               : flags == 2 ? std::optional(Direction::sent)
                                            : std::nullopt;
        } else if (code == 8 && value.size() == 8) {
            packet.tid = load<std::uint32_t>(value, 4);
        }
    });
}

/// Our own files count what the capture lost; comments say when and why, as long as nobody took them away.
void PcapngFile::add_statistics(ByteView body) {
    const std::uint32_t index = body.size() < 12 ? ~0U : load<std::uint32_t>(body, 0);
    if (index >= interfaces_.size() || !interfaces_[index].is_ours) {
        return;
    }
    Interface& interface = interfaces_[index];
    for_each_option(body.substr(12), [&](std::uint16_t code, ByteView value) {
        if (value.size() == 8 && (code == 5 || code == 7)) {
            std::uint64_t& lost = interface.lost[code == 7 ? 0 : 1];
            lost = std::max(lost, load<std::uint64_t>(value, 0));
        } else if (auto loss = code == 1 ? parse_loss_comment(value) : std::nullopt) {
            add_saturating(interface.told[loss->cause == LossCause::ring_full ? 0 : 1], loss->events);
            const auto said =
                time_of(interface, static_cast<std::uint64_t>(load<std::uint32_t>(body, 4)) << 32 |
                                       load<std::uint32_t>(body, 8));
            loss->time = said - std::min(delay_of_comment(value), said.time_since_epoch());
            losses_.push_back(*loss);
        }
    });
}

void PcapngFile::end_section() {
    for (Interface& interface : interfaces_) {
        for (const std::size_t i : {0U, 1U}) {
            if (interface.lost[i] > interface.told[i]) {
                losses_.push_back({.time = {},
                                   .cause = i == 0 ? LossCause::ring_full : LossCause::unknown,
                                   .events = interface.lost[i] - interface.told[i]});
                interface.told[i] = interface.lost[i];
            }
        }
    }
}

Timestamp PcapngFile::time_of(const Interface& interface, std::uint64_t units) const {
    const std::uint64_t seconds = units / interface.units_per_second;
    const std::uint64_t rest = units % interface.units_per_second;
    // A later time is damage and shown as the epoch.
    const auto whole = static_cast<std::int64_t>(seconds) + interface.offset_seconds;
    if (seconds > kMaxSeconds || whole < 0 || whole > static_cast<std::int64_t>(kMaxSeconds)) {
        return {};
    }
    const std::uint64_t scale = kNanosecondsPerSecond / interface.units_per_second;
    const bool exact = scale * interface.units_per_second == kNanosecondsPerSecond;
    const std::uint64_t ns =
        exact ? rest * scale
              : static_cast<std::uint64_t>(static_cast<long double>(rest) * kNanosecondsPerSecond /
                                           static_cast<long double>(interface.units_per_second));
    return Timestamp(std::chrono::seconds(whole) + std::chrono::nanoseconds(ns));
}

}  // namespace sslsniff
