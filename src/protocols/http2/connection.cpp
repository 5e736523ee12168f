#include "protocols/http2/connection.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/memory.h"
#include "base/number.h"
#include "protocols/http2/header_section.h"
#include "protocols/http2/open_streams.h"

namespace sslsniff::http2 {
namespace {

/// Bytes searched in vain for frames before we give up on a connection that showed none.
constexpr std::uint64_t kMaxSearch = 1ULL << 20U;
/// The request that asked for the upgrade is that of stream 1 (RFC 7540 section 3.2).
constexpr std::uint32_t kUpgradedStream = 1;

std::string error_text(std::uint32_t code) {
    const std::string_view name = error_name(code);
    return name.empty() ? fmt::format("0x{:x}", code) : std::string(name);
}

}  // namespace

Connection::Connection(ParserHost& host, const ParserLimits& limits)
    : host_(host),
      limits_(limits),
      sent_(*this, Direction::sent, limits.max_headers),
      received_(*this, Direction::received, limits.max_headers) {}

void Connection::open_upgraded(const HttpRequest& request, Timestamp start) {
    const bool seen = !request.method.empty();
    const auto stream = streams_.open(kUpgradedStream, kUpgradedStream, !seen, start);
    if (seen) {
        stream->second.item.on_upgraded_request(request);
    } else {
        stream->second.item.on_unseen_request();
    }
    streams_.measure(stream, stream->second.item.held());
}

Connection::Status Connection::feed(Direction direction, ByteView bytes, Timestamp time) {
    const std::uint64_t strange = half(direction).strange();
    half(direction).feed(bytes, time);
    const bool hopeless =
        !sent_.has_frames() && !received_.has_frames() && half(direction).skipped() > kMaxSearch;
    return hopeless ? Status::rejected : half(direction).strange() != strange ? Status::strange : Status::ok;
}

void Connection::gap(Direction direction, std::uint64_t bytes, Timestamp time) {
    half(direction).gap(bytes, time);
}

void Connection::end_of_stream(Direction /*direction*/, Timestamp /*time*/) {
    // Streams end by their own frames; what is open then shows at finish().
}

void Connection::finish(Timestamp /*time*/) {
    for (auto stream = streams_.begin(); stream != streams_.end();) {
        stream = emit(stream, goaway_.empty() ? "connection ended before the stream did" : goaway_);
    }
}

std::optional<Connection::Side> Connection::side_of(Direction direction) const {
    std::optional<Direction> client = client_;
    const Role role = host_.connection().role;
    if (!client && role != Role::unknown) {
        client = role == Role::client ? Direction::sent : Direction::received;
    }
    if (!client) {
        return std::nullopt;
    }
    return direction == *client ? Side::request : Side::response;
}

void Connection::set_client(Direction direction) {
    if (client_ != direction) {
        client_ = direction;
        host_.set_role(direction == Direction::sent ? Role::client : Role::server);
    }
}

void Connection::on_preface(Direction direction) {
    set_client(direction);
    HalfConnection& server = half(opposite(direction));
    if (!server.has_bytes()) {
        server.begins_here();
        complete_ = true;
    }
}

Stream* Connection::find(std::uint32_t id, bool opens, Timestamp time) {
    const auto found = streams_.find(id);
    if (found != streams_.end()) {
        return &found->second.item;
    }
    if (streams_.closed_lately(id) || (complete_ && !opens)) {
        return nullptr;
    }
    if (streams_.size() >= limits_.max_pending) {
        emit(streams_.begin(), "too many streams are open");
    }
    Stream& stream = streams_.open(id, id, !opens, time)->second.item;
    if (!opens && grpc_.erase(id) != 0) {
        stream.set_protocol("grpc");
    }
    return &stream;
}

/// What one of our own files tells of the streams that began before it.
void Connection::on_context(const hpack::Block& block) {
    for (const hpack::Field& field : block.fields) {
        const auto stream = field.name == kGrpcStreamField ? parse_number<std::uint32_t>(field.value)
                                                           : std::optional<std::uint32_t>();
        if (stream && grpc_.size() < limits_.max_pending) {
            grpc_.insert(*stream);
        }
    }
}

void Connection::on_headers(Direction direction, HeaderSection&& section, Timestamp time) {
    const SectionKind kind = kind_of(section.block);
    if (section.promised != 0 || kind == SectionKind::response) {
        set_client(opposite(direction));
    } else if (kind == SectionKind::request) {
        set_client(direction);
    }
    if (section.promised != 0) {
        if (Stream* stream = find(section.promised, true, time)) {
            stream->on_promise(section, host_.connection(), time);
            settle(section.promised);
        }
        return;
    }
    const std::optional<Side> side = side_of(direction);
    if (!side) {
        return;  // not even the direction of the requests is known
    }
    Stream* stream =
        find(section.stream, side == Side::request && kind != SectionKind::trailers, section.start);
    if (stream != nullptr) {
        stream->on_headers(*side, section, host_, limits_, time);
        settle(section.stream);
    }
}

void Connection::on_data(Direction direction, const DataPiece& piece, Timestamp time) {
    const std::optional<Side> side = side_of(direction);
    Stream* stream = side ? find(piece.stream, false, time) : nullptr;
    if (stream != nullptr) {
        stream->on_data(*side, piece, host_, limits_, time);
        settle(piece.stream);
    }
}

void Connection::on_reset(Direction direction, std::uint32_t stream, std::optional<std::uint32_t> code,
                          Timestamp time) {
    const auto found = streams_.find(stream);
    if (found != streams_.end()) {
        found->second.item.on_reset({.code = code, .by_client = side_of(direction) == Side::request}, time);
        settle(stream);
    }
}

void Connection::on_goaway(Direction direction, std::uint32_t last_stream, std::uint32_t code,
                           Timestamp /*time*/) {
    const bool by_server = side_of(direction) == Side::response;
    goaway_ = fmt::format("connection closed by {}: GOAWAY {}", by_server ? "the server" : "the client",
                          error_text(code));
    // Section 6.8: the sender has not acted and will not act on later streams of its peer.
    const std::uint32_t parity = by_server ? 1 : 0;
    for (auto stream = streams_.upper_bound(last_stream); stream != streams_.end();) {
        stream = stream->first % 2 == parity ? emit(stream, "refused: " + goaway_) : std::next(stream);
    }
}

void Connection::on_lost(Direction direction, Timestamp /*time*/) {
    complete_ = false;
    const std::optional<Side> side = side_of(direction);
    for (auto& [id, open] : streams_) {
        if (side) {
            open.item.on_lost(*side);
        }
    }
}

void Connection::settle(std::uint32_t id) {
    const auto stream = streams_.find(id);
    if (stream == streams_.end()) {
        return;
    }
    if (stream->second.item.finished()) {
        emit(stream, {});
    } else {
        streams_.measure(stream, stream->second.item.held());
    }
}

std::size_t Connection::held() const {
    return allocated(sizeof(*this)) + sent_.held() + received_.held() + streams_.held();
}

std::uint64_t Connection::give_up(std::size_t bytes) {
    const std::size_t before = held();
    const std::size_t goal = before - std::min(before, bytes);
    std::uint64_t number = 0;
    // Bodies and header fields first: who asked for what, and what came of it, is still shown then.
    for (auto stream = streams_.begin(); stream != streams_.end() && held() > goal; ++stream) {
        number += stream->second.item.shed() ? 1 : 0;
        streams_.measure(stream, stream->second.item.held());
    }
    for (HalfConnection* half : {&sent_, &received_}) {
        number += held() > goal && half->shed() ? 1 : 0;
    }
    while (!streams_.empty() && held() > goal) {
        emit(streams_.begin(), kNoLongerKept);
        ++number;
    }
    return number;
}

Connection::Streams::iterator Connection::emit(Streams::iterator stream, std::string_view why) {
    stream->second.item.emit(host_, why);
    return streams_.close(stream);
}

}  // namespace sslsniff::http2
