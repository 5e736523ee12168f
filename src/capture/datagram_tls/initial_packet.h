#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include "base/bytes.h"

namespace sslsniff {

inline constexpr std::uint32_t kQuicVersion1 = 1;           ///< RFC 9000
inline constexpr std::uint32_t kQuicVersion2 = 0x6b3343cf;  ///< RFC 9369

/// Types of packets with a long header (RFC 9000 section 17.2), whatever bits stand for them.
enum class QuicPacketType : std::uint8_t { initial, zero_rtt, handshake, retry };

/// A packet with a long header (RFC 9000 section 17.2) of version 1 or 2 at the beginning of a datagram,
/// still protected. Views are of the datagram.
struct QuicLongHeader {
    QuicPacketType type = QuicPacketType::initial;
    std::uint32_t version = 0;
    ByteView destination_id;
    ByteView source_id;
    std::size_t number_offset = 0;  ///< where the packet number begins; 0 in a Retry packet
    ByteView packet;                ///< all of it; what follows in the datagram is another one
};

/// nullopt for anything else, as for a packet that is longer than `bytes`.
std::optional<QuicLongHeader> parse_quic_long_header(ByteView bytes);

/// Which end has sent a packet.
enum class QuicSender : std::uint8_t { client, server };

/// Keys of Initial packets (RFC 9001 section 5.2): they only need what the client's first packet says.
class QuicInitialKeys {
  public:
    /// `destination_id`: of the client's first Initial packet, or the first one after a Retry.
    static std::optional<QuicInitialKeys> derive(std::uint32_t version, ByteView destination_id,
                                                 QuicSender sender);

    /// The frames inside an Initial packet; nullopt when it was protected by other keys.
    std::optional<Bytes> open(const QuicLongHeader& header) const;

  private:
    Bytes key_;  ///< AEAD_AES_128_GCM
    Bytes iv_;
    Bytes header_key_;  ///< AES-128-ECB
};

}  // namespace sslsniff
