#include "protocols/mongodb/mongodb.h"

#include "protocols/framed/framed_detector.h"
#include "protocols/framed/framed_parser.h"
#include "protocols/mongodb/framing.h"
#include "protocols/mongodb/handler.h"

namespace sslsniff {
namespace {

/// Size, operation and what is answered agree in 96 bits: one message is enough.
constexpr framed::Proof kProof{.alone = 1};
/// Bytes of a message in which its documents are read.
constexpr std::size_t kReadBytes = std::size_t{64} * 1024;

const framed::Framing& framing() {
    static const mongodb::MongodbFraming only;
    return only;
}

}  // namespace

std::unique_ptr<Detector> detect_mongodb() {
    return std::make_unique<framed::FramedDetector>(framing(), kProof);
}

bool may_begin_mongodb(ByteView message, const ConnectionInfo& connection) {
    return framed::may_begin(framing(), message, connection);
}

std::unique_ptr<ProtocolParser> create_mongodb(ParserHost& host, const ParserLimits& limits) {
    return std::make_unique<framed::FramedParser>(host, framing(), kProof, limits.max_body + kReadBytes,
                                                  std::make_unique<mongodb::MongodbHandler>(host, limits));
}

}  // namespace sslsniff
