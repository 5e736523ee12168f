#include "program.h"

enum { kTold = 4096, kLine = kTarget + 32 };

static SSL_CTX* context;
static struct sockaddr_in server = {.sin_family = AF_INET};
static char told[kTold][kLine];
static int told_count;

void fail(const char* format, ...) {
    va_list arguments;
    va_start(arguments, format);
    vfprintf(stderr, format, arguments);
    va_end(arguments);
    fprintf(stderr, " (errno: %s)\n", strerror(errno));
    ERR_print_errors_fp(stderr);
    exit(1);
}

int number(int argc, char** argv, int index) {
    char* end = NULL;
    long value = index < argc ? strtol(argv[index], &end, 10) : -1;
    if (value < 0 || value > 1000000 || *end)
        fail("argument %d is missing or no number", index);
    return (int)value;
}

void prepare(int argc, char** argv) {
    int port = number(argc, argv, 1);
    if (port < 1 || port > 65535)
        fail("%d is no port", port);
    server.sin_port = htons((unsigned short)port);
    server.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    context = SSL_CTX_new(TLS_client_method());
    if (!context)
        fail("no context");
    signal(SIGPIPE, SIG_IGN);
}

void begin(int argc, char** argv) {
    prepare(argc, argv);
    puts("ready");
    fflush(stdout);
    getchar();
}

int descriptor(BIO* bio) {
    return (int)(long)BIO_get_data(bio);
}

static int plain_receive(BIO* bio, char* to, int size) {
    return (int)recv(descriptor(bio), to, (size_t)size, 0);
}

static int plain_transmit(BIO* bio, const char* from, int size) {
    return (int)send(descriptor(bio), from, (size_t)size, 0);
}

static long control(BIO* bio, int command, long number, void* pointer) {
    (void)bio, (void)number, (void)pointer;
    return command == BIO_CTRL_FLUSH;
}

static int create(BIO* bio) {
    BIO_set_init(bio, 1);
    return 1;
}

BIO_METHOD* new_method(int (*receive)(BIO*, char*, int), int (*transmit)(BIO*, const char*, int)) {
    BIO_METHOD* method = BIO_meth_new(BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, "program");
    if (!method || !BIO_meth_set_read(method, receive ? receive : plain_receive) ||
        !BIO_meth_set_write(method, transmit ? transmit : plain_transmit) ||
        !BIO_meth_set_ctrl(method, control) || !BIO_meth_set_create(method, create))
        fail("no method");
    return method;
}

SSL* connect_tls(BIO_METHOD* method) {
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    if (fd < 0 || connect(fd, (struct sockaddr*)&server, sizeof(server)))
        fail("cannot connect");
    struct sockaddr_in local;
    socklen_t length = sizeof(local);
    if (getsockname(fd, (struct sockaddr*)&local, &length))
        fail("getsockname failed");
    SSL* ssl = SSL_new(context);
    if (!ssl || !SSL_set_app_data(ssl, (void*)((long)ntohs(local.sin_port) << 32 | fd)))
        fail("no SSL object");
    if (method) {
        BIO* bio = BIO_new(method);
        if (!bio)
            fail("no BIO");
        BIO_set_data(bio, (void*)(long)fd);
        SSL_set_bio(ssl, bio, bio);
    } else if (SSL_set_fd(ssl, fd) != 1) {
        fail("SSL_set_fd failed");
    }
    if (SSL_connect(ssl) != 1)
        fail("SSL_connect failed");
    return ssl;
}

int socket_of(const SSL* ssl) {
    return (int)(long)SSL_get_app_data(ssl);
}

void ask(SSL* ssl, const char* target, int body) {
    char* text = malloc((size_t)body + 256);
    if (!text)
        fail("no memory");
    int size = snprintf(text, 256, "POST %s HTTP/1.1\r\nHost: localhost\r\nContent-Length: %d\r\n\r\n",
                        target, body);
    memset(text + size, 'b', (size_t)body);
    size += body;
    int written = SSL_write(ssl, text, size);
    if (written != size)
        fail("SSL_write of %d for %s returned %d", size, target, written);
    free(text);
}

int add_to_answer(struct answer* answer, const char* bytes, int size, const char* target) {
    if (size < 0 || answer->size + size >= (int)sizeof(answer->text))
        fail("the answer to %s is too long", target);
    memcpy(answer->text + answer->size, bytes, (size_t)size);
    answer->size += size;
    answer->text[answer->size] = '\0';
    const char* end = strstr(answer->text, "; end");
    if (!end)
        return 0;
    char expected[kTarget + 16];
    snprintf(expected, sizeof(expected), "answer to %s;", target);
    if (!strstr(answer->text, expected) || strlen(end) != strlen("; end"))
        fail("not the answer to %s: %s", target, answer->text);
    return 1;
}

void take_answer(SSL* ssl, const char* target) {
    struct answer answer = {.size = 0};
    char bytes[512];
    int size;
    do {
        size = SSL_read(ssl, bytes, sizeof(bytes));
        if (size <= 0)
            fail("SSL_read for %s returned %d, error %d", target, size, SSL_get_error(ssl, size));
    } while (!add_to_answer(&answer, bytes, size, target));
    tell_exchange(ssl, target);
}

void exchange(SSL* ssl, const char* target, int body) {
    ask(ssl, target, body);
    take_answer(ssl, target);
}

void finish(SSL* ssl) {
    int fd = socket_of(ssl);
    SSL_shutdown(ssl);
    SSL_free(ssl);
    close(fd);
}

static void tell(SSL* ssl, const char* what, const char* target) {
    int slot = __atomic_fetch_add(&told_count, 1, __ATOMIC_RELAXED);
    if (slot >= kTold)
        fail("too much to tell");
    snprintf(told[slot], kLine, "%s %d %s\n", what, (int)((long)SSL_get_app_data(ssl) >> 32), target);
}

void tell_exchange(SSL* ssl, const char* target) {
    tell(ssl, "exchange", target);
}

void tell_request(SSL* ssl, const char* target) {
    tell(ssl, "request", target);
}

void tell_all(void) {
    for (int i = 0; i < told_count; ++i)
        if (write(STDOUT_FILENO, told[i], strlen(told[i])) < 0)
            fail("cannot write");
    told_count = 0;
}
