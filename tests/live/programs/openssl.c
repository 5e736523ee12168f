/* A server and a client with OpenSSL: peer.h. For tests in which it is part of the program. */
#include <openssl/err.h>
#include <openssl/ssl.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "peer.h"

static struct options options;
static SSL_CTX* context;

/* With the option memory, the library reads what was put into `in`, and we send what it put into `out`. */
struct session {
    SSL* tls;
    int socket;
    BIO *in, *out;
};

static int choose_protocol(SSL* tls, const unsigned char** chosen, unsigned char* length,
                           const unsigned char* offered, unsigned offered_length, void* unused) {
    (void)tls, (void)unused;
    if (offered_length != 9 || memcmp(offered, "\x08http/1.1", 9) != 0)
        return SSL_TLSEXT_ERR_ALERT_FATAL;
    *chosen = offered + 1;
    *length = 8;
    return SSL_TLSEXT_ERR_OK;
}

void begin_library(const struct options* given) {
    options = *given;
    context = SSL_CTX_new(options.is_server ? TLS_server_method() : TLS_client_method());
    if (!context)
        fail("no context");
    SSL_CTX_set_max_proto_version(context, options.tls12 ? TLS1_2_VERSION : TLS1_3_VERSION);
    SSL_CTX_set_mode(context, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
    if (options.is_server)
        SSL_CTX_set_alpn_select_cb(context, choose_protocol, NULL);
    if (options.is_server
            ? SSL_CTX_use_certificate_file(context, options.certificate, SSL_FILETYPE_PEM) != 1 ||
                  SSL_CTX_use_PrivateKey_file(context, options.key, SSL_FILETYPE_PEM) != 1
            : SSL_CTX_load_verify_locations(context, options.certificate, NULL) != 1)
        fail("the certificate cannot be used");
}

void* open_session(int fd) {
    struct session* session = calloc(1, sizeof(*session));
    session->tls = SSL_new(context);
    session->socket = fd;
    if (!session->tls)
        fail("no session");
    if (options.memory) {
        session->in = BIO_new(BIO_s_mem());
        session->out = BIO_new(BIO_s_mem());
        SSL_set_bio(session->tls, session->in, session->out);
    } else if (SSL_set_fd(session->tls, fd) != 1) {
        fail("no socket");
    }
    if (options.is_server)
        SSL_set_accept_state(session->tls);
    else
        SSL_set_connect_state(session->tls);
    if (!options.is_server &&
        (SSL_set_tlsext_host_name(session->tls, "localhost") != 1 ||
         SSL_set_alpn_protos(session->tls, (const unsigned char*)"\x08http/1.1", 9) != 0))
        fail("no server name, or no ALPN");
    return session;
}

/* Sends what the library wrote to memory. */
static void send_ciphertext(struct session* session) {
    char bytes[4096];
    for (int size; session->out && (size = BIO_read(session->out, bytes, sizeof(bytes))) > 0;)
        for (int sent = 0; sent < size;) {
            ssize_t more = send(session->socket, bytes + sent, (size_t)(size - sent), 0);
            if (more > 0)
                sent += (int)more;
            else if (errno != EAGAIN)
                fail("send failed");
        }
}

/* What the library wants to read; false at the end. */
static int receive_ciphertext(struct session* session) {
    char bytes[4096];
    ssize_t size = recv(session->socket, bytes, sizeof(bytes), 0);
    if (size > 0 && BIO_write(session->in, bytes, (int)size) != (int)size)
        fail("no memory for what was received");
    return size != 0;
}

/* What became of a call. */
static int outcome(struct session* session, int result) {
    int error = SSL_get_error(session->tls, result);
    if (session->out)
        send_ciphertext(session);
    if (result > 0)
        return result;
    if (error == SSL_ERROR_WANT_READ && session->in)
        return receive_ciphertext(session) ? kAgain : kEnd;
    if (error == SSL_ERROR_WANT_READ || error == SSL_ERROR_WANT_WRITE)
        return kAgain;
    if (error == SSL_ERROR_ZERO_RETURN || error == SSL_ERROR_SYSCALL)
        return kEnd;
    fail("%s", ERR_reason_error_string(ERR_get_error()));
}

int shake_hands(void* pointer) {
    struct session* session = pointer;
    return outcome(session, SSL_do_handshake(session->tls));
}

int receive(void* pointer, char* to, int size) {
    struct session* session = pointer;
    return outcome(session, SSL_read(session->tls, to, size));
}

int peek(void* pointer, char* to, int size) {
    struct session* session = pointer;
    return outcome(session, SSL_peek(session->tls, to, size));
}

int transmit(void* pointer, const char* from, int size) {
    struct session* session = pointer;
    return outcome(session, SSL_write(session->tls, from, size));
}

void close_session(void* pointer) {
    struct session* session = pointer;
    SSL_shutdown(session->tls);
    if (session->out)
        send_ciphertext(session);
    SSL_free(session->tls);
    free(session);
}
