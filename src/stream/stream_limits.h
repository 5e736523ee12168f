#pragma once

#include <cstddef>
#include <vector>

#include "protocols/decode_as.h"
#include "protocols/protocol.h"

namespace sslsniff {

/// Bounds of everything between events and transactions, and what the user says of ports.
struct StreamLimits {
    ParserLimits parser;
    /// Bytes of memory for what all connections hold (--max-memory), about; beyond, what was held longest is
    /// given up.
    std::size_t max_memory = std::size_t{256} * 1024 * 1024;
    std::size_t max_connections = 65'536;  ///< beyond, the one that was idle longest is given up
    std::size_t max_detection =
        std::size_t{16} * 1024;          ///< bytes kept per direction until the protocol is known
    std::size_t max_processes = 65'536;  ///< processes remembered that have no connection
    std::vector<DecodeAs> decode_as;     ///< --decode-as
};

}  // namespace sslsniff
