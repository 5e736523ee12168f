#include "protocols/nats/nats.h"

#include "protocols/framed/framed_detector.h"
#include "protocols/framed/framed_parser.h"
#include "protocols/nats/control_line.h"
#include "protocols/nats/framing.h"
#include "protocols/nats/handler.h"

namespace sslsniff {
namespace {

/// The server speaks first, in the clear even where TLS follows. What answers are mostly +OK and PONG.
constexpr framed::Proof kProof{.server_may_begin = true, .with_any = true};

const framed::Framing& framing() {
    static const nats::NatsFraming only;
    return only;
}

}  // namespace

std::unique_ptr<Detector> detect_nats() {
    return std::make_unique<framed::FramedDetector>(framing(), kProof);
}

bool may_begin_nats(ByteView message, const ConnectionInfo& connection) {
    return framed::may_begin(framing(), message, connection);
}

std::unique_ptr<ProtocolParser> create_nats(ParserHost& host, const ParserLimits& limits) {
    return std::make_unique<framed::FramedParser>(host, framing(), kProof, limits.max_body + nats::kMostJson,
                                                  std::make_unique<nats::NatsHandler>(host, limits));
}

}  // namespace sslsniff
