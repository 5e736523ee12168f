#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "base/bytes.h"
#include "model/connection.h"
#include "model/dissector_traits.h"

namespace sslsniff {

/// What Wireshark is made to dissect a TCP connection as, whatever its ports are registered for: by records
/// that users know as markers (docs/pcapng.md).
enum class DissectorHint : std::uint8_t {
    none,
    tls,
    protocol  ///< that of the plaintext
};

/// One record of the link type "exported PDU" (LINKTYPE_WIRESHARK_UPPER_PDU).
struct HintRecord {
    Bytes bytes;
    bool to_server = true;
};

/// The records that pin the dissector of the connection; they follow its SYN. `protocol`: those for
/// DissectorHint::protocol. `client_hello` is what the connection will carry first, for DissectorHint::tls.
/// They work since the heuristic dissector named in a record sets the conversation's dissector, and that
/// beats every port (Wireshark 3.4 to 4.6).
std::vector<HintRecord> make_hint(DissectorHint hint, std::span<const DissectorTraits::Hint> protocol,
                                  const Endpoint& client, const Endpoint& server, ByteView client_hello);

}  // namespace sslsniff
