#include "protocols/http2/dissector_context.h"

#include <algorithm>
#include <utility>

#include "base/endian.h"
#include "base/memory.h"
#include "protocols/hpack/table_block.h"

namespace sslsniff::http2 {
namespace {

constexpr std::size_t kMaxHeaders = 262'144;
/// RFC 9113 section 6.5.2
constexpr std::uint16_t kHeaderTableSize = 1;
/// What SETTINGS allow at least: the encoder may be allowed as much and not have told so yet.
constexpr std::size_t kMinTable = 65'536;

/// Frame headers stand one behind the other: bytes that begin and end elsewhere hardly look like that.
bool begins_a_frame(ByteView bytes) {
    bool is_first = true;
    while (bytes.size() >= kFrameHeaderSize) {
        const FrameHeader header = parse_frame_header(bytes);
        if (!is_valid(header)) {
            return false;
        }
        is_first = false;
        bytes.remove_prefix(std::min(bytes.size(), kFrameHeaderSize + header.length));
    }
    return !is_first;
}

Bytes settings(std::size_t table_size) {
    Bytes payload;
    append_be(payload, kHeaderTableSize);
    append_be(payload, static_cast<std::uint32_t>(table_size));
    return to_bytes({.length = static_cast<std::uint32_t>(payload.size()), .type = FrameType::settings}) +
           payload;
}

Bytes settings_ack() {
    return to_bytes({.type = FrameType::settings, .flags = kAck});
}

Bytes table_frame(ByteView block) {
    return to_bytes({.length = static_cast<std::uint32_t>(block.size()),
                     .type = FrameType::headers,
                     .flags = kEndHeaders})
        .append(block);
}

}  // namespace

DissectorContext::DissectorContext(Direction client, bool from_start, bool assume_grpc)
    : client_(client),
      streams_(client),
      assume_grpc_(assume_grpc),
      has_passed_(!from_start),
      halves_{Half{HalfConnection(*this, Direction::sent, kMaxHeaders)},
              Half{HalfConnection(*this, Direction::received, kMaxHeaders)}} {
    if (!from_start) {
        for (Half& half : halves_) {
            half.frames.begins_within();
        }
    }
}

StreamContext::Beginning DissectorContext::begin() {
    if (!has_passed_) {
        return {};
    }
    std::array<hpack::TableBlock, 2> tables;
    Beginning beginning{.pieces = {}, .is_exact = true};
    std::size_t table_size = kMinTable;
    for (std::size_t i = 0; i < halves_.size(); ++i) {
        tables[i] = hpack::encode_table(halves_[i].frames.decoder());
        table_size = std::max(table_size, tables[i].capacity);
        halves_[i].detached = !halves_[i].frames.synchronised();
        halves_[i].reopens = halves_[i].detached;
        beginning.is_exact = beginning.is_exact && tables[i].is_exact && !halves_[i].detached;
    }
    const Direction server = opposite(client_);
    beginning.pieces = {{client_, Bytes(kPreface) + settings(table_size)},
                        {server, settings(table_size) + settings_ack()},
                        {client_, settings_ack()}};
    for (const Direction direction : {client_, server}) {
        const Half& half = this->half(direction);
        if (half.detached) {
            continue;
        }
        const hpack::TableBlock& table = tables[static_cast<std::size_t>(direction)];
        beginning.pieces.push_back(
            {direction,
             table_frame(table.bytes + (direction == client_ ? streams_.grpc_fields() : Bytes()))});
        beginning.pieces.push_back({direction, streams_.reopening(direction), true});
        beginning.pieces.push_back({direction, half.frames.unfinished()});
    }
    return beginning;
}

bool DissectorContext::is_at_boundary(Direction direction) const {
    const Half& half = this->half(direction);
    return !half.frames.synchronised() || half.frames.unfinished().empty();
}

std::vector<StreamContext::Piece> DissectorContext::opening(ByteView bytes) {
    std::vector<Piece> pieces;
    if (!assume_grpc_ || !is_at_boundary(client_) || !is_at_boundary(opposite(client_)) ||
        !begins_a_frame(bytes)) {
        return pieces;
    }
    while (bytes.size() > kFrameHeaderSize) {
        const FrameHeader header = parse_frame_header(bytes);
        const ByteView payload = bytes.substr(kFrameHeaderSize, header.length);
        if (header.type == FrameType::data && !header.has(kPadded) &&
            streams_.assume_grpc(header.stream, payload)) {
            for (const Direction side : {client_, opposite(client_)}) {
                pieces.push_back({side, streams_.reopening(side, header.stream), true});
            }
        }
        bytes.remove_prefix(std::min(bytes.size(), kFrameHeaderSize + header.length));
    }
    return pieces;
}

Bytes DissectorContext::before(Direction direction, ByteView bytes) {
    has_passed_ = true;
    Half& half = this->half(direction);
    if (!half.frames.synchronised() && begins_a_frame(bytes)) {
        half.frames.resynchronise();
    }
    Bytes made_up;
    if (!half.frames.synchronised()) {
        made_up = to_bytes({.length = static_cast<std::uint32_t>(bytes.size()), .type = FrameType::opaque});
    } else if (std::exchange(half.detached, false)) {
        made_up = table_frame(hpack::encode_table(half.frames.decoder()).bytes);
        if (std::exchange(half.reopens, false)) {
            made_up += streams_.reopening(direction);
        }
        made_up += half.frames.unfinished();
    }
    half.frames.feed(bytes, {});
    half.detached = half.detached || !half.frames.synchronised();
    return made_up;
}

bool DissectorContext::skip(Direction direction, std::uint64_t bytes) {
    has_passed_ = true;
    Half& half = this->half(direction);
    half.frames.gap(bytes, {});
    return half.frames.synchronised();
}

std::size_t DissectorContext::held() const {
    return allocated(sizeof(*this)) + streams_.held() + halves_[0].frames.held() + halves_[1].frames.held();
}

}  // namespace sslsniff::http2
