#include "protocols/memcached/memcached.h"

#include "protocols/framed/framed_detector.h"
#include "protocols/framed/framed_parser.h"
#include "protocols/memcached/framing.h"
#include "protocols/memcached/handler.h"

namespace sslsniff {
namespace {

/// Many answers are short words that others have, too.
constexpr framed::Proof kProof{.with_any = true};
/// Of a message besides its value.
constexpr std::size_t kMostBesides = std::size_t{33} * 1024;

const framed::Framing& framing() {
    static const memcached::MemcachedFraming only;
    return only;
}

}  // namespace

std::unique_ptr<Detector> detect_memcached() {
    return std::make_unique<framed::FramedDetector>(framing(), kProof);
}

bool may_begin_memcached(ByteView message, const ConnectionInfo& connection) {
    return framed::may_begin(framing(), message, connection);
}

std::unique_ptr<ProtocolParser> create_memcached(ParserHost& host, const ParserLimits& limits) {
    return std::make_unique<framed::FramedParser>(
        host, framing(), kProof, limits.max_body + kMostBesides,
        std::make_unique<memcached::MemcachedHandler>(host, limits));
}

}  // namespace sslsniff
