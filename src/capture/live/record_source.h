#pragma once

#include <cstddef>

namespace sslsniff {

/// Where a capture's records come from, and what there is among them.
struct RecordSource {
    int ring_fd = -1;            ///< of the ring buffer's map; belongs to whoever says so
    std::size_t ring_bytes = 0;  ///< its size
    bool show_tls = true;        ///< also TLS that is not decoded
    bool show_cleartext = true;
    bool has_cleartext = false;   ///< there are records of sockets without TLS
    bool has_ciphertext = false;  ///< and of ciphertext, which tells the sockets of memory BIOs
};

}  // namespace sslsniff
