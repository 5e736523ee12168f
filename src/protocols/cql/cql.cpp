#include "protocols/cql/cql.h"

#include "protocols/cql/framing.h"
#include "protocols/cql/handler.h"
#include "protocols/cql/segment.h"
#include "protocols/framed/framed_detector.h"
#include "protocols/framed/framed_parser.h"

namespace sslsniff {
namespace {

/// OPTIONS and READY say little by themselves.
constexpr framed::Proof kProof{.with_any = true};
/// A whole segment, and more of envelopes than rows.
constexpr std::size_t kMostBesides = std::size_t{130} * 1024;

const framed::Framing& framing() {
    static const cql::CqlFraming only;
    return only;
}

}  // namespace

std::unique_ptr<Detector> detect_cql() {
    return std::make_unique<framed::FramedDetector>(framing(), kProof);
}

bool may_begin_cql(ByteView message, const ConnectionInfo& connection) {
    // Few bytes may be the beginning of a segment, whatever they are.
    const bool is_short = message.size() < cql::kMostSegmentHeader;
    return framed::may_begin(
        is_short ? static_cast<const framed::Framing&>(cql::envelope_framing()) : framing(), message,
        connection);
}

std::unique_ptr<ProtocolParser> create_cql(ParserHost& host, const ParserLimits& limits) {
    return std::make_unique<framed::FramedParser>(host, framing(), kProof, limits.max_body + kMostBesides,
                                                  std::make_unique<cql::CqlHandler>(host, limits));
}

}  // namespace sslsniff
