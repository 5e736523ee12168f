#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "bpf/tls_function.h"

namespace sslsniff {

/// Functions of one family but session move the same octets: of those that call each other only one is
/// probed.
enum class ProbeFamily : std::uint8_t { read, peek, write, bio_read, bio_write, session };

constexpr bool moves_payload(ProbeFamily family) {
    return family != ProbeFamily::session;
}

/// A public function we want to probe.
struct WantedFunction {
    std::string_view symbol;
    tls_function function = TLS_FN_NONE;  ///< none: only leads to the internal function
    ProbeFamily family = ProbeFamily::session;
    bool with_return = true;  ///< its result matters, or socket events inside it do
    bool required = false;    ///< without it the library cannot be captured
};

/// All functions of OpenSSL 1.1 to 3.x, BoringSSL and LibreSSL we want, payload first. Every library lacks
/// some.
std::span<const WantedFunction> wanted_tls_functions();

/// The ciphertext side of memory BIOs, in libcrypto.
std::span<const WantedFunction> wanted_bio_functions();

/// The function of the internal form of a family: (ssl, buf, num, done), or with flags before `done`.
tls_function internal_function(ProbeFamily family, bool with_flags);

}  // namespace sslsniff
