#include "protocols/kafka/kafka.h"

#include "protocols/framed/framed_detector.h"
#include "protocols/framed/framed_parser.h"
#include "protocols/kafka/framing.h"
#include "protocols/kafka/handler.h"

namespace sslsniff {
namespace {

/// Answers tell nothing by themselves, and clients often wait for each of them: one request must do.
constexpr framed::Proof kProof{.alone = 1};
/// Bytes of a message, beyond those of its records, in which its fields are read.
constexpr std::size_t kFieldBytes = std::size_t{64} * 1024;

const framed::Framing& framing() {
    static const kafka::KafkaFraming only;
    return only;
}

}  // namespace

std::unique_ptr<Detector> detect_kafka() {
    return std::make_unique<framed::FramedDetector>(framing(), kProof);
}

bool may_begin_kafka(ByteView message, const ConnectionInfo& connection) {
    return connection.endpoints.transport != Transport::udp &&
           framing().look(framed::Side::client, message).is_telling;
}

std::unique_ptr<ProtocolParser> create_kafka(ParserHost& host, const ParserLimits& limits) {
    return std::make_unique<framed::FramedParser>(host, framing(), kProof, limits.max_body + kFieldBytes,
                                                  std::make_unique<kafka::KafkaHandler>(host, limits));
}

}  // namespace sslsniff
