/* A server and a client with Mbed TLS: peer.h. */
#include <mbedtls/ctr_drbg.h>
#include <mbedtls/entropy.h>
#include <mbedtls/net_sockets.h>
#include <mbedtls/ssl.h>
#include <mbedtls/x509_crt.h>

#include <stdlib.h>
#include <string.h>

#include "peer.h"

static struct options options;
static mbedtls_ssl_config configuration;
static const char* protocols[] = {"http/1.1", NULL};

struct session {
    mbedtls_ssl_context tls;
    mbedtls_net_context net;
};

void begin_library(const struct options* given) {
    static mbedtls_entropy_context entropy;
    static mbedtls_ctr_drbg_context random;
    static mbedtls_x509_crt certificate;
    static mbedtls_pk_context key;
    options = *given;
    mbedtls_entropy_init(&entropy);
    mbedtls_ctr_drbg_init(&random);
    mbedtls_x509_crt_init(&certificate);
    mbedtls_pk_init(&key);
    mbedtls_ssl_config_init(&configuration);
    if (mbedtls_ctr_drbg_seed(&random, mbedtls_entropy_func, &entropy, NULL, 0) ||
        mbedtls_x509_crt_parse_file(&certificate, options.certificate) ||
        (options.is_server && mbedtls_pk_parse_keyfile(&key, options.key, NULL)) ||
        mbedtls_ssl_config_defaults(&configuration,
                                    options.is_server ? MBEDTLS_SSL_IS_SERVER : MBEDTLS_SSL_IS_CLIENT,
                                    MBEDTLS_SSL_TRANSPORT_STREAM, MBEDTLS_SSL_PRESET_DEFAULT) ||
        mbedtls_ssl_conf_alpn_protocols(&configuration, protocols))
        fail("no configuration");
    mbedtls_ssl_conf_rng(&configuration, mbedtls_ctr_drbg_random, &random);
    mbedtls_ssl_conf_ca_chain(&configuration, &certificate, NULL);
    if (options.is_server && mbedtls_ssl_conf_own_cert(&configuration, &certificate, &key))
        fail("the certificate cannot be used");
}

void* open_session(int fd) {
    struct session* session = calloc(1, sizeof(*session));
    mbedtls_ssl_init(&session->tls);
    session->net.fd = fd;
    if (mbedtls_ssl_setup(&session->tls, &configuration) ||
        (!options.is_server && mbedtls_ssl_set_hostname(&session->tls, "localhost")))
        fail("no session");
    mbedtls_ssl_set_bio(&session->tls, &session->net, mbedtls_net_send, mbedtls_net_recv, NULL);
    return session;
}

static int outcome(int result) {
    if (result >= 0)
        return result;
    if (result == MBEDTLS_ERR_SSL_WANT_READ || result == MBEDTLS_ERR_SSL_WANT_WRITE)
        return kAgain;
    if (result == MBEDTLS_ERR_SSL_PEER_CLOSE_NOTIFY || result == MBEDTLS_ERR_SSL_CONN_EOF)
        return kEnd;
    fail("error -0x%04x", (unsigned)-result);
}

/* By steps, as programs with an event loop do, when the socket is not blocking. */
int shake_hands(void* pointer) {
    struct session* session = pointer;
    int result = 0;
    if (options.nonblocking)
        while (!result && session->tls.state != MBEDTLS_SSL_HANDSHAKE_OVER)
            result = mbedtls_ssl_handshake_step(&session->tls);
    else
        result = mbedtls_ssl_handshake(&session->tls);
    if (outcome(result) == kAgain)
        return kAgain;
    const char* protocol = mbedtls_ssl_get_alpn_protocol(&session->tls);
    if (!protocol || strcmp(protocol, protocols[0]))
        fail("no protocol was agreed upon");
    return 1;
}

int receive(void* pointer, char* to, int size) {
    struct session* session = pointer;
    return outcome(mbedtls_ssl_read(&session->tls, (unsigned char*)to, (size_t)size));
}

int peek(void* pointer, char* to, int size) {
    (void)pointer, (void)to, (void)size;
    fail("Mbed TLS cannot peek");
}

int transmit(void* pointer, const char* from, int size) {
    struct session* session = pointer;
    return outcome(mbedtls_ssl_write(&session->tls, (const unsigned char*)from, (size_t)size));
}

void close_session(void* pointer) {
    struct session* session = pointer;
    mbedtls_ssl_close_notify(&session->tls);
    mbedtls_ssl_free(&session->tls);
    free(session);
}
