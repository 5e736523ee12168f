/* A server and a client with GnuTLS: peer.h. */
#include <gnutls/gnutls.h>

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "peer.h"

static struct options options;
static gnutls_certificate_credentials_t credentials;

static void check(int result) {
    if (result < 0)
        fail("%s", gnutls_strerror(result));
}

void begin_library(const struct options* given) {
    options = *given;
    if (options.memory || options.peek || options.implicit)
        fail("no such option with GnuTLS");
    check(gnutls_certificate_allocate_credentials(&credentials));
    check(options.is_server ? gnutls_certificate_set_x509_key_file(credentials, options.certificate,
                                                                   options.key, GNUTLS_X509_FMT_PEM)
                            : gnutls_certificate_set_x509_trust_file(credentials, options.certificate,
                                                                     GNUTLS_X509_FMT_PEM));
}

void* open_session(int fd) {
    gnutls_session_t session;
    gnutls_datum_t protocol = {(unsigned char*)"http/1.1", 8};
    unsigned flags = options.is_server ? GNUTLS_SERVER : GNUTLS_CLIENT;
    check(gnutls_init(&session, flags | (options.nonblocking ? GNUTLS_NONBLOCK : 0)));
    check(gnutls_priority_set_direct(
        session, options.tls12 ? "NORMAL:-VERS-ALL:+VERS-TLS1.2" : "NORMAL:-VERS-ALL:+VERS-TLS1.3", NULL));
    check(gnutls_credentials_set(session, GNUTLS_CRD_CERTIFICATE, credentials));
    check(gnutls_alpn_set_protocols(session, &protocol, 1, GNUTLS_ALPN_MANDATORY));
    if (!options.is_server) {
        check(gnutls_server_name_set(session, GNUTLS_NAME_DNS, "localhost", 9));
        gnutls_session_set_verify_cert(session, "localhost", 0);
    }
    gnutls_transport_set_int(session, fd);
    return session;
}

/* What became of a call. */
static int outcome(ssize_t result) {
    if (result == GNUTLS_E_AGAIN || result == GNUTLS_E_INTERRUPTED)
        return kAgain;
    if (result == GNUTLS_E_PREMATURE_TERMINATION)
        return kEnd;
    check((int)result);
    return (int)result;
}

int shake_hands(void* session) {
    int result = gnutls_handshake(session);
    if (result != GNUTLS_E_SUCCESS)
        return outcome(result);
    gnutls_datum_t protocol;
    check(gnutls_alpn_get_selected_protocol(session, &protocol));
    if (protocol.size != 8)
        fail("no protocol was agreed upon");
    return 1;
}

/* A packet of the library's own memory: all of it is wanted. */
static int receive_packet(gnutls_session_t session, char* to, int size) {
    static gnutls_datum_t rest;
    static gnutls_packet_t packet;
    if (!packet) {
        ssize_t result = gnutls_record_recv_packet(session, &packet);
        if (result <= 0) {
            packet = NULL;
            return outcome(result);
        }
        gnutls_packet_get(packet, &rest, NULL);
    }
    if ((unsigned)size > rest.size)
        size = (int)rest.size;
    memcpy(to, rest.data, (size_t)size);
    rest.data += size;
    rest.size -= (unsigned)size;
    if (!rest.size) {
        gnutls_packet_deinit(packet);
        packet = NULL;
    }
    return size;
}

int receive(void* session, char* to, int size) {
    return options.packets ? receive_packet(session, to, size)
                           : outcome(gnutls_record_recv(session, to, (size_t)size));
}

int peek(void* session, char* to, int size) {
    (void)session, (void)to, (void)size;
    fail("GnuTLS does not peek");
}

int transmit(void* session, const char* from, int size) {
    if (!options.cork)
        return outcome(gnutls_record_send(session, from, (size_t)size));
    gnutls_record_cork(session);
    /* in pieces, of which the library makes as few records as it can */
    for (int sent = 0, piece; sent < size; sent += piece) {
        piece = size - sent > 1000 ? 1000 : size - sent;
        check((int)gnutls_record_send(session, from + sent, (size_t)piece));
    }
    check(gnutls_record_uncork(session, GNUTLS_RECORD_WAIT));
    return size;
}

void close_session(void* session) {
    gnutls_bye(session, GNUTLS_SHUT_WR);
    gnutls_deinit(session);
}
