#pragma once

#include <array>
#include <utility>
#include <vector>

#include "capture/pcap/packet_file.h"

namespace sslsniff {

/// pcapng (draft-ietf-opsawg-pcapng): any number of sections, interfaces of any link type and time
/// resolution; enhanced, simple and obsolete packet blocks. Everything else is passed over.
class PcapngFile final : public PacketFile {
  public:
    /// `buffer` stands at a section header.
    explicit PcapngFile(FileBuffer buffer) : buffer_(std::move(buffer)) {}
    static bool recognises(ByteView bytes);

    Result<std::optional<CapturedPacket>> next() override;
    const FileBuffer& buffer() const override { return buffer_; }
    std::size_t unread() const override { return buffer_.available().size() - consumed_later_; }
    std::vector<LossEvent> take_losses() override { return std::exchange(losses_, {}); }

  private:
    struct Interface {
        std::uint16_t link_type = 0;
        std::uint32_t snap_length = 0;
        std::uint64_t units_per_second = 1'000'000;
        bool binary = false;  ///< the resolution is a power of two
        std::int64_t offset_seconds = 0;
        bool is_ours = false;
        std::array<std::uint64_t, 2> lost{};  ///< events: in a full ring, otherwise
        std::array<std::uint64_t, 2> told{};  ///< of these, by comments
    };

    /// The block at the front, whole and with plausible lengths; nullopt at the end.
    Result<std::optional<ByteView>> next_block();
    Result<void> begin_section(ByteView body);
    Result<void> add_interface(ByteView body);
    Result<CapturedPacket> enhanced_packet(ByteView body) const;
    Result<CapturedPacket> simple_packet(ByteView body) const;
    void add_statistics(ByteView body);
    void end_section();
    void read_options(ByteView options, CapturedPacket& packet) const;
    Timestamp time_of(const Interface& interface, std::uint64_t units) const;
    /// Calls `use(code, value)` for each option until they end or contradict themselves.
    template <class Use>
    void for_each_option(ByteView options, Use use) const;

    template <class T>
    T load(ByteView bytes, std::size_t offset) const;

    FileBuffer buffer_;
    std::size_t consumed_later_ = 0;
    bool little_endian_ = true;
    bool is_ours_ = false;   ///< the section
    bool has_ours_ = false;  ///< an interface at least
    std::vector<Interface> interfaces_;
    std::vector<LossEvent> losses_;
};

}  // namespace sslsniff
