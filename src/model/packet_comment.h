#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "model/connection.h"
#include "model/event.h"

namespace sslsniff {

/// The comments in the pcapng files we write: lines "key: value" for people, from which reading restores what
/// packets cannot hold. Values are escaped: backslash, control characters and ill-formed UTF-8 as \xNN. Times
/// are relative to the packet's, which other programs may shift.

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
        std::optional<LossCause> cause;      ///< nullopt: nobody told, the positions jumped
        std::optional<std::uint64_t> bytes;  ///< nullopt: nobody knows how many
    };
    std::optional<Gap> gap;  ///< bytes were lost just before, the reason for a new part
};

/// `time`: when it is said.
std::string to_comment(const ConnectionComment& comment, Timestamp time);
/// Nullopt when `text` is no such comment. Values it does not understand are left as unknown.
std::optional<ConnectionComment> parse_connection_comment(std::string_view text, Timestamp time);

/// A comment that had to wait for a packet, by so much.
std::string delayed_comment(std::string comment, Duration delay);
/// 0 when it did not.
Duration delay_of_comment(std::string_view text);

/// Bytes were not captured: before the packet, or the packet stands for them.
struct GapComment {
    Direction direction = Direction::sent;
    std::uint64_t position = 0;
    std::uint64_t bytes = 0;
    std::optional<LossCause> cause;  ///< nullopt: nobody told, the positions jumped
    bool zeros = false;              ///< the packet holds zeros in their place, or the first of them
};

std::string to_comment(const GapComment& comment);
std::optional<GapComment> parse_gap_comment(std::string_view text);

/// The first FIN or RST of a connection's last part.
std::string close_comment(CloseReason reason);
std::optional<CloseReason> parse_close_comment(std::string_view text);

/// What the capture lost (LossEvent), in the statistics of a section's first interface; its delay says when.
std::string loss_comment(const LossEvent& loss);
std::optional<LossEvent> parse_loss_comment(std::string_view text);

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

/// The same for what there is to say of a connection that is shown, when no packet of it follows. Its bytes
/// are headers without payload.
inline constexpr std::uint32_t kNoteBlock = 0x8053'534D;

/// First bytes of the comment of each section we write, and the comment of each interface: programs that
/// merge files keep only that.
inline constexpr std::string_view kSectionMark = "sslsniff: SYNTHETIC PACKETS";

}  // namespace sslsniff
