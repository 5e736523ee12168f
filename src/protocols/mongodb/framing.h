#pragma once

#include "protocols/framed/framing.h"

namespace sslsniff::mongodb {

/// Every message says its size, what it is, and which one it answers: requests answer none.
class MongodbFraming final : public framed::Framing {
  public:
    framed::Look look(framed::Side side, ByteView bytes) const override;
    std::size_t max_header() const override;
};

}  // namespace sslsniff::mongodb
