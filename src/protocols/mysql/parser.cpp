#include "protocols/mysql/parser.h"

#include <algorithm>
#include <memory>
#include <utility>

#include "base/memory.h"

namespace sslsniff::mysql {
namespace {

/// Bytes kept of a packet at least: definitions of columns are needed whole.
constexpr std::size_t kLeastBody = std::size_t{64} * 1024;

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

/// A number that begins nothing, or no command.
bool is_strange(const Packet& packet) {
    return packet.number == 0 && packet.size != 0 && packet.missing == 0 &&
           command_name(static_cast<Command>(packet.first())).empty();
}

}  // namespace

MysqlParser::MysqlParser(ParserHost& host, const ParserLimits& limits)
    : DialogueParser(host, limits, std::max(limits.max_body, kLeastBody), plausible_beginning,
                     "bytes that are not MySQL") {}

MysqlParser::MysqlParser(ParserHost& host, const ParserLimits& limits, Direction client,
                         const Beginning& beginning)
    : MysqlParser(host, limits) {
    matcher().resume(beginning);
    set_client(client);
}

ProtocolParser::Status MysqlParser::feed_side(Side side, ByteView bytes, Timestamp time) {
    if (!decompressor(side)) {
        return resynchronise(side, bytes, time);
    }
    Bytes plain;
    const bool good = decompressor(side)->feed(bytes, plain);
    const Status status = plain.empty() ? Status::ok : resynchronise(side, plain, time);
    return good ? status : lose(side);
}

ProtocolParser::Status MysqlParser::feed_messages(Side side, ByteView bytes, Timestamp time) {
    using Result = dialogue::FrameReader::Result;
    while (!bytes.empty() && !is_over()) {
        if (reader(side).read(bytes, time, kHeader, read_packet_header) != Result::frame) {
            return Status::ok;
        }
        const Packet packet = make_packet(reader(side).frame());
        if (side == Side::server) {
            on_server(packet);
            continue;
        }
        if (is_strange(packet)) {
            return lose(side);
        }
        matcher().on_client(packet);
        if (matcher().begins_tls()) {
            begin_tls(std::make_shared<Session>(client(), matcher().beginning()), side, bytes);
        }
    }
    return Status::ok;
}

void MysqlParser::on_server(const Packet& packet) {
    const bool compressed = matcher().takes_compression();
    matcher().on_server(packet);
    if (!compressed && matcher().takes_compression()) {
        for (auto& decompressor : decompressors_) {
            decompressor.emplace(matcher().compression());
        }
    }
}

bool MysqlParser::skip(Side side, std::uint64_t bytes) {
    return !decompressor(side) && DialogueParser::skip(side, bytes);
}

void MysqlParser::on_place_lost(Side side) {
    if (decompressor(side)) {
        decompressor(side)->reset();
    }
}

std::size_t MysqlParser::held() const {
    std::size_t held = allocated(sizeof(*this)) + held_outside();
    for (const auto& decompressor : decompressors_) {
        held += decompressor ? decompressor->held() : 0;
    }
    return held;
}

}  // namespace sslsniff::mysql
