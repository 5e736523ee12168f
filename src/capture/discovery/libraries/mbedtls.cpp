// Mbed TLS 2 and 3.
#include <array>

#include "capture/discovery/elf_texts.h"
#include "capture/discovery/libraries/libraries.h"

namespace sslsniff {
namespace {

using enum ProbeFamily;

constexpr bool kEntryOnly = false;

/// int (session, buffer, size_t length): the number of bytes, or an error below 0.
constexpr CallForm moves(tls_call call) {
    CallForm form = moves_by_result(call);
    form.length = argument(3);
    return form;
}

/// const char *(session)
constexpr CallForm kAlpn{.call = CALL_ALPN, .result = RESULT_TEXT, .result_bytes = 8, .handle = argument(1)};

constexpr std::array kCalls{
    WantedFunction{"mbedtls_ssl_read", moves(CALL_READ), read},
    WantedFunction{"mbedtls_ssl_write", moves(CALL_WRITE), write},
    // who is the client stands in a configuration that sessions share
    WantedFunction{"mbedtls_ssl_handshake", about_handle(CALL_HANDSHAKE, RESULT_ZERO)},
    // called by the one above, or by programs in its place
    WantedFunction{"mbedtls_ssl_handshake_step", about_handle(CALL_HANDSHAKE, RESULT_ZERO, SITE_STEP)},
    WantedFunction{"mbedtls_ssl_close_notify", about_handle(CALL_SHUTDOWN, RESULT_ZERO)},
    WantedFunction{"mbedtls_ssl_free", about_handle(CALL_FREE), session, kEntryOnly},
    // sessions lie in the memory of programs, which need not free them before they use it for the next
    WantedFunction{"mbedtls_ssl_setup", about_handle(CALL_CLEAR), session, kEntryOnly},
    WantedFunction{"mbedtls_ssl_session_reset", about_handle(CALL_CLEAR), session, kEntryOnly},
    WantedFunction{"mbedtls_ssl_set_bio", about_handle(CALL_SET_TRANSPORT), session, kEntryOnly},
    WantedFunction{"mbedtls_ssl_get_alpn_protocol", kAlpn},
};

constexpr std::array<std::string_view, 2> kFunctions{"mbedtls_ssl_read", "mbedtls_ssl_write"};
constexpr std::array<std::string_view, 1> kCompanionFunctions{"mbedtls_version_get_string"};  // libmbedcrypto
constexpr std::array<std::string_view, 1> kFileNames{"libmbedtls.so"};

std::optional<LibraryName> variant_of(const ElfImage& image) {
    for (const std::string_view prefix : {"mbed TLS ", "Mbed TLS "}) {
        if (auto version = version_after(image, ".rodata", prefix)) {
            return LibraryName{std::string(kMbedTls.name), *std::move(version)};
        }
    }
    return std::nullopt;
}

constexpr std::array<std::string_view, 1> kWords{"mbedtls"};

}  // namespace

constinit const TlsLibrary kMbedTls{.name = "Mbed TLS",
                                    .words = kWords,
                                    .functions = kFunctions,
                                    .variant = variant_of,
                                    .calls = kCalls,
                                    .companion_functions = kCompanionFunctions,
                                    .file_names = kFileNames};

}  // namespace sslsniff
