#pragma once

#include "capture/pcap/packet_file.h"

namespace sslsniff {

/// The classic format (draft-ietf-opsawg-pcap), micro- or nanoseconds or modified, either byte order.
class PcapFile final : public PacketFile {
  public:
    /// `buffer` stands at the file header.
    static Result<std::unique_ptr<PacketFile>> open(FileBuffer buffer);
    static bool recognises(ByteView bytes);

    Result<std::optional<CapturedPacket>> next() override;
    const FileBuffer& buffer() const override { return buffer_; }
    std::size_t unread() const override { return buffer_.available().size() - consumed_later_; }

  private:
    explicit PcapFile(FileBuffer buffer) : buffer_(std::move(buffer)) {}
    std::uint32_t load(ByteView bytes, std::size_t offset) const;

    FileBuffer buffer_;
    std::size_t consumed_later_ = 0;  ///< of the packet lent out
    bool little_endian_ = true;
    bool nanoseconds_ = false;
    std::uint16_t link_type_ = 0;
    std::size_t record_header_ = 16;  ///< bytes
};

}  // namespace sslsniff
