#pragma once

#include <cstdint>
#include <string>

#include "model/exchange.h"

namespace sslsniff::nats {

/// Of the headers of HPUB and HMSG
/// (https://github.com/nats-io/nats-architecture-and-design/blob/main/adr/ADR-4.md), what their meaning
/// depends on.
struct Headers {
    unsigned status = 0;  ///< 0: none
    std::string description{};
    std::string error_code{};  ///< of a service (ADR-32)
    bool good = true;          ///< they have the form
};

/// Writes "status", "description" and the headers as an array "headers".
Headers write_headers(ByteView headers, FieldWriter& writer);

}  // namespace sslsniff::nats
