// wolfSSL 5, as Debian builds it (with its OpenSSL compatibility) or not.
#include <array>

#include "capture/discovery/libraries/libraries.h"

namespace sslsniff {
namespace {

using enum ProbeFamily;

constexpr bool kEntryOnly = false;

/// (handle, data, unsigned short *length) or (handle, data, unsigned *length)
constexpr CallForm alpn(std::uint8_t length_bytes) {
    return {.call = CALL_ALPN,
            .handle = argument(1),
            .buffer = argument(2),
            .moved = argument(3),
            .moved_bytes = length_bytes};
}

constexpr CallForm kTransport = about_handle(CALL_SET_TRANSPORT);

constexpr std::array kCalls{
    WantedFunction{"wolfSSL_read", moves_by_result(CALL_READ), read},
    WantedFunction{"wolfSSL_write", moves_by_result(CALL_WRITE), write},
    // these call the two above
    WantedFunction{"wolfSSL_recv", {}, read},
    WantedFunction{"wolfSSL_send", {}, write},
    WantedFunction{"wolfSSL_writev", {}, write},
    WantedFunction{"wolfSSL_peek", moves_by_result(CALL_PEEK), peek},
    // wolfSSL_connect() and accept() go on in those for TLS 1.3
    WantedFunction{"wolfSSL_connect", about_handle(CALL_HANDSHAKE, RESULT_POSITIVE, SITE_CLIENT)},
    WantedFunction{"wolfSSL_connect_TLSv13", about_handle(CALL_HANDSHAKE, RESULT_POSITIVE, SITE_CLIENT)},
    WantedFunction{"wolfSSL_accept", about_handle(CALL_HANDSHAKE, RESULT_POSITIVE, SITE_SERVER)},
    WantedFunction{"wolfSSL_accept_TLSv13", about_handle(CALL_HANDSHAKE, RESULT_POSITIVE, SITE_SERVER)},
    WantedFunction{"wolfSSL_shutdown", about_handle(CALL_SHUTDOWN, RESULT_PHASE)},
    WantedFunction{"wolfSSL_free", about_handle(CALL_FREE), session, kEntryOnly},
    WantedFunction{"wolfSSL_clear", about_handle(CALL_CLEAR), session, kEntryOnly},
    WantedFunction{"wolfSSL_set_fd", kTransport, session, kEntryOnly},
    WantedFunction{"wolfSSL_set_read_fd", kTransport, session, kEntryOnly},
    WantedFunction{"wolfSSL_set_write_fd", kTransport, session, kEntryOnly},
    WantedFunction{"wolfSSL_set_bio", kTransport, session, kEntryOnly},
    WantedFunction{"wolfSSL_SetIOReadCtx", kTransport, session, kEntryOnly},
    WantedFunction{"wolfSSL_SetIOWriteCtx", kTransport, session, kEntryOnly},
    WantedFunction{"wolfSSL_ALPN_GetProtocol", alpn(2)},
    WantedFunction{"wolfSSL_get0_alpn_selected", alpn(4)},
    WantedFunction{"wolfSSL_set_connect_state", about_handle(CALL_SET_ROLE, RESULT_NONE, SITE_CLIENT),
                   session, kEntryOnly},
    WantedFunction{"wolfSSL_set_accept_state", about_handle(CALL_SET_ROLE, RESULT_NONE, SITE_SERVER), session,
                   kEntryOnly},
};

// What it reads and writes BIOs by, memory among them.
constexpr std::array kTransports{
    WantedFunction{"wolfSSL_BIO_read", moves_by_result(CALL_TRANSPORT_READ), transport_read},
    WantedFunction{"wolfSSL_BIO_write", moves_by_result(CALL_TRANSPORT_WRITE), transport_write, kEntryOnly},
};

constexpr std::array<std::string_view, 2> kFunctions{"wolfSSL_read", "wolfSSL_write"};
constexpr std::array<std::string_view, 2> kCompanionFunctions{"wolfSSL_BIO_read", "wolfSSL_BIO_write"};
constexpr std::array<std::string_view, 1> kFileNames{"libwolfssl.so"};

constexpr std::array<std::string_view, 1> kWords{"wolfssl"};

}  // namespace

constinit const TlsLibrary kWolfSsl{.name = "wolfSSL",
                                    .words = kWords,
                                    .functions = kFunctions,
                                    .version_prefix = "wolfSSL ",
                                    .calls = kCalls,
                                    .companion_functions = kCompanionFunctions,
                                    .transports = kTransports,
                                    .file_names = kFileNames};

}  // namespace sslsniff
