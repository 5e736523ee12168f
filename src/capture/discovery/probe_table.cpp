#include "capture/discovery/probe_table.h"

#include <array>

namespace sslsniff {
namespace {

using enum ProbeFamily;

constexpr bool kReturn = true;
constexpr bool kEntryOnly = false;
constexpr bool kRequired = true;

/// (handle, buffer, int length): the result is the number of bytes.
constexpr CallForm by_result(tls_call call) {
    return {call, 0, 0};
}

/// (handle, buffer, size_t length, ...): bytes moved are stored where an argument points to.
constexpr CallForm by_argument(tls_call call, std::uint8_t argument, std::uint8_t flags = 0) {
    return {call, static_cast<std::uint8_t>(SITE_LONG_LENGTH | flags), argument};
}

// SSL_CTX_* need no probe: nothing there belongs to one connection.
constexpr std::array kTlsFunctions{
    WantedFunction{"SSL_read", by_result(CALL_READ), read, kReturn, kRequired},
    WantedFunction{"SSL_write", by_result(CALL_WRITE), write, kReturn, kRequired},
    WantedFunction{"SSL_read_ex", by_argument(CALL_READ, 4), read},
    WantedFunction{"SSL_write_ex", by_argument(CALL_WRITE, 4), write},
    // (ssl, buf, num, flags, written): OpenSSL 3.3
    WantedFunction{"SSL_write_ex2", by_argument(CALL_WRITE, 5), write},
    // 0 error, 1 success, 2 finish
    WantedFunction{"SSL_read_early_data", by_argument(CALL_READ, 4, SITE_EARLY), read},
    WantedFunction{"SSL_write_early_data", by_argument(CALL_WRITE, 4, SITE_EARLY), write},
    WantedFunction{"SSL_peek", by_result(CALL_PEEK), peek},
    WantedFunction{"SSL_peek_ex", by_argument(CALL_PEEK, 4), peek},
    WantedFunction{"SSL_do_handshake", {CALL_HANDSHAKE}},
    WantedFunction{"SSL_connect", {CALL_HANDSHAKE, SITE_CLIENT}},
    WantedFunction{"SSL_accept", {CALL_HANDSHAKE, SITE_SERVER}},
    WantedFunction{"SSL_shutdown", {CALL_SHUTDOWN}},
    WantedFunction{"SSL_free", {CALL_FREE}, session, kEntryOnly},
    WantedFunction{"SSL_clear", {CALL_CLEAR}, session, kEntryOnly},
    WantedFunction{"SSL_set_fd", {CALL_SET_TRANSPORT}, session, kEntryOnly},
    WantedFunction{"SSL_set_rfd", {CALL_SET_TRANSPORT}, session, kEntryOnly},
    WantedFunction{"SSL_set_wfd", {CALL_SET_TRANSPORT}, session, kEntryOnly},
    WantedFunction{"SSL_set_bio", {CALL_SET_TRANSPORT}, session, kEntryOnly},
    WantedFunction{"SSL_set0_rbio", {CALL_SET_TRANSPORT}, session, kEntryOnly},
    WantedFunction{"SSL_set0_wbio", {CALL_SET_TRANSPORT}, session, kEntryOnly},
    WantedFunction{"SSL_get0_alpn_selected", {CALL_ALPN, SITE_LONG_LENGTH}},
    WantedFunction{"SSL_set_connect_state", {CALL_SET_ROLE, SITE_CLIENT}, session, kEntryOnly},
    WantedFunction{"SSL_set_accept_state", {CALL_SET_ROLE, SITE_SERVER}, session, kEntryOnly},
};

constexpr std::array kBioFunctions{
    WantedFunction{"BIO_read", by_result(CALL_BIO_READ), bio_read, kReturn, kRequired},
    WantedFunction{"BIO_write", by_result(CALL_BIO_WRITE), bio_write, kEntryOnly, kRequired},
    // libssl and its users do not call these; they lead to the internal functions
    WantedFunction{"BIO_read_ex", {}, bio_read},
    WantedFunction{"BIO_write_ex", {}, bio_write, kEntryOnly},
};

}  // namespace

std::span<const WantedFunction> wanted_tls_functions() {
    return kTlsFunctions;
}

std::span<const WantedFunction> wanted_bio_functions() {
    return kBioFunctions;
}

CallForm internal_form(ProbeFamily family, bool with_flags) {
    constexpr std::uint8_t kFourth = 4;
    constexpr std::uint8_t kFifth = 5;
    switch (family) {
        case read:
            return with_flags ? CallForm{} : by_argument(CALL_READ, kFourth);
        case peek:
            return with_flags ? CallForm{} : by_argument(CALL_PEEK, kFourth);
        case write:
            return by_argument(CALL_WRITE, with_flags ? kFifth : kFourth);
        case bio_read:
            return with_flags ? CallForm{} : by_argument(CALL_BIO_READ, kFourth);
        case bio_write:
            return with_flags ? CallForm{} : by_argument(CALL_BIO_WRITE, kFourth);
        case session:
            break;
    }
    return {};
}

}  // namespace sslsniff
