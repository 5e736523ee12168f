#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "base/output_stream.h"
#include "model/connection.h"
#include "model/time.h"

namespace sslsniff {

/// Link types (https://www.tcpdump.org/linktypes.html).
enum class LinkType : std::uint16_t { ethernet = 1, exported_pdu = 252 };

/// Longest packet this writer makes: IPv4's largest plus Ethernet, rounded up to libpcap's usual value.
inline constexpr std::uint32_t kPcapngSnapLength = 262'144;

struct SectionDescription {
    std::string comment;
    std::string hardware;
    std::string os;
    std::string application;
};

struct InterfaceDescription {
    std::string_view comment = {};
    LinkType link_type = LinkType::ethernet;
    std::string name;
    std::string description;
    std::string os;
};

/// Blocks other than `shown` are of our own types, laid out like it, which other programs pass over.
enum class PacketKind : std::uint8_t {
    shown,   ///< an enhanced packet block
    hidden,  ///< a packet of the other end of a connection that is shown
    note     ///< only says something of a connection
};

struct PacketOptions {
    std::span<const std::string> comments = {};           ///< UTF-8
    std::optional<Direction> direction = std::nullopt;    ///< epb_flags: sent is outbound
    std::uint64_t dropped = 0;                            ///< epb_dropcount
    std::uint32_t pid = 0;                                ///< epb_processid_threadid; 0 for none
    std::uint32_t tid = 0;                                ///< the same
    std::optional<std::uint32_t> process = std::nullopt;  ///< index of a process-information block
    PacketKind kind = PacketKind::shown;
};

struct InterfaceStatistics {
    Timestamp start;
    Timestamp end;
    std::uint64_t received = 0;
    std::uint64_t dropped = 0;     ///< isb_ifdrop
    std::uint64_t os_dropped = 0;  ///< isb_osdrop
};

/// Writes pcapng blocks (draft-ietf-opsawg-pcapng), little-endian, nanosecond time stamps.
class BlockWriter {
  public:
    /// Borrows `out`.
    explicit BlockWriter(OutputStream& out) : out_(&out) {}

    void section_header(const SectionDescription& section);
    void interface_description(const InterfaceDescription& description);
    /// Apple's process information block (0x80000001), which Wireshark 4.6 shows.
    void process_information(std::uint32_t pid, std::string_view comm);
    /// The packet is the concatenation of `pieces`.
    void packet(std::uint32_t interface, Timestamp time, std::span<const ByteView> pieces,
                const PacketOptions& options);
    void statistics(std::uint32_t interface, const InterfaceStatistics& statistics,
                    std::span<const std::string> comments = {});

    /// Bytes written so far.
    std::uint64_t size() const { return size_; }

  private:
    void begin(std::uint32_t type);
    void end();
    void option(std::uint16_t code, ByteView value);
    void end_of_options();

    OutputStream* out_;
    Bytes block_;
    std::uint64_t size_ = 0;
};

}  // namespace sslsniff
