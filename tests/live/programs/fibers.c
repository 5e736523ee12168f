/*
 * fibers PORT FIBERS EXCHANGES rising|falling THREADS ABANDONED: fibers that leave the processor to each
 * other inside of SSL_read and SSL_write, as runtimes do that offer blocking calls on fibers: the BIO
 * switches when its socket would block, and after each piece that it sent. A fiber goes on on whichever of
 * the THREADS is free.
 *
 * Before the others, and again between them and the end, ABANDONED fibers are left for good inside SSL_read,
 * each on a stack of its own, and the answer they waited for is read elsewhere.
 */
#define _GNU_SOURCE
#include <ucontext.h>
#include "program.h"

enum { kStack = 128 << 10, kMostFibers = 4096, kPiece = 3000, kBody = 20000 };

struct fiber {
    ucontext_t context;
    void (*run)(int);
    int number, ended, abandoned, reading;
};

static struct fiber* queue[kMostFibers];
static int queued, running, exchanges;
static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
static BIO_METHOD* method;

/* A fiber may come back on another thread: what belongs to the thread is looked up anew, by calls that
 * nothing elides. */
static __thread struct fiber* this_fiber;
static __thread ucontext_t this_scheduler;
static __attribute__((noinline)) struct fiber* current(void) {
    __asm__ volatile("" ::: "memory");
    return this_fiber;
}
static __attribute__((noinline)) ucontext_t* scheduler(void) {
    __asm__ volatile("" ::: "memory");
    return &this_scheduler;
}
static __attribute__((noinline)) int error_of(ssize_t result) {
    __asm__ volatile("" ::: "memory");
    return result < 0 ? errno : 0;
}

static void yield(void) {
    struct fiber* self = current();
    swapcontext(&self->context, scheduler());
}

static int receive(BIO* bio, char* to, int size) {
    for (;;) {
        ssize_t result = recv(descriptor(bio), to, (size_t)size, MSG_DONTWAIT);
        if (error_of(result) != EAGAIN)
            return (int)result;
        yield();
    }
}

static int transmit(BIO* bio, const char* from, int size) {
    int sent = 0;
    while (sent < size) {
        int piece = size - sent < kPiece ? size - sent : kPiece;
        ssize_t result = send(descriptor(bio), from + sent, (size_t)piece, MSG_DONTWAIT);
        int error = error_of(result);
        if (error && error != EAGAIN)
            return -1;
        sent += error ? 0 : (int)result;
        yield();
    }
    return size;
}

static void talk(int number) {
    SSL* ssl = connect_tls(method);
    for (int k = 0; k < exchanges; ++k) {
        char target[kTarget];
        snprintf(target, sizeof(target), "/fiber/%d/%d", number, k);
        exchange(ssl, target, k % 2 ? kBody : 0);
    }
    finish(ssl);
}

static SSL* shared;

static void wait_in_vain(int number) {
    char byte;
    current()->reading = 1;
    SSL_read(shared, &byte, 1);
    fail("abandoned fiber %d came back", number);
}

static void start(struct fiber* fiber) {
    fiber->run(fiber->number);
    fiber->ended = 1;
    yield();
}

static void enter(unsigned low, unsigned high) {
    start((struct fiber*)((unsigned long)low | (unsigned long)high << 32));
}

static void add(struct fiber* fiber, void (*run)(int), int number, char* stack) {
    *fiber = (struct fiber){.run = run, .number = number, .abandoned = run == wait_in_vain};
    getcontext(&fiber->context);
    fiber->context.uc_stack.ss_sp = stack;
    fiber->context.uc_stack.ss_size = kStack;
    makecontext(&fiber->context, (void (*)(void))enter, 2, (unsigned)(unsigned long)fiber,
                (unsigned)((unsigned long)fiber >> 32));
    queue[queued++] = fiber;
}

/* Runs fibers, the longest waiting first, until none is left. */
static void* run_fibers(void* unused) {
    for (;;) {
        pthread_mutex_lock(&mutex);
        struct fiber* next = queued ? queue[0] : NULL;
        if (next) {
            memmove(queue, queue + 1, sizeof(*queue) * (size_t)--queued);
            ++running;
        }
        int over = !next && !running;
        pthread_mutex_unlock(&mutex);
        if (over)
            return unused;
        if (!next) {
            usleep(1000);
            continue;
        }
        this_fiber = next;
        swapcontext(&this_scheduler, &next->context);
        pthread_mutex_lock(&mutex);
        --running;
        if (!next->ended && !(next->abandoned && next->reading))
            queue[queued++] = next;
        int waiting = queued;
        pthread_mutex_unlock(&mutex);
        if (waiting < 16)
            usleep(300); /* most wait for the server */
    }
}

static void run_on(int threads) {
    pthread_t ids[16];
    for (int i = 1; i < threads; ++i)
        if (pthread_create(&ids[i], NULL, run_fibers, NULL))
            fail("no thread");
    run_fibers(NULL);
    for (int i = 1; i < threads; ++i)
        pthread_join(ids[i], NULL);
}

/* Fibers that stay in SSL_read for good. What they waited for comes when another request is sent, and is read
 * elsewhere. */
static void abandon(struct fiber* fibers, char* stacks, int count, const char* target, const char* release) {
    if (!count)
        return;
    shared = connect_tls(NULL);
    BIO* bio = BIO_new(method);
    if (!bio)
        fail("no BIO");
    BIO_set_data(bio, (void*)(long)socket_of(shared));
    SSL_set0_rbio(shared, bio);
    ask(shared, target, 0);
    for (int i = 0; i < count; ++i)
        add(&fibers[i], wait_in_vain, i, stacks + (size_t)kStack * (size_t)i);
    run_fibers(NULL);
    SSL_set0_rbio(shared, BIO_new_socket(socket_of(shared), BIO_NOCLOSE));
    ask(shared, release, 0);
    take_answer(shared, target);
    take_answer(shared, release);
    finish(shared);
}

int main(int argc, char** argv) {
    int count = number(argc, argv, 2), threads = number(argc, argv, 5), abandoned = number(argc, argv, 6);
    exchanges = number(argc, argv, 3);
    if (count > 256 || threads < 1 || threads > 16 || abandoned > kMostFibers)
        fail("too many, or no threads");
    int falling = strcmp(argv[4], "falling") == 0;
    method = new_method(receive, transmit);
    begin(argc, argv);

    size_t stack_count = (size_t)(count > abandoned ? count : abandoned);
    char* stacks =
        mmap(NULL, kStack * stack_count, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    struct fiber* fibers = calloc(stack_count, sizeof(*fibers));
    if (stacks == MAP_FAILED || !fibers)
        fail("no memory");
    abandon(fibers, stacks, abandoned, "/held/before", "/release/before");
    for (int i = 0; i < count; ++i)
        add(&fibers[i], talk, i, stacks + (size_t)kStack * (size_t)(falling ? count - 1 - i : i));
    run_on(threads);
    abandon(fibers, stacks, abandoned, "/held/behind", "/release/behind");
    tell_all();
    return 0;
}
