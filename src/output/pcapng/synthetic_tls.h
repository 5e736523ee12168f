#pragma once

#include <cstdint>
#include <string_view>

#include "base/bytes.h"
#include "model/time.h"

namespace sslsniff {

/// A TLS 1.2 handshake that agrees on TLS_RSA_WITH_NULL_SHA256: Wireshark then dissects the plaintext of the
/// records without keys (packet-tls-utils.c, ssl_generate_keyring_material). It is visibly artificial: both
/// `random` fields say so. Four flights, in this order.
struct SyntheticHandshake {
    Bytes client_hello;
    Bytes server_hello;   ///< with ServerHelloDone
    Bytes client_finish;  ///< ClientKeyExchange, ChangeCipherSpec
    Bytes server_finish;  ///< ChangeCipherSpec
};

/// `server_name` and `alpn` may be empty; longer than 255 bytes they are left out. `time` goes into
/// `random`.
SyntheticHandshake make_synthetic_handshake(Timestamp time, std::string_view server_name,
                                            std::string_view alpn);

/// RFC 8446 section 5.1
inline constexpr std::size_t kMaxTlsPlaintext = 16'384;

/// Header of an application data record with `plaintext` bytes.
Bytes application_data_header(std::size_t plaintext);

/// What follows the plaintext: the place of an HMAC-SHA256, zeros.
ByteView application_data_trailer();

}  // namespace sslsniff
