#include "capture/discovery/probe_table.h"

#include <array>

namespace sslsniff {
namespace {

using enum ProbeFamily;

constexpr bool kReturn = true;
constexpr bool kEntryOnly = false;
constexpr bool kRequired = true;

// SSL_CTX_* need no probe: nothing there belongs to one connection.
constexpr std::array kTlsFunctions{
    WantedFunction{"SSL_read", TLS_FN_READ, read, kReturn, kRequired},
    WantedFunction{"SSL_write", TLS_FN_WRITE, write, kReturn, kRequired},
    WantedFunction{"SSL_read_ex", TLS_FN_READ_EX, read},
    WantedFunction{"SSL_write_ex", TLS_FN_WRITE_EX, write},
    WantedFunction{"SSL_write_ex2", TLS_FN_WRITE_EX2, write},
    WantedFunction{"SSL_read_early_data", TLS_FN_READ_EARLY_DATA, read},
    WantedFunction{"SSL_write_early_data", TLS_FN_WRITE_EARLY_DATA, write},
    WantedFunction{"SSL_peek", TLS_FN_PEEK, peek},
    WantedFunction{"SSL_peek_ex", TLS_FN_PEEK_EX, peek},
    WantedFunction{"SSL_do_handshake", TLS_FN_DO_HANDSHAKE},
    WantedFunction{"SSL_connect", TLS_FN_CONNECT},
    WantedFunction{"SSL_accept", TLS_FN_ACCEPT},
    WantedFunction{"SSL_shutdown", TLS_FN_SHUTDOWN},
    WantedFunction{"SSL_free", TLS_FN_FREE, session, kEntryOnly},
    WantedFunction{"SSL_clear", TLS_FN_CLEAR, session, kEntryOnly},
    WantedFunction{"SSL_set_fd", TLS_FN_SET_FD, session, kEntryOnly},
    WantedFunction{"SSL_set_rfd", TLS_FN_SET_FD, session, kEntryOnly},
    WantedFunction{"SSL_set_wfd", TLS_FN_SET_FD, session, kEntryOnly},
    WantedFunction{"SSL_set_bio", TLS_FN_SET_BIO, session, kEntryOnly},
    WantedFunction{"SSL_set0_rbio", TLS_FN_SET_BIO, session, kEntryOnly},
    WantedFunction{"SSL_set0_wbio", TLS_FN_SET_BIO, session, kEntryOnly},
    WantedFunction{"SSL_get0_alpn_selected", TLS_FN_GET0_ALPN_SELECTED},
    WantedFunction{"SSL_set_connect_state", TLS_FN_SET_CONNECT_STATE, session, kEntryOnly},
    WantedFunction{"SSL_set_accept_state", TLS_FN_SET_ACCEPT_STATE, session, kEntryOnly},
};

constexpr std::array kBioFunctions{
    WantedFunction{"BIO_read", TLS_FN_BIO_READ, bio_read, kReturn, kRequired},
    WantedFunction{"BIO_write", TLS_FN_BIO_WRITE, bio_write, kReturn, kRequired},
    // libssl and its users do not call these; they lead to the internal functions
    WantedFunction{"BIO_read_ex", TLS_FN_NONE, bio_read},
    WantedFunction{"BIO_write_ex", TLS_FN_NONE, bio_write},
};

}  // namespace

std::span<const WantedFunction> wanted_tls_functions() {
    return kTlsFunctions;
}

std::span<const WantedFunction> wanted_bio_functions() {
    return kBioFunctions;
}

tls_function internal_function(ProbeFamily family, bool with_flags) {
    switch (family) {
        case read:
            return with_flags ? TLS_FN_NONE : TLS_FN_READ_INTERNAL;
        case peek:
            return with_flags ? TLS_FN_NONE : TLS_FN_PEEK_INTERNAL;
        case write:
            return with_flags ? TLS_FN_WRITE_INTERNAL_FLAGS : TLS_FN_WRITE_INTERNAL;
        case bio_read:
            return with_flags ? TLS_FN_NONE : TLS_FN_BIO_READ_INTERNAL;
        case bio_write:
            return with_flags ? TLS_FN_NONE : TLS_FN_BIO_WRITE_INTERNAL;
        case session:
            break;
    }
    return TLS_FN_NONE;
}

}  // namespace sslsniff
