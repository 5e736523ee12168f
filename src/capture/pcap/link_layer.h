#pragma once

#include <optional>

#include "base/bytes.h"
#include "capture/pcap/packet_file.h"

namespace sslsniff {

/// The IP packet inside a frame of Ethernet, 802.1Q, Linux cooked v1 and v2, BSD null and loopback, or raw
/// IP; nullopt for other link types, other payloads, and frames cut before it.
std::optional<ByteView> network_packet(const CapturedPacket& packet);

}  // namespace sslsniff
