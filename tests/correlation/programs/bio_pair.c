/* TLS client on a BIO pair: the TLS code never touches the socket, plain send() and recv() do.
 *   bio_pair PORT REQUESTS */
#include <arpa/inet.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static int flush_out(BIO* network, int fd) {
    char data[17000];
    int n;
    while ((n = BIO_read(network, data, sizeof(data))) > 0)
        if (send(fd, data, (size_t)n, MSG_NOSIGNAL) != n)
            return -1;
    return 0;
}

static int fill_in(BIO* network, int fd) {
    char data[17000];
    size_t room = BIO_ctrl_get_write_guarantee(network);
    ssize_t n = recv(fd, data, room < sizeof(data) ? room : sizeof(data), 0);
    return n > 0 && BIO_write(network, data, (int)n) == n ? 0 : -1;
}

/* Runs one SSL_* call to its end, moving ciphertext in between. */
#define STEP(call)                                                                  \
    for (;;) {                                                                      \
        ret = (call);                                                               \
        if (flush_out(network, fd))                                                 \
            goto done;                                                              \
        if (ret > 0)                                                                \
            break;                                                                  \
        if (SSL_get_error(ssl, ret) != SSL_ERROR_WANT_READ || fill_in(network, fd)) \
            goto done;                                                              \
    }

int main(int argc, char** argv) {
    if (argc != 3)
        return 2;
    struct sockaddr_in server = {.sin_family = AF_INET, .sin_port = htons((unsigned short)atoi(argv[1]))};
    inet_pton(AF_INET, "127.0.0.1", &server.sin_addr);
    int fd = socket(AF_INET, SOCK_STREAM, 0), ret, status = 1;
    if (connect(fd, (struct sockaddr*)&server, sizeof(server)))
        return 1;
    struct sockaddr_in own;
    socklen_t size = sizeof(own);
    getsockname(fd, (struct sockaddr*)&own, &size);

    char request[512], answer[4096];
    int length = snprintf(
        request, sizeof(request),
        "GET / HTTP/1.1\r\nHost: localhost\r\nX-GT: GT[client=127.0.0.1:%d,server=127.0.0.1:%s]\r\n\r\n",
        ntohs(own.sin_port), argv[1]);
    SSL_CTX* context = SSL_CTX_new(TLS_client_method());
    SSL* ssl = SSL_new(context);
    BIO *internal, *network;
    BIO_new_bio_pair(&internal, 0, &network, 0);
    SSL_set_bio(ssl, internal, internal);
    SSL_set_connect_state(ssl);
    STEP(SSL_do_handshake(ssl));
    for (int i = 0; i < atoi(argv[2]); i++) {
        STEP(SSL_write(ssl, request, length));
        STEP(SSL_read(ssl, answer, sizeof(answer)));
    }
    status = 0;
done:
    ERR_print_errors_fp(stderr);
    SSL_free(ssl);
    BIO_free(network);
    SSL_CTX_free(context);
    close(fd);
    return status;
}
