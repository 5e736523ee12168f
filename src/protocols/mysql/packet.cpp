#include "protocols/mysql/packet.h"

#include <fmt/format.h>

namespace sslsniff::mysql {
namespace {

/// Session state information (SESSION_TRACK_...): name and value of what may be shown.
void append_change(Bytes& out, std::uint8_t type, ByteView data) {
    constexpr std::size_t kMost = 1024;
    if (out.size() > kMost) {
        return;
    }
    ByteReader reader(data);
    const std::string_view separator = out.empty() ? "" : ", ";
    switch (type) {
        case 0:  // the reader may have several, in MariaDB
            while (reader.left() > 0 && out.size() < kMost) {
                const ByteView name = take_text(reader);
                const ByteView value = take_text(reader);
                out += fmt::format("{}{}={}", out.empty() ? "" : ", ", name, value);
            }
            break;
        case 1:
            out += fmt::format("{}schema={}", separator, take_text(reader));
            break;
        default:
            break;
    }
}

}  // namespace

std::optional<dialogue::Length> read_packet_header(ByteView header) {
    const std::uint32_t size = load_le<std::uint32_t>(header) & kMostInPacket;
    return dialogue::Length{size, size == kMostInPacket};
}

Packet make_packet(const dialogue::Frame& frame) {
    return {static_cast<std::uint8_t>(frame.header[3]),
            frame.size,
            frame.body,
            frame.missing,
            frame.start,
            frame.end};
}

std::uint64_t take_number(ByteReader& reader) {
    const std::uint8_t first = reader.u8();
    switch (first) {
        case 0xFC:
            return reader.le<std::uint16_t>();
        case 0xFD: {
            const std::uint64_t low = reader.le<std::uint16_t>();
            return low | std::uint64_t{reader.u8()} << 16U;
        }
        case 0xFE:
            return reader.le<std::uint64_t>();
        case 0xFB:
        case 0xFF:
            reader.fail();
            return 0;
        default:
            return first;
    }
}

ByteView take_text(ByteReader& reader) {
    return reader.bytes(take_number(reader));
}

Ok read_ok(ByteView body) {
    constexpr std::size_t kOldEof = 5;
    ByteReader reader(body);
    Ok ok;
    const std::uint8_t type = reader.u8();
    if (type == kEof && body.size() <= kOldEof) {
        ok.warnings = reader.le<std::uint16_t>();
        ok.status = reader.le<std::uint16_t>();
        return ok;
    }
    ok.affected_rows = take_number(reader);
    ok.last_insert_id = take_number(reader);
    ok.status = reader.le<std::uint16_t>();
    ok.warnings = reader.le<std::uint16_t>();
    // With session tracking the text is behind its length, else it is the rest.
    ByteReader tracked = reader;
    const ByteView info = take_text(tracked);
    const bool changes = (ok.status & kSessionStateChanged) != 0;
    if (tracked.good() && (tracked.left() == 0 || changes)) {
        ok.info = info;
        ByteReader all(changes ? take_text(tracked) : ByteView());
        while (all.left() > 0) {
            const std::uint8_t kind = all.u8();
            append_change(ok.changes, kind, take_text(all));
        }
    } else {
        ok.info = reader.rest();
    }
    return ok;
}

bool is_eof(const Packet& packet) {
    return packet.first() == kEof && packet.size < kMostInPacket && packet.size >= 5;
}

Err read_err(ByteView body) {
    ByteReader reader(body);
    Err err;
    reader.u8();
    err.number = reader.le<std::uint16_t>();
    if (reader.peek() == '#') {
        reader.u8();
        err.sqlstate = reader.bytes(5);
    }
    err.message = reader.rest();
    return err;
}

}  // namespace sslsniff::mysql
