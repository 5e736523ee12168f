#include "protocols/postgresql/parser.h"

#include <algorithm>
#include <memory>

#include "base/memory.h"

namespace sslsniff::postgresql {
namespace {

/// Bytes kept of a message at least: descriptions of rows are needed whole.
constexpr std::size_t kLeastBody = std::size_t{64} * 1024;

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
    : DialogueParser(host, limits, std::max(limits.max_body, kLeastBody), plausible_beginning,
                     "bytes that are not PostgreSQL"),
      startup_(!host.connection().midstream) {}

PostgresqlParser::PostgresqlParser(ParserHost& host, const ParserLimits& limits, Direction client)
    : PostgresqlParser(host, limits) {
    set_client(client);
}

dialogue::FrameReader::Result PostgresqlParser::read(Side side, ByteView& bytes, Timestamp time) {
    if (side == Side::server) {
        return reader(side).read(bytes, time, kTypedHeader, read_server_header);
    }
    return startup_ ? reader(side).read(bytes, time, kStartupHeader, read_startup_header)
                    : reader(side).read(bytes, time, kTypedHeader, read_client_header);
}

ProtocolParser::Status PostgresqlParser::feed_messages(Side side, ByteView bytes, Timestamp time) {
    using Result = dialogue::FrameReader::Result;
    while (!bytes.empty() && !is_over()) {
        if (side == Side::server && reader(side).at_boundary() && matcher().awaits_encryption() &&
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
        const Message message = make_message(reader(side).frame());
        if (side == Side::server) {
            matcher().on_backend(message);
        } else {
            matcher().on_frontend(message);
            startup_ = startup_ && matcher().awaits_encryption();
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
    matcher().on_encryption(answer, time);
    startup_ = true;
    if (answer == 'S') {
        begin_tls(std::make_shared<Session>(client()), Side::server, bytes);
    } else if (answer == 'G') {
        end();  // GSSAPI encrypts what follows
    }
    return true;
}

void PostgresqlParser::on_place_lost(Side side) {
    startup_ = side == Side::server && startup_;
}

std::size_t PostgresqlParser::held() const {
    return allocated(sizeof(*this)) + held_outside();
}

}  // namespace sslsniff::postgresql
