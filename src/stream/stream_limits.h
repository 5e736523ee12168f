#pragma once

#include <cstddef>

#include "protocols/protocol.h"

namespace sslsniff {

/// Bounds of everything between events and transactions.
struct StreamLimits {
    ParserLimits parser;
    std::size_t max_connections = 65'536;   ///< beyond, the one that was idle longest is given up
    std::size_t max_detection = 16 * 1024;  ///< octets kept per direction until the protocol is known
    std::size_t max_processes = 65'536;     ///< processes remembered that have no connection
};

}  // namespace sslsniff
