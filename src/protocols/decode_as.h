#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "model/connection.h"
#include "protocols/protocol.h"

namespace sslsniff {

/// The user's word that a port carries a protocol: connections with it at either end are not detected.
struct DecodeAs {
    std::uint16_t port = 0;              ///< host order, never 0
    const Protocol* protocol = nullptr;  ///< row of the table, never null
};

/// From "6390=redis"; the protocol by its name in the table, in any case.
Result<DecodeAs> parse_decode_as(std::string_view text);

/// What is said about the ports of these endpoints, the remote one first; nullptr when nothing.
const Protocol* find_decode_as(const std::vector<DecodeAs>& rules, const Endpoints& endpoints);

}  // namespace sslsniff
