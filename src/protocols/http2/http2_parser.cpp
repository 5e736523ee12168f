#include "protocols/http2/http2_parser.h"

#include "protocols/http2/connection.h"
#include "protocols/http2/tiling.h"

namespace sslsniff {
namespace {

using http2::kPreface;

// More than a frame within other octets is worth: binary protocols with lengths in front often look like one.
constexpr unsigned kSure = 56;

/// Frames that follow each other, from the first octet or from within.
bool has_frames(ByteView octets) {
    http2::Tiling tiling(true, kSure);
    return tiling.add(octets, Timestamp());
}

/// The first frame of each side is SETTINGS (RFC 9113 section 3.4).
bool begins_with_settings(ByteView octets) {
    if (octets.size() < http2::kFrameHeaderSize) {
        return false;
    }
    const http2::FrameHeader header = http2::parse_frame_header(octets);
    return is_valid(header) && header.type == http2::FrameType::settings && !header.has(http2::kAck);
}

}  // namespace

Verdict detect_http2(const Evidence& evidence) {
    if (evidence.connection.tls.alpn == "h2") {
        return Verdict::yes;
    }
    if (evidence.connection.tls.alpn.starts_with("http/1.")) {
        return Verdict::no;  // others may be HTTP/2 too: gRPC has "grpc-exp"
    }
    bool possible = true;
    for (const ByteView octets : {evidence.sent, evidence.received}) {
        if (octets.starts_with(kPreface) || begins_with_settings(octets) ||
            (evidence.midstream && has_frames(octets))) {
            return Verdict::yes;
        }
        const bool open = kPreface.starts_with(octets) || octets.size() < http2::kFrameHeaderSize;
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
