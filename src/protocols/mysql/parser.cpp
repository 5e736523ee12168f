#include "protocols/mysql/parser.h"

#include <algorithm>
#include <utility>

#include "base/memory.h"

namespace sslsniff::mysql {
namespace {

constexpr std::string_view kGap = "gap in stream";
constexpr std::string_view kNotTheProtocol = "bytes that are not MySQL";
/// Bytes kept of a packet at least: definitions of columns are needed whole.
constexpr std::size_t kLeastBody = std::size_t{64} * 1024;

std::size_t kept_of_body(const ParserLimits& limits) {
    return std::max(limits.max_body, kLeastBody);
}

/// What only the cleartext greeting says: version and capabilities of the server.
class Session final : public ParserSession {
  public:
    Session(Direction client, Beginning beginning) : client_(client), beginning_(std::move(beginning)) {}
    std::unique_ptr<ProtocolParser> resume(ParserHost& host, const ParserLimits& limits) const override {
        return std::make_unique<MysqlParser>(host, limits, client_, beginning_);
    }
    std::size_t held() const override { return allocated(sizeof(*this)) + heap_bytes(beginning_.version); }

  private:
    Direction client_;
    Beginning beginning_;
};

}  // namespace

MysqlParser::MysqlParser(ParserHost& host, const ParserLimits& limits)
    : host_(host),
      matcher_(host, limits),
      requests_(Side::client, kept_of_body(limits)),
      answers_(Side::server, kept_of_body(limits)) {
    if (host.connection().midstream) {
        join_midstream();
    }
}

MysqlParser::MysqlParser(ParserHost& host, const ParserLimits& limits, Direction client,
                         const Beginning& beginning)
    : MysqlParser(host, limits) {
    client_ = client;
    matcher_.resume(beginning);
    host.set_role(client == Direction::sent ? Role::client : Role::server);
}

void MysqlParser::join_midstream() {
    midstream_ = true;
    matcher_.joined_midstream();
    requests_.resync.lose();
    answers_.resync.lose();
}

ProtocolParser::Status MysqlParser::feed(Direction direction, ByteView bytes, Timestamp time) {
    if (rejected_) {
        return Status::rejected;
    }
    if (bytes.empty() || over_) {
        return Status::ok;
    }
    return client_ ? feed_known(direction, bytes, time) : find_client(direction, bytes, time);
}

/// Holds what comes until it shows who asks.
ProtocolParser::Status MysqlParser::find_client(Direction direction, ByteView bytes, Timestamp time) {
    switch (finder_.add(direction, bytes, time, host_.connection().role, midstream_)) {
        case Finder::State::unknown:
            return Status::ok;
        case Finder::State::refused:
            rejected_ = true;
            return Status::rejected;
        case Finder::State::known:
            break;
    }
    client_ = finder_.client();
    host_.set_role(*client_ == Direction::sent ? Role::client : Role::server);
    Status status = Status::ok;
    for (const Finder::Early& early : finder_.take()) {
        status = std::max(status, feed(early.direction, early.bytes, early.time));
    }
    return status;
}

ProtocolParser::Status MysqlParser::feed_known(Direction direction, ByteView bytes, Timestamp time) {
    const Side side = side_of(direction);
    Half& half = this->half(side);
    if (!half.decompressor) {
        return feed_plain(side, bytes, time);
    }
    Bytes plain;
    const bool good = half.decompressor->feed(bytes, plain);
    const Status status = plain.empty() ? Status::ok : feed_plain(side, plain, time);
    return good ? status : lose(side, kNotTheProtocol);
}

ProtocolParser::Status MysqlParser::feed_plain(Side side, ByteView bytes, Timestamp time) {
    Half& half = this->half(side);
    Bytes found;
    if (half.resync.searching()) {
        std::optional<Bytes> rest = half.resync.find(bytes, host_.call().begins);
        if (!rest) {
            return Status::ok;
        }
        found = *std::move(rest);
        bytes = found;
    }
    return feed_packets(side, bytes, time);
}

ProtocolParser::Status MysqlParser::feed_packets(Side side, ByteView& bytes, Timestamp time) {
    using Result = framing::FrameReader::Result;
    Half& half = this->half(side);
    while (!bytes.empty() && !over_) {
        const Result result = half.reader.read(bytes, time, kHeader, read_packet_header);
        if (result != Result::frame) {
            return Status::ok;
        }
        const Packet packet = make_packet(half.reader.frame());
        if (side == Side::server) {
            const bool compressed = matcher_.takes_compression();
            matcher_.on_server(packet);
            if (!compressed && matcher_.takes_compression()) {
                begin_compression();
            }
            continue;
        }
        // A number that begins nothing, or no command: the place is lost.
        if (packet.number == 0 && packet.size != 0 &&
            command_name(static_cast<Command>(packet.first())).empty() && packet.missing == 0) {
            return lose(side, kNotTheProtocol);
        }
        matcher_.on_client(packet);
        if (matcher_.begins_tls()) {
            begin_tls(bytes);
        }
    }
    return Status::ok;
}

void MysqlParser::begin_compression() {
    requests_.decompressor.emplace(matcher_.compression());
    answers_.decompressor.emplace(matcher_.compression());
}

void MysqlParser::begin_tls(ByteView rest) {
    over_ = true;
    const bool client_sends = *client_ == Direction::sent;
    host_.begin_tls(std::make_shared<Session>(*client_, matcher_.beginning()),
                    client_sends ? rest : ByteView(), client_sends ? ByteView() : rest);
}

/// What came is no packet: looks for the next one.
ProtocolParser::Status MysqlParser::lose(Side side, std::string_view why) {
    if (matcher_.emitted() == 0 && !midstream_) {
        rejected_ = true;
        return Status::rejected;
    }
    Half& half = this->half(side);
    half.reader.reset();
    half.resync.lose();
    if (half.decompressor) {
        half.decompressor->reset();
    }
    if (side == Side::client) {
        matcher_.requests_lost();
    } else {
        matcher_.replies_lost(why);
    }
    return Status::strange;
}

void MysqlParser::gap(Direction direction, std::uint64_t bytes, Timestamp /*time*/) {
    if (rejected_ || over_) {
        return;
    }
    if (!client_) {
        finder_.lose(direction);
        join_midstream();
        return;
    }
    const Side side = side_of(direction);
    Half& half = this->half(side);
    if (half.resync.searching()) {
        half.resync.lose();
        return;
    }
    if (!half.decompressor && half.reader.skip(bytes)) {
        return;
    }
    half.reader.reset();
    half.resync.lose();
    if (half.decompressor) {
        half.decompressor->reset();
    }
    if (side == Side::client) {
        matcher_.requests_lost();
    } else {
        matcher_.replies_lost(kGap);
    }
}

void MysqlParser::end_of_stream(Direction /*direction*/, Timestamp /*time*/) {
    // Packets are delimited by themselves; what is unfinished is told by finish().
}

void MysqlParser::finish(Timestamp /*time*/) {
    if (!rejected_ && client_) {
        matcher_.finish();
    }
}

std::size_t MysqlParser::held() const {
    std::size_t held = allocated(sizeof(*this)) + matcher_.held() + finder_.held();
    for (const Half* half : {&requests_, &answers_}) {
        held +=
            half->reader.held() + half->resync.held() + (half->decompressor ? half->decompressor->held() : 0);
    }
    return held;
}

std::uint64_t MysqlParser::give_up(std::size_t bytes) {
    return matcher_.give_up(bytes);
}

}  // namespace sslsniff::mysql
