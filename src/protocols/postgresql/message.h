#pragma once

#include <cstdint>
#include <optional>

#include "base/bytes.h"
#include "model/time.h"
#include "protocols/dialogue/frame_reader.h"
#include "protocols/dialogue/side.h"

/// PostgreSQL's frontend/backend protocol 3.0 and 3.2
/// (https://www.postgresql.org/docs/18/protocol-message-formats.html).
namespace sslsniff::postgresql {

using dialogue::Side;

/// A type byte (none in front of a startup packet), a length of four bytes that counts itself, a body.
struct Message {
    char type = 0;              ///< 0: a startup packet, whose body begins with its code
    std::uint64_t size = 0;     ///< bytes of the body
    ByteView body;              ///< the first of them, in one piece
    std::uint64_t missing = 0;  ///< of them, not captured
    Timestamp start;            ///< of the first byte
    Timestamp end;              ///< of the last one

    bool whole() const { return body.size() == size; }
    std::uint64_t wire_size() const { return (type == 0 ? 4U : 5U) + size; }
};

inline constexpr std::size_t kTypedHeader = 5;
inline constexpr std::size_t kStartupHeader = 4;
/// The server refuses longer ones (MaxAllocSize).
inline constexpr std::uint32_t kMaxSize = 0x3FFFFFFF;
/// MAX_STARTUP_PACKET_LENGTH (libpq/pqcomm.h).
inline constexpr std::uint32_t kMaxStartupSize = 10'000;

// Codes of startup packets.
inline constexpr std::uint32_t kCancelRequest = 80'877'102;
inline constexpr std::uint32_t kSslRequest = 80'877'103;
inline constexpr std::uint32_t kGssEncRequest = 80'877'104;
inline constexpr std::uint32_t kMajorVersion = 3;  ///< the upper half of the code

/// Whether the side sends messages of that type.
bool is_type(Side side, char type);

/// Headers of a startup packet, and of messages of either side.
std::optional<dialogue::Length> read_startup_header(ByteView header);
std::optional<dialogue::Length> read_client_header(ByteView header);
std::optional<dialogue::Length> read_server_header(ByteView header);

/// Valid as long as the frame.
Message make_message(const dialogue::Frame& frame);

}  // namespace sslsniff::postgresql
