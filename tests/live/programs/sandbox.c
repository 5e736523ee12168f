/*
 * sandbox PORT EXCHANGES filter|strict: a client that gives itself no system calls but those it needs: any
 * other kills the process. `filter` is a seccomp filter with what libssl and libc use, `strict` the kernel's
 * own mode, with read, write, exit and sigreturn alone.
 */
#include <malloc.h>
#include <seccomp.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include "program.h"

static int receive(BIO* bio, char* to, int size) {
    return (int)read(descriptor(bio), to, (size_t)size);
}

static int transmit(BIO* bio, const char* from, int size) {
    return (int)write(descriptor(bio), from, (size_t)size);
}

static void allow_what_is_needed(void) {
    static const int needed[] = {
        SCMP_SYS(read),      SCMP_SYS(write),   SCMP_SYS(close),    SCMP_SYS(brk),       SCMP_SYS(mmap),
        SCMP_SYS(munmap),    SCMP_SYS(mremap),  SCMP_SYS(mprotect), SCMP_SYS(futex),     SCMP_SYS(getpid),
        SCMP_SYS(getrandom), SCMP_SYS(madvise), SCMP_SYS(exit),     SCMP_SYS(exit_group)};
    scmp_filter_ctx filter = seccomp_init(SCMP_ACT_KILL_PROCESS);
    for (size_t i = 0; i < sizeof(needed) / sizeof(*needed); ++i)
        if (seccomp_rule_add(filter, SCMP_ACT_ALLOW, needed[i], 0))
            fail("no rule");
    if (seccomp_load(filter))
        fail("cannot load the filter");
    seccomp_release(filter);
}

int main(int argc, char** argv) {
    int exchanges = number(argc, argv, 2);
    if (argc < 4)
        fail("filter or strict?");
    int strict = strcmp(argv[3], "strict") == 0;
    /* Memory for all that comes is asked for once. */
    mallopt(M_TOP_PAD, 16 << 20);
    mallopt(M_TRIM_THRESHOLD, 64 << 20);
    mallopt(M_MMAP_THRESHOLD, 16 << 20);
    begin(argc, argv);
    SSL* ssl = connect_tls(new_method(receive, transmit));
    exchange(ssl, "/before", 20000);
    if (!strict)
        allow_what_is_needed();
    else if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_STRICT))
        fail("no strict mode");
    for (int i = 0; i < exchanges; ++i) {
        char target[kTarget];
        snprintf(target, sizeof(target), "/sandboxed/%d", i);
        exchange(ssl, target, i % 2 ? 20000 : 0);
    }
    tell_all();
    syscall(SYS_exit, 0); /* not exit_group, which the strict mode lacks */
    return 1;
}
