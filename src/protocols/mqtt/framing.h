#pragma once

#include "protocols/framed/framing.h"

namespace sslsniff::mqtt {

/// Control packets of MQTT 3.1, 3.1.1 and 5.
class MqttFraming final : public framed::Framing {
  public:
    framed::Look look(framed::Side side, ByteView bytes) const override;
    /// CONNECT and CONNACK (or AUTH of MQTT 5) are the first.
    framed::Look look_first(framed::Side side, ByteView bytes) const override;
    std::size_t max_header() const override;
};

const MqttFraming& framing();

}  // namespace sslsniff::mqtt
