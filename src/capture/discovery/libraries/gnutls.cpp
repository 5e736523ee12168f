// GnuTLS 3.6 and newer.
#include <array>

#include "capture/discovery/libraries/libraries.h"

namespace sslsniff {
namespace {

using enum ProbeFamily;

constexpr bool kEntryOnly = false;

/// ssize_t (session, data, size_t size): the number of bytes, 0 at the end, or an error below 0.
constexpr CallForm moves(tls_call call, std::uint8_t flags = 0) {
    CallForm form = moves_by_result(call);
    form.result_bytes = 8;
    form.length = argument(3);
    form.flags = flags;
    return form;
}

/// int (session, data, size): 0 when all of it was kept for the handshake.
constexpr CallForm early_write() {
    CallForm form = moves(CALL_WRITE, SITE_EARLY);
    form.result = RESULT_ZERO;
    form.result_bytes = 4;
    return form;
}

/// ssize_t (session, gnutls_packet_t *packet): an mbuffer_st, whose `mark` is followed by a gnutls_datum_t.
constexpr CallForm packet_read() {
    CallForm form = moves(CALL_READ);
    form.length = {};
    form.slice = 16;
    return form;
}

/// int (session, gnutls_datum_t *protocol): the address, then an unsigned with the length.
constexpr CallForm kAlpn{.call = CALL_ALPN,
                         .result = RESULT_ZERO,
                         .handle = argument(1),
                         .buffer = argument(2),
                         .moved = argument(2, 8),
                         .moved_bytes = 4};

constexpr CallForm kTransport = about_handle(CALL_SET_TRANSPORT);

constexpr std::array kCalls{
    WantedFunction{"gnutls_record_recv", moves(CALL_READ), read},
    WantedFunction{"gnutls_record_recv_seq", moves(CALL_READ), read},
    WantedFunction{"gnutls_record_recv_packet", packet_read(), read},
    WantedFunction{"gnutls_record_recv_early_data", moves(CALL_READ, SITE_EARLY), read},
    WantedFunction{"gnutls_record_send2", moves(CALL_WRITE), write},
    // these call the one above
    WantedFunction{"gnutls_record_send", {}, write},
    WantedFunction{"gnutls_record_send_range", {}, write},
    WantedFunction{"gnutls_record_send_file", {}, write},
    // what a corked session is given passes the one above twice: when it is kept, and here
    WantedFunction{"gnutls_record_uncork", about_handle(CALL_FLUSH, RESULT_POSITIVE)},
    WantedFunction{"gnutls_record_send_early_data", early_write(), write},
    // who is the client was said when the session was made, before it had an address
    WantedFunction{"gnutls_handshake", about_handle(CALL_HANDSHAKE, RESULT_ZERO)},
    WantedFunction{"gnutls_bye", about_handle(CALL_SHUTDOWN, RESULT_ZERO)},
    WantedFunction{"gnutls_alpn_get_selected_protocol", kAlpn},
    WantedFunction{"gnutls_deinit", about_handle(CALL_FREE), session, kEntryOnly},
    WantedFunction{"gnutls_transport_set_ptr", kTransport, session, kEntryOnly},
    WantedFunction{"gnutls_transport_set_ptr2", kTransport, session, kEntryOnly},
    WantedFunction{"gnutls_transport_set_int2", kTransport, session, kEntryOnly},
};

constexpr std::string_view kVersion = "Enabled GnuTLS ";  // gnutls_global_init()
constexpr std::array<std::string_view, 2> kFunctions{"gnutls_record_recv", "gnutls_record_send"};
constexpr std::array kTexts{TellingText{"Enabled GnuTLS", " 3", "GnuTLS", kVersion}};
constexpr std::array<std::string_view, 1> kFileNames{"libgnutls.so"};

constexpr std::array<std::string_view, 1> kWords{"gnutls"};

}  // namespace

constinit const TlsLibrary kGnuTls{.name = "GnuTLS",
                                   .words = kWords,
                                   .functions = kFunctions,
                                   .version_prefix = kVersion,
                                   .texts = kTexts,
                                   .calls = kCalls,
                                   .file_names = kFileNames};

}  // namespace sslsniff
