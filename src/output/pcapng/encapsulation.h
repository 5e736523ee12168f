#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "model/connection.h"
#include "output/output_settings.h"
#include "output/pcapng/dissector_hint.h"

namespace sslsniff {

/// How the plaintext of one connection is put into packets.
struct Encapsulation {
    bool tls = true;  ///< in TLS records with the NULL cipher, else as it is
    DissectorHint hint = DissectorHint::none;
    std::uint16_t server_port = 0;  ///< shown in the packets
    std::string alpn;               ///< in the synthetic handshake
};

/// What the choice depends on.
struct EncapsulationInput {
    Carrier carrier = Carrier::tls;
    Transport transport = Transport::tcp;
    std::uint16_t client_port = 0;
    std::uint16_t server_port = 0;
    std::string_view alpn;      ///< negotiated; empty when unknown
    std::string_view protocol;  ///< as detected ("http/1", "h2", "redis", "dns" ...); empty when unknown
    bool has_preface = false;   ///< HTTP/2: the connection preface was seen
};

Encapsulation choose_encapsulation(const EncapsulationInput& input, const EncapsulationOptions& options);

}  // namespace sslsniff
