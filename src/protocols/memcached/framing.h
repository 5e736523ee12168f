#pragma once

#include "protocols/framed/framing.h"

namespace sslsniff::memcached {

/// Text, meta and binary commands, which share ports: lines, some with a data block of known length behind
/// them, and packets with a header of 24 bytes.
class MemcachedFraming final : public framed::Framing {
  public:
    framed::Look look(framed::Side side, ByteView bytes) const override;
    std::size_t max_header() const override;
};

}  // namespace sslsniff::memcached
