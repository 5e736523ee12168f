#include "protocols/mqtt/mqtt.h"

#include "protocols/framed/framed_detector.h"
#include "protocols/framed/framed_parser.h"
#include "protocols/mqtt/framing.h"
#include "protocols/mqtt/handler.h"

namespace sslsniff {
namespace {

constexpr framed::Proof kProof{};
/// Of a packet besides its payload: a topic and properties.
constexpr std::size_t kMostBesides = std::size_t{128} * 1024;

}  // namespace

std::unique_ptr<Detector> detect_mqtt() {
    return std::make_unique<framed::FramedDetector>(mqtt::framing(), kProof);
}

bool may_begin_mqtt(ByteView message, const ConnectionInfo& connection) {
    return framed::may_begin(mqtt::framing(), message, connection);
}

std::unique_ptr<ProtocolParser> create_mqtt(ParserHost& host, const ParserLimits& limits) {
    return std::make_unique<framed::FramedParser>(host, mqtt::framing(), kProof,
                                                  limits.max_body + kMostBesides,
                                                  std::make_unique<mqtt::MqttHandler>(host, limits));
}

}  // namespace sslsniff
