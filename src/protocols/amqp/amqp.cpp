#include "protocols/amqp/amqp.h"

#include "protocols/amqp/framing.h"
#include "protocols/amqp/handler.h"
#include "protocols/framed/framed_detector.h"
#include "protocols/framed/framed_parser.h"

namespace sslsniff {
namespace {

constexpr framed::Proof kProof{};
/// Of a frame besides a body: arguments, and properties.
constexpr std::size_t kMostBesides = std::size_t{128} * 1024;

const framed::Framing& framing() {
    static const amqp::AmqpFraming only;
    return only;
}

}  // namespace

std::unique_ptr<Detector> detect_amqp() {
    return std::make_unique<framed::FramedDetector>(framing(), kProof);
}

bool may_begin_amqp(ByteView message, const ConnectionInfo& connection) {
    return framed::may_begin(framing(), message, connection);
}

std::unique_ptr<ProtocolParser> create_amqp(ParserHost& host, const ParserLimits& limits) {
    return std::make_unique<framed::FramedParser>(host, framing(), kProof, limits.max_body + kMostBesides,
                                                  std::make_unique<amqp::AmqpHandler>(host, limits));
}

}  // namespace sslsniff
