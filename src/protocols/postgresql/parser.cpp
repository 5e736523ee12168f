#include "protocols/postgresql/parser.h"

#include <algorithm>
#include <utility>

#include "base/memory.h"

namespace sslsniff::postgresql {
namespace {

constexpr std::string_view kGap = "gap in stream";
constexpr std::string_view kNotTheProtocol = "bytes that are not PostgreSQL";
/// Bytes kept of a message at least: descriptions of rows are needed whole.
constexpr std::size_t kLeastBody = std::size_t{64} * 1024;

std::size_t kept_of_body(const ParserLimits& limits) {
    return std::max(limits.max_body, kLeastBody);
}

/// Remembers which end is the client.
class Session final : public ParserSession {
  public:
    explicit Session(Direction client) : client_(client) {}
    std::unique_ptr<ProtocolParser> resume(ParserHost& host, const ParserLimits& limits) const override {
        return std::make_unique<PostgresqlParser>(host, limits, client_);
    }
    std::size_t held() const override { return allocated(sizeof(*this)); }

  private:
    Direction client_;
};

}  // namespace

PostgresqlParser::PostgresqlParser(ParserHost& host, const ParserLimits& limits)
    : host_(host),
      limits_(limits),
      matcher_(host, limits),
      requests_(Side::client, kept_of_body(limits)),
      answers_(Side::server, kept_of_body(limits)) {
    if (host.connection().midstream) {
        join_midstream();
    }
}

PostgresqlParser::PostgresqlParser(ParserHost& host, const ParserLimits& limits, Direction client)
    : PostgresqlParser(host, limits) {
    client_ = client;
    host.set_role(client == Direction::sent ? Role::client : Role::server);
}

void PostgresqlParser::join_midstream() {
    midstream_ = true;
    startup_ = false;
    matcher_.joined_midstream();
    requests_.resync.lose();
    answers_.resync.lose();
}

ProtocolParser::Status PostgresqlParser::feed(Direction direction, ByteView bytes, Timestamp time) {
    if (rejected_) {
        return Status::rejected;
    }
    if (bytes.empty()) {
        return Status::ok;
    }
    return client_ ? feed_known(direction, bytes, time) : find_client(direction, bytes, time);
}

/// Holds what comes until it shows who asks.
ProtocolParser::Status PostgresqlParser::find_client(Direction direction, ByteView bytes, Timestamp time) {
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
        status = std::max(status, feed_known(early.direction, early.bytes, early.time));
    }
    return status;
}

ProtocolParser::Status PostgresqlParser::feed_known(Direction direction, ByteView bytes, Timestamp time) {
    if (opaque_) {
        return Status::ok;
    }
    const Side side = side_of(direction);
    auto& resync = half(side).resync;
    Bytes found;
    if (resync.searching()) {
        std::optional<Bytes> rest = resync.find(bytes, host_.call().begins);
        if (!rest) {
            return Status::ok;
        }
        found = *std::move(rest);
        bytes = found;
    }
    return feed_half(side, bytes, time);
}

framing::FrameReader::Result PostgresqlParser::read(Side side, ByteView& bytes, Timestamp time) {
    framing::FrameReader& reader = half(side).reader;
    if (side == Side::server) {
        return reader.read(bytes, time, kTypedHeader, read_server_header);
    }
    return startup_ ? reader.read(bytes, time, kStartupHeader, read_startup_header)
                    : reader.read(bytes, time, kTypedHeader, read_client_header);
}

ProtocolParser::Status PostgresqlParser::feed_half(Side side, ByteView bytes, Timestamp time) {
    using Result = framing::FrameReader::Result;
    while (!bytes.empty() && !opaque_) {
        const framing::FrameReader& reader = half(side).reader;
        if (side == Side::server && reader.at_boundary() && matcher_.awaits_encryption() &&
            bytes.front() != 'E') {
            if (!on_encryption_answer(bytes, time)) {
                return lose(side);
            }
            continue;
        }
        const Result result = read(side, bytes, time);
        if (result != Result::frame) {
            return result == Result::malformed ? lose(side) : Status::ok;
        }
        const Message message = make_message(reader.frame());
        if (side == Side::server) {
            matcher_.on_backend(message);
        } else {
            matcher_.on_frontend(message);
            startup_ = startup_ && matcher_.awaits_encryption();
        }
    }
    return Status::ok;
}

/// Takes the byte that answers SSLRequest or GSSENCRequest. False when it is none.
bool PostgresqlParser::on_encryption_answer(ByteView& bytes, Timestamp time) {
    const char answer = bytes.front();
    if (answer != 'S' && answer != 'N' && answer != 'G') {
        return false;
    }
    bytes.remove_prefix(1);
    matcher_.on_encryption(answer, time);
    startup_ = true;
    if (answer == 'N') {
        return true;
    }
    opaque_ = true;
    if (answer == 'S') {
        const bool server_sends = *client_ == Direction::received;
        host_.begin_tls(std::make_shared<Session>(*client_), server_sends ? bytes : ByteView(),
                        server_sends ? ByteView() : bytes);
    }
    return true;
}

/// What came is no message: looks for the next one.
ProtocolParser::Status PostgresqlParser::lose(Side side) {
    if (matcher_.emitted() == 0 && !midstream_) {
        rejected_ = true;
        return Status::rejected;
    }
    startup_ = false;
    half(side).reader.reset();
    half(side).resync.lose();
    if (side == Side::client) {
        matcher_.requests_lost();
    } else {
        matcher_.replies_lost(kNotTheProtocol);
    }
    return Status::strange;
}

void PostgresqlParser::gap(Direction direction, std::uint64_t bytes, Timestamp /*time*/) {
    if (rejected_ || opaque_) {
        return;
    }
    if (!client_) {
        finder_.lose(direction);
        join_midstream();
        return;
    }
    const Side side = side_of(direction);
    if (half(side).resync.searching()) {
        half(side).resync.lose();
        return;
    }
    if (half(side).reader.skip(bytes)) {
        return;
    }
    startup_ = side == Side::server && startup_;
    half(side).reader.reset();
    half(side).resync.lose();
    if (side == Side::client) {
        matcher_.requests_lost();
    } else {
        matcher_.replies_lost(kGap);
    }
}

void PostgresqlParser::end_of_stream(Direction /*direction*/, Timestamp /*time*/) {
    // Messages are delimited by themselves; what is unfinished is told by finish().
}

void PostgresqlParser::finish(Timestamp /*time*/) {
    if (!rejected_ && client_) {
        matcher_.finish();
    }
}

std::size_t PostgresqlParser::held() const {
    return allocated(sizeof(*this)) + matcher_.held() + requests_.reader.held() + requests_.resync.held() +
           answers_.reader.held() + answers_.resync.held() + finder_.held();
}

std::uint64_t PostgresqlParser::give_up(std::size_t bytes) {
    return matcher_.give_up(bytes);
}

}  // namespace sslsniff::postgresql
