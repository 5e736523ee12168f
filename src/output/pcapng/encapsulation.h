#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "model/connection.h"
#include "model/dissector_traits.h"
#include "output/output_settings.h"
#include "output/pcapng/dissector_hint.h"

namespace sslsniff {

/// How the plaintext of one connection is put into packets.
struct Encapsulation {
    bool tls = true;  ///< in TLS records with the NULL cipher, else as it is
    DissectorHint hint = DissectorHint::none;
    std::span<const DissectorTraits::Hint> hints{};  ///< for DissectorHint::protocol
    std::uint16_t server_port = 0;                   ///< shown in the packets
    std::string alpn;                                ///< in the synthetic handshake
};

/// What the choice depends on.
struct EncapsulationInput {
    Carrier carrier = Carrier::tls;
    Transport transport = Transport::tcp;
    std::uint16_t client_port = 0;
    std::uint16_t server_port = 0;
    std::string_view alpn;                      ///< negotiated; empty when unknown
    const DissectorTraits* protocol = nullptr;  ///< null when unknown
    bool has_preface = false;                   ///< the connection began with the protocol's preface
};

Encapsulation choose_encapsulation(const EncapsulationInput& input, const EncapsulationOptions& options);

}  // namespace sslsniff
