#include "protocols/nats/framing.h"

#include "base/endian.h"
#include "protocols/nats/control_line.h"

namespace sslsniff::nats {
namespace {

using framed::Look;
using framed::Side;

constexpr std::size_t kRecordHeader = 5;
constexpr ByteView kHandshakeRecord{"\x16\x03", 2};

/// Whether its form leaves little to chance: PING, +OK and the like are words of other protocols too.
bool is_telling(const ControlLine& line) {
    switch (line.operation) {
        case Operation::ping:
        case Operation::pong:
        case Operation::ok:
        case Operation::err:
            return false;
        case Operation::info:
            return line.text.find("\"server_id\"") != ByteView::npos;
        case Operation::connect:
            return line.text.find("\"verbose\"") != ByteView::npos ||
                   line.text.find("\"lang\"") != ByteView::npos;
        default:
            return true;
    }
}

/// What is there of the payload and behind it.
bool is_payload(const ControlLine& line, ByteView bytes) {
    constexpr ByteView kVersion = "NATS/1.0";
    const ByteView headers = bytes.substr(line.size, kVersion.size());
    const std::uint64_t end = line.message_size() - kLineEnd.size();
    const bool ends_well =
        bytes.size() < line.message_size() || bytes.substr(end, kLineEnd.size()) == kLineEnd;
    return ends_well && (line.header_size == 0 || (line.header_size >= kVersion.size() + kLineEnd.size() &&
                                                   kVersion.starts_with(headers)));
}

}  // namespace

Look NatsFraming::look(Side side, ByteView bytes) const {
    const auto line = read_line(side, bytes.substr(0, kMostJson));
    if (!line) {
        const bool cut =
            bytes.find('\n') == ByteView::npos && may_begin_line(side, bytes.substr(0, kMostJson));
        return bytes.empty() || cut ? framed::need_more() : framed::malformed();
    }
    if (line->has_payload() && !is_payload(*line, bytes)) {
        return framed::malformed();
    }
    return framed::message_of(line->message_size(),
                              is_telling(*line) && bytes.size() >= line->message_size());
}

Look NatsFraming::look_first(Side side, ByteView bytes) const {
    if (side == Side::server) {
        return look(side, bytes);
    }
    if (kHandshakeRecord.starts_with(bytes.substr(0, kHandshakeRecord.size()))) {
        return bytes.size() < kRecordHeader
                   ? framed::need_more()
                   : framed::message_of(kRecordHeader + load_be<std::uint16_t>(bytes, 3), false);
    }
    constexpr ByteView kConnect = "CONNECT";
    const auto line = read_line(side, bytes.substr(0, kMostJson));
    const bool other = line ? line->operation != Operation::connect
                            : bytes.size() > kConnect.size() && !may_begin_line(side, bytes);
    return other ? framed::malformed() : look(side, bytes);
}

std::size_t NatsFraming::max_header() const {
    return kMostJson;
}

bool is_tls(ByteView bytes) {
    return bytes.starts_with(kHandshakeRecord);
}

}  // namespace sslsniff::nats
