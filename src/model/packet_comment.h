#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "model/connection.h"
#include "model/event.h"

namespace sslsniff {

/// The comments in the pcapng files we write: lines "key: value" for people, from which reading restores what
/// packets cannot hold. Values are escaped: backslash, control characters and ill-formed UTF-8 as \xNN.

/// Where synthetic packets of a connection begin, or something new became known of it.
struct ConnectionComment {
    ConnectionInfo info;                  ///< process included, never null
    bool update = false;                  ///< not the start of a TCP connection: only what became known later
    std::uint32_t part = 1;               ///< counts the TCP connections that carry it, from 1
    std::uint64_t sent_position = 0;      ///< of the first byte that follows
    std::uint64_t received_position = 0;  ///< the same
    bool tls_records = false;             ///< the packets carry synthetic TLS 1.2 NULL-cipher records
    bool made_up_addresses = false;       ///< the packets' addresses or ports are not the real ones
    struct Gap {
        Direction direction = Direction::sent;
        LossCause cause = LossCause::unknown;
    };
    std::optional<Gap> gap;  ///< bytes of unknown number were lost just before, the reason for a new part
};

std::string to_comment(const ConnectionComment& comment);
/// Nullopt when `text` is no such comment. Values it does not understand are left as unknown.
std::optional<ConnectionComment> parse_connection_comment(std::string_view text);

/// The packet stands for bytes that were not captured; what it holds (zeros, if anything) means nothing.
struct GapComment {
    std::uint64_t position = 0;
    std::uint64_t bytes = 0;
    LossCause cause = LossCause::unknown;
};

std::string to_comment(const GapComment& comment);
std::optional<GapComment> parse_gap_comment(std::string_view text);

/// The first FIN or RST of a connection's last part.
std::string close_comment(CloseReason reason);
std::optional<CloseReason> parse_close_comment(std::string_view text);

/// Marks packets whose payload is made up, beyond the framing itself: reading skips them.
std::string filler_comment(std::string_view why);
bool is_filler_comment(std::string_view text);

/// Made-up payload too, but a parser that begins with it understands what follows: reading skips it where the
/// file holds what came before.
std::string context_comment();
bool is_context_comment(std::string_view text);

/// The other end of the connection was captured too; its packets are in hidden blocks. For people.
std::string other_end_comment(const ConnectionInfo& other);

/// A block laid out as an enhanced packet block, of a type from the range for local use: packets of the other
/// end of a connection that is shown already. All programs but this one pass over it.
inline constexpr std::uint32_t kHiddenPacketBlock = 0x8053'534C;

/// First bytes of the comment of each section we write.
inline constexpr std::string_view kSectionMark = "sslsniff: SYNTHETIC PACKETS";

}  // namespace sslsniff
