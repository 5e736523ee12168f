#include "peer.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { kHead = 4096, kMostBody = 16 << 20 };

static struct options options;

void fail(const char* format, ...) {
    va_list arguments;
    va_start(arguments, format);
    vfprintf(stderr, format, arguments);
    va_end(arguments);
    fprintf(stderr, " (errno: %s)\n", strerror(errno));
    exit(1);
}

/* A session, and what was received on it and not used yet. */
struct connection {
    int socket;
    void* session;
    char* bytes;
    int size;
};

static void wait_for(int socket) {
    struct pollfd both = {.fd = socket, .events = POLLIN};
    poll(&both, 1, 20); /* in the dark about which way it waits for */
}

static struct connection open_connection(int socket) {
    struct connection connection = {.socket = socket, .bytes = malloc(kMostBody + kHead)};
    int on = 1;
    setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    if (options.nonblocking && fcntl(socket, F_SETFL, O_NONBLOCK))
        fail("cannot be made non-blocking");
    connection.session = open_session(socket);
    int done = options.implicit;
    while (!done) {
        done = shake_hands(connection.session);
        if (done == kAgain) {
            done = 0;
            wait_for(socket);
        }
    }
    return connection;
}

static void close_connection(struct connection* connection) {
    close_session(connection->session);
    close(connection->socket);
    free(connection->bytes);
}

static void write_all(struct connection* connection, const char* from, int size) {
    while (size > 0) {
        int written = transmit(connection->session, from, size);
        if (written == kAgain) {
            wait_for(connection->socket);
            continue;
        }
        if (written <= 0 || written > size)
            fail("a write of %d bytes returned %d", size, written);
        from += written;
        size -= written;
    }
}

/* False at the end. */
static bool read_more(struct connection* connection) {
    int room = kMostBody + kHead - 1 - connection->size, got;
    char* end = connection->bytes + connection->size;
    if (room > 10000)
        room = 10000;
    do {
        got = options.peek ? peek(connection->session, end, 100) : 1;
        if (got > 0)
            got = receive(connection->session, end, room);
        if (got == kAgain)
            wait_for(connection->socket);
    } while (got == kAgain);
    if (got == kEnd)
        return false;
    connection->size += got;
    connection->bytes[connection->size] = '\0';
    return true;
}

/* Takes one message: the size of its body, whose bytes are at `body`; -1 at the end. drop() is to follow. */
static int read_message(struct connection* connection, char** body) {
    char *end = NULL, *field;
    while (!connection->size || !(end = strstr(connection->bytes, "\r\n\r\n")))
        if (!read_more(connection))
            return -1;
    end += 4;
    field = strstr(connection->bytes, "Content-Length: ");
    if (!field || field > end)
        fail("a message without Content-Length");
    int length = atoi(field + strlen("Content-Length: ")), head = (int)(end - connection->bytes);
    while (connection->size < head + length)
        if (!read_more(connection))
            fail("a message ends too early");
    *body = end;
    return length;
}

static void drop(struct connection* connection, const char* body, int length) {
    int used = (int)(body - connection->bytes) + length;
    connection->size -= used;
    memmove(connection->bytes, connection->bytes + used, (size_t)connection->size);
    connection->bytes[connection->size] = '\0';
}

/* Head and body in one write. */
static void send_message(struct connection* connection, const char* first_line, const char* body,
                         int length) {
    char* text = malloc((size_t)length + kHead);
    int size =
        snprintf(text, kHead, "%s\r\nHost: localhost\r\nContent-Length: %d\r\n\r\n", first_line, length);
    memcpy(text + size, body, (size_t)length);
    write_all(connection, text, size + length);
    free(text);
}

static void serve(void) {
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t length = sizeof(address);
    int listener = socket(AF_INET, SOCK_STREAM, 0);
    if (bind(listener, (void*)&address, sizeof(address)) || listen(listener, 5) ||
        getsockname(listener, (void*)&address, &length))
        fail("cannot listen");
    printf("%d\n", ntohs(address.sin_port));
    fflush(stdout);
    for (;;) {
        struct connection connection = open_connection(accept(listener, NULL, NULL));
        char* body;
        for (int size; (size = read_message(&connection, &body)) >= 0; drop(&connection, body, size))
            send_message(&connection, "HTTP/1.1 200 OK", body, size);
        close_connection(&connection);
    }
}

static void exchange(struct connection* connection, int number, int size) {
    char line[64], *answer, *body = malloc((size_t)size + 1);
    for (int i = 0; i < size; ++i)
        body[i] = (char)('a' + (i + i / 26 + number) % 26);
    snprintf(line, sizeof(line), "POST /%d HTTP/1.1", number);
    send_message(connection, line, body, size);
    if (read_message(connection, &answer) != size || memcmp(answer, body, (size_t)size))
        fail("not the answer to request %d", number);
    drop(connection, answer, size);
    free(body);
}

static void call(int port) {
    struct sockaddr_in server = {.sin_family = AF_INET, .sin_port = htons((unsigned short)port)};
    struct connection connection = {.socket = -1};
    char line[256];
    int number = 0;
    server.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    while (fgets(line, sizeof(line), stdin)) {
        if (connection.socket < 0) {
            int fd = socket(AF_INET, SOCK_STREAM, 0);
            if (connect(fd, (void*)&server, sizeof(server)))
                fail("cannot connect");
            connection = open_connection(fd);
        }
        for (char* size = strtok(line, " \n"); size; size = strtok(NULL, " \n"))
            exchange(&connection, number++, atoi(size));
        puts("done");
        fflush(stdout);
    }
    if (connection.socket >= 0)
        close_connection(&connection);
}

int main(int argc, char** argv) {
    if (argc < 4)
        fail("serve CERTIFICATE KEY [OPTION...], or call PORT CERTIFICATE [OPTION...]");
    options.is_server = !strcmp(argv[1], "serve");
    options.certificate = argv[options.is_server ? 2 : 3];
    options.key = options.is_server ? argv[3] : NULL;
    const struct {
        const char* name;
        bool* option;
    } known[] = {{"tls1.2", &options.tls12},      {"nonblocking", &options.nonblocking},
                 {"memory", &options.memory},     {"peek", &options.peek},
                 {"implicit", &options.implicit}, {"cork", &options.cork},
                 {"packets", &options.packets},   {"layered", &options.layered}};
    for (int i = 4; i < argc; ++i)
        for (unsigned k = 0; k < sizeof(known) / sizeof(*known); ++k)
            *known[k].option |= !strcmp(argv[i], known[k].name);
    signal(SIGPIPE, SIG_IGN);
    begin_library(&options);
    if (options.is_server)
        serve();
    else
        call(atoi(argv[2]));
    return 0;
}
