#pragma once

#include <array>
#include <cstdint>
#include <string>

#include "model/dissector_traits.h"

namespace sslsniff {

/// The traits of a protocol that Wireshark dissects on one TCP port, and for which it has neither a heuristic
/// dissector nor a place inside TLS. Elsewhere HTTP's heuristic helps: it sees a tunnel to that port (a
/// CONNECT that was answered), and gives what follows to whoever is registered for it.
class PortDissector {
  public:
    /// `known`: both ports, and what else there is to say of the protocol.
    explicit PortDissector(const DissectorTraits& known);
    PortDissector(const PortDissector&) = delete;
    PortDissector& operator=(const PortDissector&) = delete;

    const DissectorTraits& traits() const { return traits_; }

  private:
    DissectorTraits traits_;
    std::array<std::uint16_t, 1> ports_;
    std::string request_;
    std::array<DissectorTraits::Hint, 2> hints_;
};

}  // namespace sslsniff
