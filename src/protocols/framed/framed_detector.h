#pragma once

#include "protocols/framed/role_finder.h"
#include "protocols/protocol.h"

namespace sslsniff::framed {

/// Recognises a framed protocol: at the beginning of a connection by its first messages, later by messages
/// that fill what a side says from its first byte on.
class FramedDetector final : public Detector {
  public:
    FramedDetector(const Framing& framing, const Proof& proof) : roles_(framing, proof) {}

    Verdict look(const Evidence& evidence) override;
    std::size_t foreign(Direction direction) const override { return roles_.begin(direction); }
    std::size_t held() const override;

  private:
    RoleFinder roles_;
};

/// Whether either side's message may begin so: Protocol::may_begin.
bool may_begin(const Framing& framing, ByteView message, const ConnectionInfo& connection);

}  // namespace sslsniff::framed
