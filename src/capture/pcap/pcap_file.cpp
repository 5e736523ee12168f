#include "capture/pcap/pcap_file.h"

#include <utility>

#include "base/endian.h"

namespace sslsniff {
namespace {

constexpr std::uint32_t kMicroseconds = 0xA1B2C3D4;
constexpr std::uint32_t kNanoseconds = 0xA1B23C4D;
constexpr std::size_t kFileHeader = 24;
constexpr std::uint32_t kModified =
    0xA1B2CD34;  // Kuznetsov's: interface, protocol and type behind each header
constexpr std::size_t kRecordHeader = 16;
constexpr std::size_t kModifiedRecordHeader = 24;

}  // namespace

bool PcapFile::recognises(ByteView bytes) {
    if (bytes.size() < 4) {
        return false;
    }
    const auto is_magic = [](std::uint32_t value) {
        return value == kMicroseconds || value == kNanoseconds || value == kModified;
    };
    return is_magic(load_le<std::uint32_t>(bytes)) || is_magic(load_be<std::uint32_t>(bytes));
}

Result<std::unique_ptr<PacketFile>> PcapFile::open(FileBuffer buffer) {
    std::unique_ptr<PcapFile> file(new PcapFile(std::move(buffer)));
    const auto header = file->buffer_.peek(kFileHeader);
    if (!header) {
        return std::unexpected(header.error());
    }
    if (header->size() < kFileHeader) {
        return std::unexpected(damaged(file->buffer_, "it ends inside the file header"));
    }
    file->little_endian_ = load_le<std::uint16_t>(*header, 2) == 0xA1B2;
    file->nanoseconds_ = file->load(*header, 0) == kNanoseconds;
    file->record_header_ = file->load(*header, 0) == kModified ? kModifiedRecordHeader : kRecordHeader;
    file->link_type_ = static_cast<std::uint16_t>(file->load(*header, 20));  // above: FCS length
    file->buffer_.consume(kFileHeader);
    return file;
}

std::uint32_t PcapFile::load(ByteView bytes, std::size_t offset) const {
    return little_endian_ ? load_le<std::uint32_t>(bytes, offset) : load_be<std::uint32_t>(bytes, offset);
}

Result<std::optional<CapturedPacket>> PcapFile::next() {
    buffer_.consume(std::exchange(consumed_later_, 0));
    auto bytes = buffer_.peek(record_header_);
    if (!bytes) {
        return std::unexpected(bytes.error());
    }
    if (bytes->empty()) {
        return std::nullopt;
    }
    if (bytes->size() < record_header_) {
        return std::unexpected(damaged(buffer_, "it ends inside a packet header"));
    }
    const std::uint32_t length = load(*bytes, 8);
    if (length > kMaxPacket) {
        return std::unexpected(damaged(buffer_, "a packet's length makes no sense"));
    }
    bytes = buffer_.peek(record_header_ + length);
    if (!bytes) {
        return std::unexpected(bytes.error());
    }
    if (bytes->size() < record_header_ + length) {
        return std::unexpected(damaged(buffer_, "it ends inside a packet"));
    }
    const std::chrono::nanoseconds fraction(static_cast<std::int64_t>(load(*bytes, 4)) *
                                            (nanoseconds_ ? 1 : 1000));
    consumed_later_ = record_header_ + length;
    CapturedPacket packet;
    packet.time = Timestamp(std::chrono::seconds(load(*bytes, 0)) + fraction);
    packet.link_type = link_type_;
    packet.bytes = bytes->substr(record_header_, length);
    packet.original_length = load(*bytes, 12);
    return packet;
}

}  // namespace sslsniff
