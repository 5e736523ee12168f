// s2n-tls 1, as shared library and inside the AWS Common Runtime.
#include <array>

#include "capture/discovery/libraries/libraries.h"

namespace sslsniff {
namespace {

using enum ProbeFamily;

constexpr bool kEntryOnly = false;

/// ssize_t (connection, buffer, ssize_t length, blocked): the number of bytes, or -1.
constexpr CallForm moves(tls_call call) {
    CallForm form = moves_by_result(call);
    form.length = argument(3);
    form.result_bytes = 8;
    return form;
}

/// const char *(connection)
constexpr CallForm kAlpn{.call = CALL_ALPN, .result = RESULT_TEXT, .result_bytes = 8, .handle = argument(1)};

// s2n_peek() tells how much waits, no bytes. Early data passes the two below.
constexpr std::array kCalls{
    WantedFunction{"s2n_recv", moves(CALL_READ), read},
    WantedFunction{"s2n_send", moves(CALL_WRITE), write},
    // who is the client was said when the connection was made
    WantedFunction{"s2n_negotiate", about_handle(CALL_HANDSHAKE, RESULT_ZERO)},
    WantedFunction{"s2n_shutdown", about_handle(CALL_SHUTDOWN, RESULT_ZERO)},
    WantedFunction{"s2n_shutdown_send", about_handle(CALL_SHUTDOWN, RESULT_ZERO)},
    WantedFunction{"s2n_connection_free", about_handle(CALL_FREE), session, kEntryOnly},
    WantedFunction{"s2n_connection_wipe", about_handle(CALL_CLEAR), session, kEntryOnly},
    WantedFunction{"s2n_connection_set_fd", about_handle(CALL_SET_TRANSPORT), session, kEntryOnly},
    WantedFunction{"s2n_connection_set_read_fd", about_handle(CALL_SET_TRANSPORT), session, kEntryOnly},
    WantedFunction{"s2n_connection_set_write_fd", about_handle(CALL_SET_TRANSPORT), session, kEntryOnly},
    WantedFunction{"s2n_connection_set_recv_cb", about_handle(CALL_SET_TRANSPORT), session, kEntryOnly},
    WantedFunction{"s2n_connection_set_send_cb", about_handle(CALL_SET_TRANSPORT), session, kEntryOnly},
    WantedFunction{"s2n_get_application_protocol", kAlpn},
};

constexpr std::array<std::string_view, 2> kFunctions{"s2n_recv", "s2n_send"};
constexpr std::array<std::string_view, 1> kFileNames{"libs2n.so"};
constexpr std::array<std::string_view, 1> kWords{"s2n"};

}  // namespace

constinit const TlsLibrary kS2n{
    .name = "s2n-tls", .words = kWords, .functions = kFunctions, .calls = kCalls, .file_names = kFileNames};

}  // namespace sslsniff
