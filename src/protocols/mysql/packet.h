#pragma once

#include <cstdint>
#include <optional>

#include "protocols/byte_reader.h"
#include "protocols/dialogue/frame_reader.h"
#include "protocols/mysql/constants.h"

namespace sslsniff::mysql {

/// One payload, which may have passed in several packets.
struct Packet {
    std::uint8_t number = 0;    ///< of its first packet: 0 begins a command
    std::uint64_t size = 0;     ///< bytes of the payload
    ByteView body;              ///< the first of them, in one piece
    std::uint64_t missing = 0;  ///< of them, not captured
    Timestamp start;            ///< of the first byte
    Timestamp end;              ///< of the last one

    bool whole() const { return body.size() == size; }
    std::uint64_t wire_size() const { return size + kHeader * (size / kMostInPacket + 1); }
    std::uint8_t first() const { return body.empty() ? std::uint8_t{0} : static_cast<std::uint8_t>(body[0]); }
};

/// Three bytes of length, in little-endian order, and the number.
std::optional<dialogue::Length> read_packet_header(ByteView header);
/// Valid as long as the frame.
Packet make_packet(const dialogue::Frame& frame);

/// "Length-encoded integer"; the reader fails for FB and FF, which are none.
std::uint64_t take_number(ByteReader& reader);
/// A text behind its length.
ByteView take_text(ByteReader& reader);

/// What OK and EOF say. EOF is that of DEPRECATE_EOF (an OK that begins with FE) or the old one.
struct Ok {
    std::uint64_t affected_rows = 0;
    std::uint64_t last_insert_id = 0;
    std::uint16_t status = 0;
    std::uint16_t warnings = 0;
    ByteView info;  ///< text for people
    Bytes changes;  ///< of the session, that the server tells: "autocommit=ON, schema=shop"
};
Ok read_ok(ByteView body);
/// Whether a packet ends columns or rows: FE, and shorter than a row could be.
bool is_eof(const Packet& packet);

/// ERR: number, SQLSTATE (empty before the login), text.
struct Err {
    std::uint16_t number = 0;
    ByteView sqlstate;
    ByteView message;
};
Err read_err(ByteView body);

}  // namespace sslsniff::mysql
