/*
 * A client whose TLS is not captured: built with OpenSSL inside, without symbols and source files. Asks for /
 * of the server "static.example", and offers "http/1.1".
 *
 *   uncaptured PORT [PROXY]: through the proxy's CONNECT, if its port is given.
 */
#include <arpa/inet.h>
#include <openssl/ssl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

/* The answer to CONNECT, byte by byte: what follows is TLS. */
static void pass_proxy(int fd, const char* port) {
    char request[100], answer[1024] = "";
    int size = snprintf(request, sizeof(request),
                        "CONNECT localhost:%s HTTP/1.1\r\nHost: localhost:%s\r\n\r\n", port, port);
    if (send(fd, request, (size_t)size, 0) != size)
        exit(3);
    for (size_t at = 0; at < sizeof(answer) - 1 && !strstr(answer, "\r\n\r\n"); at++)
        if (recv(fd, answer + at, 1, 0) != 1)
            exit(4);
}

int main(int argc, char** argv) {
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_port = htons((in_port_t)atoi(argv[argc - 1]))};
    SSL* ssl = SSL_new(SSL_CTX_new(TLS_client_method()));
    const unsigned char alpn[] = "\x08http/1.1";
    char answer[4096];
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (connect(fd, (void*)&address, sizeof(address)))
        return 1;
    if (argc > 2)
        pass_proxy(fd, argv[1]);
    SSL_set_fd(ssl, fd);
    SSL_set_tlsext_host_name(ssl, "static.example");
    SSL_set_alpn_protos(ssl, alpn, 9);
    if (SSL_connect(ssl) != 1 || SSL_write(ssl, "GET / HTTP/1.0\r\n\r\n", 18) != 18)
        return 2;
    while (SSL_read(ssl, answer, sizeof(answer)) > 0)
        ;
    return 0;
}
