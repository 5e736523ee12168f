#include "protocols/dubbo/dubbo.h"

#include "protocols/dubbo/handler.h"
#include "protocols/dubbo/header.h"
#include "protocols/framed/framed_detector.h"
#include "protocols/framed/framed_parser.h"

namespace sslsniff {
namespace {

constexpr framed::Proof kProof{.alone = 2};
/// Of a message in which its values are read, besides --max-body.
constexpr std::size_t kMostBesides = std::size_t{64} * 1024;

const framed::Framing& framing() {
    static const dubbo::DubboFraming only;
    return only;
}

}  // namespace

std::unique_ptr<Detector> detect_dubbo() {
    return std::make_unique<framed::FramedDetector>(framing(), kProof);
}

bool may_begin_dubbo(ByteView message, const ConnectionInfo& connection) {
    return framed::may_begin(framing(), message, connection);
}

std::unique_ptr<ProtocolParser> create_dubbo(ParserHost& host, const ParserLimits& limits) {
    return std::make_unique<framed::FramedParser>(host, framing(), kProof, limits.max_body + kMostBesides,
                                                  std::make_unique<dubbo::DubboHandler>(host, limits));
}

}  // namespace sslsniff
