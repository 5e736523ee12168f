#include "protocols/thrift/thrift.h"

#include "protocols/framed/framed_detector.h"
#include "protocols/framed/framed_parser.h"
#include "protocols/thrift/handler.h"
#include "protocols/thrift/message.h"

namespace sslsniff {
namespace {

constexpr framed::Proof kProof{.alone = 2};
/// Of a message in which its values are read, besides --max-body.
constexpr std::size_t kMostBesides = std::size_t{64} * 1024;

const framed::Framing& framing() {
    static const thrift::ThriftFraming only;
    return only;
}

}  // namespace

std::unique_ptr<Detector> detect_thrift() {
    return std::make_unique<framed::FramedDetector>(framing(), kProof);
}

bool may_begin_thrift(ByteView message, const ConnectionInfo& connection) {
    return framed::may_begin(framing(), message, connection);
}

std::unique_ptr<ProtocolParser> create_thrift(ParserHost& host, const ParserLimits& limits) {
    return std::make_unique<framed::FramedParser>(host, framing(), kProof, limits.max_body + kMostBesides,
                                                  std::make_unique<thrift::ThriftHandler>(host, limits));
}

}  // namespace sslsniff
