#include "protocols/framed/framed_parser.h"

#include <algorithm>
#include <utility>

#include "base/give_back.h"

namespace sslsniff::framed {
namespace {

/// Bytes of one direction that are kept until it is known who is the client.
constexpr std::size_t kMostEarly = std::size_t{64} * 1024;
constexpr std::size_t kMostEarlyPieces = 4096;
/// Pieces that may be either side's, after which somebody is taken for the client until the contrary shows.
constexpr unsigned kMostUndecided = 3;

constexpr std::size_t index(Direction direction) {
    return static_cast<std::size_t>(direction);
}

}  // namespace

FramedParser::FramedParser(ParserHost& host, const Framing& framing, const Proof& proof, std::size_t max_kept,
                           std::unique_ptr<MessageHandler> handler, std::optional<Direction> client)
    : host_(host),
      framing_(framing),
      handler_(std::move(handler)),
      halves_{Half(framing, Side::client, max_kept), Half(framing, Side::server, max_kept)},
      roles_(framing, proof),
      client_(client) {
    if (host.connection().midstream) {
        join();
        for (Half& half : halves_) {
            half.reader.abandon();
            half.resync.join(proof.with_any);
        }
    }
}

/// What comes first is not the beginning of the connection.
void FramedParser::join() {
    midstream_ = true;
    handler_->on_joined();
}

std::optional<Direction> FramedParser::client_by_role() const {
    switch (host_.connection().role) {
        case Role::client:
            return Direction::sent;
        case Role::server:
            return Direction::received;
        default:
            return std::nullopt;
    }
}

/// By habit: clients have ports that the kernel chose (ip(7), ip_local_port_range), servers mostly not.
std::optional<Direction> FramedParser::client_by_port() const {
    constexpr std::uint16_t kFirstChosen = 32'768;
    const Endpoints& endpoints = host_.connection().endpoints;
    const bool local = endpoints.local.port >= kFirstChosen;
    const bool remote = endpoints.remote.port >= kFirstChosen;
    if (local == remote || endpoints.local.port == 0 || endpoints.remote.port == 0) {
        return std::nullopt;
    }
    return local ? Direction::sent : Direction::received;
}

ProtocolParser::Status FramedParser::feed(Direction direction, ByteView bytes, Timestamp time) {
    if (rejected_) {
        return Status::rejected;
    }
    if (!client_) {
        return find_client(direction, bytes, time);
    }
    return feed_side(side_of(direction), bytes, host_.call().begins, time);
}

/// The socket's role is that of whoever connected, which is the client's in all these protocols.
ProtocolParser::Status FramedParser::find_client(Direction direction, ByteView bytes, Timestamp time) {
    early_.push_back({direction, time, host_.call().begins, Bytes(bytes)});
    if (const auto known = client_by_role()) {
        return settle(*known);
    }
    Bytes& said = said_[index(direction)];
    if (latest_ != direction && midstream_) {
        begins_[index(direction)] = said.size();
    }
    latest_ = direction;
    said += bytes;
    const std::size_t begin = begins_[index(direction)];
    roles_.look(direction, ByteView(said).substr(begin), begin, !midstream_);
    switch (roles_.verdict(!midstream_)) {
        case Verdict::no:
            if (!midstream_) {
                rejected_ = true;
                return Status::rejected;
            }
            break;
        case Verdict::need_more:
            break;
        case Verdict::likely:
        case Verdict::yes:
            // Some messages are the same from both sides.
            if (const auto client = roles_.client(!midstream_); client || client_by_port()) {
                return settle(client ? *client : *client_by_port());
            }
            ++undecided_;
            break;
    }
    const bool enough =
        said.size() > kMostEarly || early_.size() > kMostEarlyPieces || undecided_ >= kMostUndecided;
    guessed_ = enough;
    return enough ? settle(best_guess()) : Status::ok;
}

Direction FramedParser::best_guess() const {
    return client_by_role()
        .or_else([&] { return roles_.client(!midstream_); })
        .or_else([&] { return client_by_port(); })
        .value_or(Direction::sent);
}

ProtocolParser::Status FramedParser::settle(Direction client) {
    client_ = client;
    host_.set_role(client == Direction::sent ? Role::client : Role::server);
    std::ranges::for_each(said_, give_back<Bytes>);
    Status status = Status::ok;
    for (const Early& early : std::exchange(early_, {})) {
        const Side side = side_of(early.direction);
        if (early.bytes.empty()) {
            gap_of_side(side, early.missing, early.time);
        } else if (!rejected_ && !handed_over_) {
            status = std::max(status, feed_side(side, early.bytes, early.begins, early.time));
        }
    }
    return status;
}

ProtocolParser::Status FramedParser::feed_side(Side side, ByteView bytes, bool call_begins, Timestamp time) {
    const bool at_message = half(side).resync.is_searching() ? call_begins : half(side).reader.at_boundary();
    if (guessed_ && at_message && is_of_other_side(side, bytes)) {
        change_roles(time);
        side = opposite(side);
    }
    Resync& resync = half(side).resync;
    Bytes found;
    if (resync.is_searching()) {
        std::optional<Bytes> place = resync.find(bytes, call_begins);
        if (!place) {
            return Status::ok;
        }
        found = *std::move(place);
        bytes = found;
    }
    return read(side, bytes, time);
}

ProtocolParser::Status FramedParser::read(Side side, ByteView& bytes, Timestamp time) {
    Status status = Status::ok;
    MessageReader& reader = half(side).reader;
    while (!bytes.empty()) {
        switch (reader.read(bytes, time)) {
            case MessageReader::Result::need_more:
                return status;
            case MessageReader::Result::malformed:
                if (!understood_ && !midstream_) {
                    rejected_ = true;
                    return Status::rejected;
                }
                if (guessed_ && reader.at_boundary() && is_of_other_side(side, bytes)) {
                    return feed_side(side, bytes, true, time);  // which changes the roles
                }
                lose(side, kNotUnderstood, time);
                return Status::strange;
            case MessageReader::Result::message:
                break;
        }
        understood_ = true;
        switch (handler_->on_message(side, reader.message())) {
            case MessageHandler::Next::go_on:
                break;
            case MessageHandler::Next::strange:
                status = Status::strange;
                break;
            case MessageHandler::Next::tls: {
                handed_over_ = true;
                const bool sent = (side == Side::client) == (client_ == Direction::sent);
                host_.begin_tls(handler_->session(), sent ? bytes : ByteView{}, sent ? ByteView{} : bytes);
                return status;
            }
        }
    }
    return status;
}

/// Whether the bytes are a message that this side does not send.
bool FramedParser::is_of_other_side(Side side, ByteView bytes) const {
    const Look other = framing_.look(opposite(side), bytes);
    return framing_.look(side, bytes).state == Look::State::malformed &&
           other.state == Look::State::message && other.is_telling;
}

/// The client was guessed, and wrongly.
void FramedParser::change_roles(Timestamp time) {
    guessed_ = false;
    for (const Side side : {Side::client, Side::server}) {
        lose(side, kNotUnderstood, time);
    }
    client_ = sslsniff::opposite(*client_);
    host_.set_role(client_ == Direction::sent ? Role::client : Role::server);
}

void FramedParser::gap(Direction direction, std::uint64_t bytes, Timestamp time) {
    if (rejected_) {
        return;
    }
    if (!client_) {
        if (early_.empty() && !midstream_) {
            join();
        }
        midstream_ = true;
        early_.push_back({direction, time, false, {}, bytes});
        begins_[index(direction)] = said_[index(direction)].size();
        latest_ = std::nullopt;
        if (early_.size() > kMostEarlyPieces) {
            settle(best_guess());
        }
        return;
    }
    gap_of_side(side_of(direction), bytes, time);
}

void FramedParser::gap_of_side(Side side, std::uint64_t bytes, Timestamp time) {
    if (half(side).resync.is_searching()) {
        half(side).resync.lose();
    } else if (!half(side).reader.skip(bytes)) {
        midstream_ = true;  // what is cut may be shown: it cannot be refused any more
        lose(side, kGap, time);
    }
}

/// What is kept of a message is handed over if it is more than its header.
void FramedParser::lose(Side side, std::string_view reason, Timestamp time) {
    Half& lost = half(side);
    const bool cut = !lost.reader.at_boundary();
    const Message rest = lost.reader.abandon();
    handler_->on_loss(side, cut && rest.size > 0 ? &rest : nullptr, reason, time);
    lost.resync.lose();
}

void FramedParser::end_of_stream(Direction /*direction*/, Timestamp /*time*/) {
    // Messages end by themselves; what is unfinished is told by finish().
}

void FramedParser::finish(Timestamp time) {
    if (rejected_) {
        return;
    }
    if (!client_ && !early_.empty()) {
        settle(best_guess());
    }
    for (const Side side : {Side::client, Side::server}) {
        if (!rejected_ && !half(side).reader.at_boundary()) {
            lose(side, kUnfinished, time);
        }
    }
    handler_->finish(time);
}

std::size_t FramedParser::held() const {
    std::size_t held = allocated(sizeof(*this)) + handler_->held() + heap_bytes(early_);
    for (const Half& half : halves_) {
        held += half.reader.held() + half.resync.held();
    }
    for (const Bytes& said : said_) {
        held += 2 * heap_bytes(said);  // and as much in early_
    }
    return held;
}

}  // namespace sslsniff::framed
