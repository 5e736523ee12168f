#include "output/pcapng/block_writer.h"

#include <algorithm>

#include "base/endian.h"
#include "base/text.h"
#include "model/packet_comment.h"

namespace sslsniff {
namespace {

constexpr std::uint32_t kSectionHeader = 0x0A0D0D0A;
constexpr std::uint32_t kInterfaceDescription = 1;
constexpr std::uint32_t kInterfaceStatistics = 5;
constexpr std::uint32_t kEnhancedPacket = 6;
constexpr std::uint32_t kProcessInformation = 0x8000'0001;

constexpr std::uint16_t kOptComment = 1;
constexpr std::uint16_t kOptHardware = 2;
constexpr std::uint16_t kOptSectionOs = 3;
constexpr std::uint16_t kOptApplication = 4;
constexpr std::uint16_t kOptName = 2;
constexpr std::uint16_t kOptDescription = 3;
constexpr std::uint16_t kOptTimeResolution = 9;
constexpr std::uint16_t kOptInterfaceOs = 12;
constexpr std::uint16_t kOptPacketFlags = 2;
constexpr std::uint16_t kOptDropCount = 4;
constexpr std::uint16_t kOptProcessThread = 8;
constexpr std::uint16_t kOptProcessIndex = 0x8001;
constexpr std::uint16_t kOptStartTime = 2;
constexpr std::uint16_t kOptEndTime = 3;
constexpr std::uint16_t kOptReceived = 4;
constexpr std::uint16_t kOptInterfaceDrops = 5;
constexpr std::uint16_t kOptOsDrops = 7;

/// An option's length field has 16 bits, and Wireshark refuses longer comments.
constexpr std::size_t kMaxOption = 65'000;
constexpr ByteView kZeros("\0\0\0", 3);

std::size_t padding(std::size_t length) {
    return (4 - length % 4) % 4;
}

template <std::unsigned_integral T>
Bytes le(T value) {
    Bytes bytes;
    append_le(bytes, value);
    return bytes;
}

void append_time(Bytes& out, Timestamp time) {
    const auto ns = static_cast<std::uint64_t>(time.time_since_epoch().count());
    append_le(out, static_cast<std::uint32_t>(ns >> 32));
    append_le(out, static_cast<std::uint32_t>(ns));
}

Bytes time_bytes(Timestamp time) {
    Bytes bytes;
    append_time(bytes, time);
    return bytes;
}

std::uint32_t block_type(PacketKind kind) {
    switch (kind) {
        case PacketKind::hidden:
            return kHiddenPacketBlock;
        case PacketKind::note:
            return kNoteBlock;
        case PacketKind::shown:
            break;
    }
    return kEnhancedPacket;
}

}  // namespace

void BlockWriter::section_header(const SectionDescription& section) {
    begin(kSectionHeader);
    append_le(block_, std::uint32_t{0x1A2B3C4D});
    append_le(block_, std::uint16_t{1});
    append_le(block_, std::uint16_t{0});
    append_le(block_, ~std::uint64_t{0});  // length of the section: not known while writing
    option(kOptComment, section.comment);
    option(kOptHardware, section.hardware);
    option(kOptSectionOs, section.os);
    option(kOptApplication, section.application);
    end_of_options();
    end();
}

void BlockWriter::interface_description(const InterfaceDescription& description) {
    begin(kInterfaceDescription);
    append_le(block_, static_cast<std::uint16_t>(description.link_type));
    append_le(block_, std::uint16_t{0});
    append_le(block_, kPcapngSnapLength);
    option(kOptComment, description.comment);
    option(kOptName, description.name);
    option(kOptDescription, description.description);
    option(kOptTimeResolution, "\x09");
    option(kOptInterfaceOs, description.os);
    end_of_options();
    end();
}

void BlockWriter::process_information(std::uint32_t pid, std::string_view comm) {
    begin(kProcessInformation);
    append_le(block_, pid);
    option(kOptName, comm);
    end_of_options();
    end();
}

void BlockWriter::packet(std::uint32_t interface, Timestamp time, std::span<const ByteView> pieces,
                         const PacketOptions& options) {
    std::size_t length = 0;
    for (const ByteView piece : pieces) {
        length += piece.size();
    }
    begin(block_type(options.kind));
    append_le(block_, interface);
    append_time(block_, time);
    append_le(block_, static_cast<std::uint32_t>(length));
    append_le(block_, static_cast<std::uint32_t>(length));
    for (const ByteView piece : pieces) {
        block_.append(piece);
    }
    block_.append(kZeros.substr(0, padding(length)));

    for (const std::string& comment : options.comments) {
        option(kOptComment, comment);
    }
    if (options.direction) {
        option(kOptPacketFlags, le(*options.direction == Direction::received ? 1U : 2U));
    }
    if (options.dropped != 0) {
        option(kOptDropCount, le(options.dropped));
    }
    if (options.pid != 0) {
        option(kOptProcessThread, le(options.pid) + le(options.tid));
    }
    if (options.process) {
        option(kOptProcessIndex, le(*options.process));
    }
    end_of_options();
    end();
}

void BlockWriter::statistics(std::uint32_t interface, const InterfaceStatistics& statistics,
                             std::span<const std::string> comments) {
    begin(kInterfaceStatistics);
    append_le(block_, interface);
    append_time(block_, statistics.end);
    for (const std::string& comment : comments) {
        option(kOptComment, comment);
    }
    option(kOptStartTime, time_bytes(statistics.start));
    option(kOptEndTime, time_bytes(statistics.end));
    option(kOptReceived, le(statistics.received));
    option(kOptInterfaceDrops, le(statistics.dropped));
    option(kOptOsDrops, le(statistics.os_dropped));
    end_of_options();
    end();
}

void BlockWriter::begin(std::uint32_t type) {
    block_.clear();
    append_le(block_, type);
    append_le(block_, std::uint32_t{0});  // total length, known at the end
}

void BlockWriter::end() {
    const auto total = static_cast<std::uint32_t>(block_.size() + 4);
    append_le(block_, total);
    const Bytes length = le(total);
    std::ranges::copy(length, block_.begin() + 4);
    out_->write(block_);
    size_ += block_.size();
}

/// Options with an empty value are left out.
void BlockWriter::option(std::uint16_t code, ByteView value) {
    if (value.empty()) {
        return;
    }
    if (value.size() > kMaxOption) {
        value = value.substr(0, utf8_prefix(value.substr(0, kMaxOption)));
    }
    append_le(block_, code);
    append_le(block_, static_cast<std::uint16_t>(value.size()));
    block_.append(value);
    block_.append(kZeros.substr(0, padding(value.size())));
}

void BlockWriter::end_of_options() {
    append_le(block_, std::uint32_t{0});
}

}  // namespace sslsniff
