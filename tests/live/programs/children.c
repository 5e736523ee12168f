/*
 * children PORT ROUNDS: processes made in the midst of TLS. In each round, besides an exchange of its own:
 * - a child by vfork, in the same memory, has an exchange and ends by _exit; another executes this program,
 * which has one;
 * - a child by fork is made inside of SSL_read, in the BIO, and returns from it as its parent does.
 */
#define _GNU_SOURCE
#include "program.h"

static char path[4096];
static int fork_in_read;
static pid_t reader;

static int receive(BIO* bio, char* to, int size) {
    int result = (int)recv(descriptor(bio), to, (size_t)size, 0);
    /* The rest of a record behind its header: both processes can decrypt it and need no more. */
    if (fork_in_read && size > SSL3_RT_HEADER_LENGTH && result == size) {
        fork_in_read = 0;
        reader = fork();
        if (reader < 0)
            fail("fork failed");
    }
    return result;
}

static void wait_for(pid_t child, const char* what) {
    int status = 0;
    if (child <= 0 || waitpid(child, &status, 0) != child || status)
        fail("%s ended with %#x", what, status);
}

static void vfork_and_talk(const char* target) {
    pid_t child = vfork();
    if (child == 0) {
        SSL* ssl = connect_tls(NULL);
        exchange(ssl, target, 100);
        finish(ssl);
        _exit(0);
    }
    wait_for(child, "the child that talked");
}

static void vfork_and_execute(char** argv, const char* target) {
    pid_t child = vfork();
    if (child == 0) {
        execl(path, path, argv[1], "0", target, (char*)NULL);
        _exit(127);
    }
    wait_for(child, "the child that executed");
}

static void fork_inside_read(SSL* ssl, const char* target) {
    ask(ssl, target, 0);
    fork_in_read = 1;
    pid_t self = getpid();
    struct answer answer = {.size = 0};
    char bytes[512];
    int size;
    do {
        size = SSL_read(ssl, bytes, sizeof(bytes));
        if (getpid() != self)
            _exit(size > 0 ? 0 : 3); /* its own copy of what was decrypted */
        if (size <= 0)
            fail("SSL_read returned %d", size);
    } while (!add_to_answer(&answer, bytes, size, target));
    tell_exchange(ssl, target);
    wait_for(reader, "the child made inside SSL_read");
}

int main(int argc, char** argv) {
    int rounds = number(argc, argv, 2);
    ssize_t length = readlink("/proc/self/exe", path, sizeof(path) - 1);
    if (length < 0)
        fail("no path");
    if (argc == 4) { /* executed */
        prepare(argc, argv);
        SSL* ssl = connect_tls(NULL);
        exchange(ssl, argv[3], 100);
        finish(ssl);
        tell_all();
        return 0;
    }
    /* A process that had a child is expected to have more: none of them is missed, not even the first. */
    pid_t first = fork();
    if (first == 0)
        _exit(0);
    wait_for(first, "the first child");
    begin(argc, argv);
    SSL* ssl = connect_tls(new_method(receive, NULL));
    for (int i = 0; i < rounds; ++i) {
        char target[kTarget];
        snprintf(target, sizeof(target), "/own/%d", i);
        exchange(ssl, target, 100);
        snprintf(target, sizeof(target), "/vfork/%d", i);
        vfork_and_talk(target);
        snprintf(target, sizeof(target), "/execute/%d", i);
        vfork_and_execute(argv, target);
        snprintf(target, sizeof(target), "/fork/%d", i);
        fork_inside_read(ssl, target);
    }
    finish(ssl);
    tell_all();
    return 0;
}
