/* A server and a client with wolfSSL: peer.h. */
#include <wolfssl/options.h>
#include <wolfssl/ssl.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "peer.h"

static struct options options;
static WOLFSSL_CTX* context;

/* With the option memory, the library reads what was put into `in`, and we send what it put into `out`. */
struct session {
    WOLFSSL* tls;
    int socket;
    WOLFSSL_BIO *in, *out;
};

void begin_library(const struct options* given) {
    options = *given;
    wolfSSL_Init();
    WOLFSSL_METHOD* method =
        options.tls12 ? (options.is_server ? wolfTLSv1_2_server_method() : wolfTLSv1_2_client_method())
                      : (options.is_server ? wolfTLSv1_3_server_method() : wolfTLSv1_3_client_method());
    context = wolfSSL_CTX_new(method);
    if (!context)
        fail("no context");
    if (options.is_server
            ? wolfSSL_CTX_use_certificate_file(context, options.certificate, WOLFSSL_FILETYPE_PEM) !=
                      WOLFSSL_SUCCESS ||
                  wolfSSL_CTX_use_PrivateKey_file(context, options.key, WOLFSSL_FILETYPE_PEM) !=
                      WOLFSSL_SUCCESS
            : wolfSSL_CTX_load_verify_locations(context, options.certificate, NULL) != WOLFSSL_SUCCESS)
        fail("the certificate cannot be used");
}

void* open_session(int fd) {
    struct session* session = calloc(1, sizeof(*session));
    char protocol[] = "http/1.1";
    session->tls = wolfSSL_new(context);
    session->socket = fd;
    if (!session->tls)
        fail("no session");
    if (options.memory) {
        session->in = wolfSSL_BIO_new(wolfSSL_BIO_s_mem());
        session->out = wolfSSL_BIO_new(wolfSSL_BIO_s_mem());
        wolfSSL_set_bio(session->tls, session->in, session->out);
    } else if (wolfSSL_set_fd(session->tls, fd) != WOLFSSL_SUCCESS) {
        fail("no socket");
    }
    if (!options.is_server &&
        wolfSSL_UseSNI(session->tls, WOLFSSL_SNI_HOST_NAME, "localhost", 9) != WOLFSSL_SUCCESS)
        fail("no server name");
    if (wolfSSL_UseALPN(session->tls, protocol, sizeof(protocol) - 1, WOLFSSL_ALPN_FAILED_ON_MISMATCH) !=
        WOLFSSL_SUCCESS)
        fail("no ALPN");
    return session;
}

/* Sends what the library wrote to memory. */
static void send_ciphertext(struct session* session) {
    char bytes[4096];
    for (int size; session->out && (size = wolfSSL_BIO_read(session->out, bytes, sizeof(bytes))) > 0;)
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
    if (size > 0 && wolfSSL_BIO_write(session->in, bytes, (int)size) != (int)size)
        fail("no memory for what was received");
    return size != 0;
}

/* What became of a call. */
static int outcome(struct session* session, int result) {
    int error = wolfSSL_get_error(session->tls, result);
    if (session->out)
        send_ciphertext(session);
    if (result > 0)
        return result;
    if (error == WOLFSSL_ERROR_WANT_READ && session->in)
        return receive_ciphertext(session) ? kAgain : kEnd;
    if (error == WOLFSSL_ERROR_WANT_READ || error == WOLFSSL_ERROR_WANT_WRITE)
        return kAgain;
    if (error == WOLFSSL_ERROR_ZERO_RETURN || error == SOCKET_PEER_CLOSED_E)
        return kEnd;
    char text[WOLFSSL_MAX_ERROR_SZ];
    fail("%s", wolfSSL_ERR_error_string((unsigned long)error, text));
}

int shake_hands(void* pointer) {
    struct session* session = pointer;
    int result = options.is_server ? wolfSSL_accept(session->tls) : wolfSSL_connect(session->tls);
    result = outcome(session, result);
    if (result == 1) {
        char* protocol = NULL;
        unsigned short size = 0;
        if (wolfSSL_ALPN_GetProtocol(session->tls, &protocol, &size) != WOLFSSL_SUCCESS || size != 8)
            fail("no protocol was agreed upon");
    }
    return result;
}

int receive(void* pointer, char* to, int size) {
    struct session* session = pointer;
    return outcome(session, wolfSSL_read(session->tls, to, size));
}

int peek(void* pointer, char* to, int size) {
    struct session* session = pointer;
    return outcome(session, wolfSSL_peek(session->tls, to, size));
}

int transmit(void* pointer, const char* from, int size) {
    struct session* session = pointer;
    return outcome(session, wolfSSL_write(session->tls, from, size));
}

void close_session(void* pointer) {
    struct session* session = pointer;
    wolfSSL_shutdown(session->tls);
    if (session->out)
        send_ciphertext(session);
    wolfSSL_free(session->tls);
    free(session);
}
