#pragma once

#include "protocols/framed/framing.h"

namespace sslsniff::kafka {

/// Messages behind their size in four bytes. A request names its API, a version and the client; an answer has
/// nothing but the request's number.
class KafkaFraming final : public framed::Framing {
  public:
    framed::Look look(framed::Side side, ByteView bytes) const override;
    std::size_t max_header() const override;
    bool is_bare(framed::Side side) const override { return side == framed::Side::server; }
};

}  // namespace sslsniff::kafka
