/*
 * signals PORT EXCHANGES jump|other|same [altstack]: a signal arrives while SSL_read waits for bytes, and its
 * handler jump   leaves SSL_read by siglongjmp, other  has a whole exchange on another connection, same
 * writes a request to the connection that is being read. Signals are let through only while the BIO waits,
 * where a handler may use the library.
 */
#define _GNU_SOURCE
#include <setjmp.h>
#include "program.h"

enum { kJumps = 3 };

static sigjmp_buf before_read;
static sigset_t while_waiting;
static SSL *current, *other;
static const char* mode;
static int handled, round_number;

static void handle(int signal_number) {
    char target[kTarget];
    (void)signal_number;
    ++handled;
    if (strcmp(mode, "jump") == 0)
        siglongjmp(before_read, 1);
    snprintf(target, sizeof(target), "/release/%d", round_number);
    if (strcmp(mode, "other") == 0)
        exchange(other, target, 20000);
    else
        ask(current, target, 20000);
}

static int receive(BIO* bio, char* to, int size) {
    struct pollfd entry = {.fd = descriptor(bio), .events = POLLIN};
    while (ppoll(&entry, 1, NULL, &while_waiting) < 0)
        if (errno != EINTR)
            return -1;
    return (int)recv(descriptor(bio), to, (size_t)size, 0);
}

static void catch_signal(int on_another_stack) {
    stack_t stack = {.ss_sp = malloc(1 << 20), .ss_size = 1 << 20};
    struct sigaction action = {.sa_handler = handle, .sa_flags = on_another_stack ? SA_ONSTACK : 0};
    sigset_t blocked;
    if (!stack.ss_sp || (on_another_stack && sigaltstack(&stack, NULL)))
        fail("no stack for signals");
    sigemptyset(&blocked);
    sigaddset(&blocked, SIGUSR1);
    if (sigaction(SIGUSR1, &action, NULL) || sigprocmask(SIG_BLOCK, &blocked, &while_waiting))
        fail("no handler");
    sigdelset(&while_waiting, SIGUSR1);
}

/* SSL_read, which nothing can answer yet, is left by the handler. */
static void jump_out_of_read(void) {
    if (sigsetjmp(before_read, 1) == 0) {
        char byte;
        raise(SIGUSR1);
        SSL_read(current, &byte, 1);
        fail("SSL_read returned");
    }
}

static void one_round(void) {
    char waiting[kTarget], release[kTarget];
    int is_other = strcmp(mode, "other") == 0;
    snprintf(waiting, sizeof(waiting), "/%s/%d", is_other ? "until" : "held", round_number);
    snprintf(release, sizeof(release), "/release/%d", round_number);
    ask(current, waiting, 0);
    if (strcmp(mode, "jump") == 0) {
        for (volatile int i = 0; i < kJumps; ++i)
            jump_out_of_read();
        ask(current, release, 0);
    } else {
        raise(SIGUSR1);
    }
    take_answer(current, waiting);
    if (!is_other)
        take_answer(current, release);
}

int main(int argc, char** argv) {
    int exchanges = number(argc, argv, 2);
    if (argc < 4)
        fail("what shall the handler do?");
    mode = argv[3];
    begin(argc, argv);
    catch_signal(argc > 4);
    current = connect_tls(new_method(receive, NULL));
    other = connect_tls(NULL);
    for (; round_number < exchanges; ++round_number)
        one_round();
    int expected = exchanges * (strcmp(mode, "jump") ? 1 : kJumps);
    if (handled != expected)
        fail("%d signals of %d", handled, expected);
    finish(current);
    finish(other);
    tell_all();
    return 0;
}
