#include "protocols/http2/open_streams.h"

#include <algorithm>
#include <string>
#include <string_view>

#include "base/endian.h"
#include "base/memory.h"
#include "protocols/hpack/table_block.h"

namespace sslsniff::http2 {
namespace {

constexpr std::size_t kMaxStreams = 1000;
constexpr std::size_t kMaxValue = 2048;
/// A length behind one byte of flags (gRPC over HTTP2, "Length-Prefixed-Message").
constexpr std::size_t kMessageHead = 5;
constexpr std::size_t kNode = 48;  ///< of a map, beside its value

/// What says how to understand the bytes of a body. Its coding does not help in the middle of it.
constexpr std::array<std::string_view, 7> kKept{":method", ":scheme",      ":authority",   ":path",
                                                ":status", "content-type", "grpc-encoding"};

std::string_view value_of(const hpack::Block& block, std::string_view name) {
    const auto found = std::ranges::find_if(block.fields, [&](const hpack::Field& field) {
        return field.name_known && field.value_known && field.name == name;
    });
    return found != block.fields.end() ? std::string_view(found->value) : std::string_view();
}

bool is_interim(const hpack::Block& block) {
    const std::string_view status = value_of(block, ":status");
    return status.size() == 3 && status.front() == '1';  // RFC 9110 section 15.2
}

Bytes kept_fields(const hpack::Block& block) {
    Bytes out;
    for (const std::string_view name : kKept) {
        if (const std::string_view value = value_of(block, name);
            !value.empty() && value.size() <= kMaxValue) {
            hpack::append_literal(out, name, value);
        }
    }
    return out;
}

Bytes frame(FrameType type, std::uint8_t flags, std::uint32_t stream, ByteView payload) {
    return to_bytes({.length = static_cast<std::uint32_t>(payload.size()),
                     .type = type,
                     .flags = flags,
                     .stream = stream})
        .append(payload);
}

}  // namespace

void OpenStreams::on_headers(Direction direction, const HeaderSection& section) {
    constexpr std::uint32_t kFromClient = 1;  // of a stream's number: pushed ones are even
    const bool is_request = direction == client_;
    auto found = streams_.find(section.stream);
    if (found == streams_.end()) {
        const bool opens = is_request && section.promised == 0 && section.stream % 2 == kFromClient &&
                           !value_of(section.block, ":method").empty();
        if (!opens || streams_.size() >= kMaxStreams) {
            return;
        }
        found = streams_.try_emplace(section.stream).first;
    }
    Half& here = half(found->second, direction);
    if (here.block.empty() && section.promised == 0 && !is_interim(section.block)) {
        here.block = kept_fields(section.block);
        here.is_grpc = value_of(section.block, "content-type").starts_with("application/grpc");
    }
    here.has_ended = here.has_ended || section.end_stream;
    if (is_over(found->second)) {
        streams_.erase(found);
    }
}

void OpenStreams::on_data(Direction direction, const DataPiece& piece) {
    const auto found = streams_.find(piece.stream);
    if (found == streams_.end()) {
        return;
    }
    Half& here = half(found->second, direction);
    if (here.is_grpc) {
        follow(here.messages, piece.bytes, piece.missing);
    }
    here.has_ended = here.has_ended || piece.end_stream;
    if (is_over(found->second)) {
        streams_.erase(found);
    }
}

void OpenStreams::follow(Messages& messages, ByteView bytes, std::uint64_t missing) {
    while (messages.known && !bytes.empty()) {
        if (messages.left > 0) {
            const std::uint64_t part = std::min<std::uint64_t>(messages.left, bytes.size());
            messages.left -= part;
            bytes.remove_prefix(static_cast<std::size_t>(part));
            continue;
        }
        const ByteView part = bytes.substr(0, kMessageHead - messages.head.size());
        messages.head += part;
        bytes.remove_prefix(part.size());
        if (messages.head.size() == kMessageHead) {
            messages.left = load_be<std::uint32_t>(messages.head, 1);
            messages.head.clear();
        }
    }
    messages.known = messages.known && missing <= messages.left;
    messages.left -= std::min(messages.left, missing);
}

void OpenStreams::on_lost(Direction direction) {
    for (auto& [number, stream] : streams_) {
        half(stream, direction).messages.known = false;
    }
}

/// A server that has answered reads no further.
bool OpenStreams::is_over(const Stream& stream) const {
    return stream.halves[static_cast<std::size_t>(opposite(client_))].has_ended;
}

Bytes OpenStreams::reopening(Direction direction) const {
    Bytes out;
    for (const auto& [number, stream] : streams_) {
        out += reopening(direction, number);
    }
    return out;
}

Bytes OpenStreams::reopening(Direction direction, std::uint32_t stream) const {
    const Half& here = streams_.at(stream).halves[static_cast<std::size_t>(direction)];
    const Messages& messages = here.messages;
    if (here.block.empty() || (here.is_grpc && !messages.known)) {
        return {};
    }
    Bytes block = here.block;
    hpack::append_literal(block, "sslsniff-made-up", "not traffic: the stream began before");
    const std::uint8_t flags = here.has_ended ? kEndHeaders | kEndStream : kEndHeaders;
    Bytes out = frame(FrameType::headers, flags, stream, block);
    Bytes head = messages.head;
    if (messages.left > 0) {
        append_be(head, std::uint8_t{0});
        append_be(head, static_cast<std::uint32_t>(messages.left));
    }
    if (!here.has_ended && !head.empty()) {
        out += frame(FrameType::data, 0, stream, head);
    }
    return out;
}

Bytes OpenStreams::grpc_fields() const {
    Bytes out;
    for (const auto& [number, stream] : streams_) {
        if (stream.halves[0].is_grpc || stream.halves[1].is_grpc) {
            hpack::append_literal(out, kGrpcStreamField, std::to_string(number));
        }
    }
    return out;
}

bool OpenStreams::assume_grpc(std::uint32_t stream, ByteView payload) {
    constexpr std::uint32_t kPlausible = 64U << 20U;  // bytes of a message
    const bool may_begin = payload.size() >= kMessageHead && static_cast<std::uint8_t>(payload[0]) <= 1 &&
                           load_be<std::uint32_t>(payload, 1) <= kPlausible;
    if (!may_begin || stream % 2 == 0 || streams_.contains(stream) || streams_.size() >= kMaxStreams) {
        return false;
    }
    Stream& added = streams_[stream];
    Half& request = half(added, client_);
    Half& response = half(added, opposite(client_));
    hpack::append_literal(request.block, ":method", "POST");
    hpack::append_literal(request.block, ":path", "/sslsniff-unknown/not-captured");
    hpack::append_literal(response.block, ":status", "200");
    for (Half* const side : {&request, &response}) {
        hpack::append_literal(side->block, "content-type", "application/grpc");
        side->is_grpc = true;
    }
    return true;
}

std::size_t OpenStreams::held() const {
    std::size_t held = 0;
    for (const auto& [number, stream] : streams_) {
        held += sizeof(std::pair<std::uint32_t, Stream>) + kNode + heap_bytes(stream.halves[0].block) +
                heap_bytes(stream.halves[1].block);
    }
    return held;
}

}  // namespace sslsniff::http2
