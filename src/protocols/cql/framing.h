#pragma once

#include "protocols/framed/framing.h"

namespace sslsniff::cql {

/// What passes on a connection: envelopes, and in version 5 segments with envelopes in them.
class CqlFraming final : public framed::Framing {
  public:
    framed::Look look(framed::Side side, ByteView bytes) const override;
    /// OPTIONS or STARTUP.
    framed::Look look_first(framed::Side side, ByteView bytes) const override;
    std::size_t max_header() const override;
};

/// What passes in segments.
class EnvelopeFraming final : public framed::Framing {
  public:
    framed::Look look(framed::Side side, ByteView bytes) const override;
    std::size_t max_header() const override;
};
const EnvelopeFraming& envelope_framing();

}  // namespace sslsniff::cql
