#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "capture/discovery/attach_plan.h"

namespace sslsniff {

/// Functions of one family but session move the same bytes: of those that call each other only one is
/// probed.
enum class ProbeFamily : std::uint8_t { read, peek, write, bio_read, bio_write, session };

constexpr bool moves_payload(ProbeFamily family) {
    return family != ProbeFamily::session;
}

/// A public function we want to probe.
struct WantedFunction {
    std::string_view symbol;
    CallForm form;  ///< CALL_NONE: only leads to the internal function
    ProbeFamily family = ProbeFamily::session;
    bool with_return = true;  ///< its result matters, or socket calls inside it do
    bool required = false;    ///< without it the library cannot be captured
};

/// All functions of OpenSSL 1.1 to 3.x, BoringSSL and LibreSSL we want, payload first. Every library lacks
/// some.
std::span<const WantedFunction> wanted_tls_functions();

/// The ciphertext side of memory BIOs, in libcrypto.
std::span<const WantedFunction> wanted_bio_functions();

/// Of the internal function of a family: (ssl, buf, num, done), or with flags before `done`. CALL_NONE: there
/// is no such form.
CallForm internal_form(ProbeFamily family, bool with_flags);

}  // namespace sslsniff
