#include "protocols/framed/framed_detector.h"

#include "base/memory.h"

namespace sslsniff::framed {

Verdict FramedDetector::look(const Evidence& evidence) {
    if (evidence.connection.endpoints.transport == Transport::udp) {
        return Verdict::no;
    }
    const bool beginning = evidence.start == Evidence::Start::beginning;
    for (const Direction direction : {Direction::sent, Direction::received}) {
        const Evidence::Side& side = evidence.side(direction);
        const std::size_t begin = beginning ? 0 : side.message;
        roles_.look(direction, side.bytes.substr(begin), begin, beginning);
    }
    return roles_.verdict(beginning);
}

std::size_t FramedDetector::held() const {
    return allocated(sizeof(*this));
}

bool may_begin(const Framing& framing, ByteView message, const ConnectionInfo& connection) {
    return connection.endpoints.transport != Transport::udp &&
           (framing.look(Side::client, message).state != Look::State::malformed ||
            framing.look(Side::server, message).state != Look::State::malformed);
}

}  // namespace sslsniff::framed
