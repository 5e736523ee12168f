#include "protocols/cql/framing.h"

#include "protocols/cql/envelope.h"
#include "protocols/cql/segment.h"

namespace sslsniff::cql {

using framed::Look;
using framed::Side;

Look CqlFraming::look(Side side, ByteView bytes) const {
    if (const auto segment = read_segment(bytes)) {
        const bool good = bytes.size() < segment->size() || is_intact(*segment, bytes);
        return good ? framed::message_of(segment->size(), true) : framed::malformed();
    }
    const Look envelope = look_at_envelope(side, bytes);
    // The header of a segment may be longer than what is here, and begin with any byte.
    return envelope.state == Look::State::malformed && bytes.size() < kMostSegmentHeader ? framed::need_more()
                                                                                         : envelope;
}

Look CqlFraming::look_first(Side side, ByteView bytes) const {
    const Look envelope = look_at_envelope(side, bytes);
    if (side == Side::server || envelope.state != Look::State::message) {
        return envelope;
    }
    const Opcode opcode = read_envelope_header(bytes).opcode;
    return opcode == Opcode::options || opcode == Opcode::startup ? envelope : framed::malformed();
}

std::size_t CqlFraming::max_header() const {
    return kEnvelopeHeader;
}

Look EnvelopeFraming::look(Side side, ByteView bytes) const {
    return look_at_envelope(side, bytes);
}

std::size_t EnvelopeFraming::max_header() const {
    return kEnvelopeHeader;
}

const EnvelopeFraming& envelope_framing() {
    static const EnvelopeFraming only;
    return only;
}

}  // namespace sslsniff::cql
