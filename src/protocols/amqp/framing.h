#pragma once

#include "protocols/framed/framing.h"

namespace sslsniff::amqp {

/// Frames of AMQP 0-9-1, and the protocol header.
class AmqpFraming final : public framed::Framing {
  public:
    framed::Look look(framed::Side side, ByteView bytes) const override;
    /// The protocol header, and what a server makes of it.
    framed::Look look_first(framed::Side side, ByteView bytes) const override;
    std::size_t max_header() const override;
};

}  // namespace sslsniff::amqp
