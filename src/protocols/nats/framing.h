#pragma once

#include "protocols/framed/framing.h"

namespace sslsniff::nats {

/// Operations of the client protocol: lines, some with a payload of known length behind them.
class NatsFraming final : public framed::Framing {
  public:
    framed::Look look(framed::Side side, ByteView bytes) const override;
    /// CONNECT, or TLS, which a server's INFO may offer.
    framed::Look look_first(framed::Side side, ByteView bytes) const override;
    std::size_t max_header() const override;
};

/// Whether a client's first bytes are TLS (RFC 8446 section 5.1): a handshake record.
bool is_tls(ByteView bytes);

}  // namespace sslsniff::nats
