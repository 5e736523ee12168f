#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "model/connection.h"

namespace sslsniff {

/// What a ClientHello or ServerHello of TLS or DTLS says in the clear (RFC 8446 section 4.1, RFC 5246 section
/// 7.4.1, RFC 6347 section 4.2).
struct TlsHello {
    bool from_client = false;
    std::string sni;                        ///< ClientHello: first host_name (RFC 6066 section 3)
    std::vector<std::string> offered_alpn;  ///< ClientHello (RFC 7301 section 3.1)
    std::string version;                    ///< ServerHello: "TLSv1.3", by supported_versions if present
    std::string cipher;                     ///< ServerHello: IANA name, or "0xNNNN"
    std::string alpn;                       ///< ServerHello before TLS 1.3
};

/// Reads the hello that begins at `bytes`, which may be cut short and hostile: what comes before the first
/// contradiction is returned, nothing if it is no hello at all. `record_header`: it begins with the 5 bytes
/// of the record (16 03 0x LL LL), or the 13 of DTLS (16 fe ..), instead of the handshake message. Of a DTLS
/// message in fragments, the first one.
std::optional<TlsHello> parse_tls_hello(ByteView bytes, bool record_header);

/// IANA name of a cipher suite, or "0xNNNN".
std::string tls_cipher_name(std::uint16_t suite);
/// "TLSv1.2" for 0x0303; "0xNNNN" for the unknown.
std::string tls_version_name(std::uint16_t version);

/// `hello` as news about a session.
TlsInfo to_tls_info(const TlsHello& hello);

}  // namespace sslsniff
