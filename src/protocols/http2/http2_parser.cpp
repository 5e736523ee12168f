#include "protocols/http2/http2_parser.h"

#include "protocols/http2/connection.h"
#include "protocols/http2/frame.h"
#include "protocols/http2/tiling.h"

namespace sslsniff {
namespace {

using http2::kPreface;

/// Frames that follow each other, from the first octet or from within.
bool has_frames(ByteView octets) {
    http2::Tiling tiling(true, http2::Noise::binary);
    return tiling.add(octets, Timestamp());
}

/// The first frame of each side is SETTINGS (RFC 9113 section 3.4). That a small number behind four octets of
/// length looks like an empty one, or one with a single setting, is too likely: more must follow.
Verdict judge_settings(ByteView octets) {
    constexpr std::size_t kSetting = 6;
    constexpr std::size_t kTelling = 64;  // of what follows
    if (octets.size() < http2::kFrameHeaderSize) {
        return Verdict::need_more;
    }
    const http2::FrameHeader header = http2::parse_frame_header(octets);
    if (!is_valid(header) || header.type != http2::FrameType::settings || header.has(http2::kAck)) {
        return Verdict::no;
    }
    const ByteView settings = octets.substr(http2::kFrameHeaderSize, header.length);
    unsigned known = 0;
    for (std::size_t at = 0; at + kSetting <= settings.size(); at += kSetting) {
        const unsigned id = http2::setting_id(settings.substr(at));
        if (id == 0) {
            return Verdict::no;  // reserved
        }
        known += http2::is_known_setting(id) ? 1 : 0;
    }
    // A chain of frames may not begin with an empty one.
    const ByteView frames = header.length == 0 ? octets.substr(http2::kFrameHeaderSize) : octets;
    if (known > 1 || has_frames(frames)) {
        return Verdict::yes;
    }
    return octets.size() < http2::kFrameHeaderSize + header.length + kTelling ? Verdict::need_more
                                                                              : Verdict::no;
}

}  // namespace

Verdict detect_http2(const Evidence& evidence) {
    if (evidence.connection.tls.alpn == "h2") {
        return Verdict::yes;
    }
    if (evidence.connection.tls.alpn.starts_with("http/1.")) {
        return Verdict::no;  // others may be HTTP/2 too: gRPC has "grpc-exp"
    }
    if (evidence.connection.endpoints.transport == Transport::udp) {
        return Verdict::no;
    }
    bool possible = true;
    for (const ByteView octets : {evidence.sent, evidence.received}) {
        const Verdict settings = judge_settings(octets);
        if (octets.starts_with(kPreface) || settings == Verdict::yes ||
            (evidence.midstream && has_frames(octets))) {
            return Verdict::yes;
        }
        const bool open = kPreface.starts_with(octets) || settings == Verdict::need_more;
        possible = possible && (open || evidence.midstream);
    }
    return possible ? Verdict::need_more : Verdict::no;
}

std::unique_ptr<ProtocolParser> create_http2(ParserHost& host, const ParserLimits& limits) {
    return std::make_unique<http2::Connection>(host, limits);
}

std::unique_ptr<ProtocolParser> create_http2_upgraded(ParserHost& host, const ParserLimits& limits,
                                                      const HttpSwitch& turn) {
    auto connection = std::make_unique<http2::Connection>(host, limits);
    connection->open_upgraded(turn.request, turn.start);
    return connection;
}

}  // namespace sslsniff
