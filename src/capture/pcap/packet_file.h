#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "capture/pcap/file_buffer.h"
#include "model/connection.h"
#include "model/event.h"
#include "model/time.h"

namespace sslsniff {

/// One packet of a capture file. Views are valid until the next one is read.
struct CapturedPacket {
    Timestamp time;
    std::uint16_t link_type = 0;  ///< LINKTYPE_ value (https://www.tcpdump.org/linktypes.html)
    ByteView bytes;
    std::uint32_t original_length = 0;  ///< on the wire; more than `bytes` when cut at the snap length

    // Only in pcapng files that sslsniff wrote:
    bool is_ours = false;
    bool hidden = false;  ///< of the other end of a connection, for own_connections alone
    std::vector<std::string_view> comments;
    std::optional<Direction> direction;
    std::uint32_t tid = 0;
};

/// Reads the packets of one file. An error says where the file is damaged; everything before was returned.
class PacketFile {
  public:
    PacketFile() = default;
    PacketFile(const PacketFile&) = delete;
    PacketFile& operator=(const PacketFile&) = delete;
    virtual ~PacketFile() = default;

    /// Nullopt at the end of the file.
    virtual Result<std::optional<CapturedPacket>> next() = 0;
    virtual const FileBuffer& buffer() const = 0;
    /// Bytes read from the input but not yet returned: with none, next() may block.
    virtual std::size_t unread() const = 0;
    /// What the writer of the file says it lost, as far as it was read since the last call. Without time
    /// where it does not say when.
    virtual std::vector<LossEvent> take_losses() { return {}; }
};

/// Longer packets or blocks are taken for damage: no capture has them.
inline constexpr std::size_t kMaxPacket = 16 << 20;

/// True when a file that begins with `bytes` (at least 4) is pcap or pcapng.
bool is_packet_file(ByteView bytes);

/// Chooses the format by its magic number.
Result<std::unique_ptr<PacketFile>> open_packet_file(std::unique_ptr<InputStream> input);

/// "NAME is damaged at offset N: WHAT; everything before it was used"
Error damaged(const FileBuffer& buffer, std::string_view what);

}  // namespace sslsniff
