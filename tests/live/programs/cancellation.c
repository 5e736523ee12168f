/*
 * cancellation PORT THREADS: threads that are cancelled while they wait in SSL_read or SSL_write, between
 * others that are not.
 */
#include "program.h"

enum { kMostThreads = 64 };

static int cleaned;

struct job {
    pthread_t id;
    int number, waits; /* about to wait for good */
};

static void clean(void* unused) {
    (void)unused;
    __atomic_fetch_add(&cleaned, 1, __ATOMIC_RELAXED);
}

static SSL* first_exchange(const struct job* job, const char* kind) {
    char target[kTarget];
    snprintf(target, sizeof(target), "/%s/%d", kind, job->number);
    SSL* ssl = connect_tls(NULL);
    exchange(ssl, target, 0);
    return ssl;
}

static void* wait_in_read(void* argument) {
    struct job* job = argument;
    char target[kTarget], byte;
    SSL* ssl = first_exchange(job, "reader");
    snprintf(target, sizeof(target), "/held/%d", job->number);
    ask(ssl, target, 0);
    tell_request(ssl, target);
    pthread_cleanup_push(clean, NULL);
    __atomic_store_n(&job->waits, 1, __ATOMIC_RELEASE);
    SSL_read(ssl, &byte, 1);
    fail("SSL_read for %s returned", target);
    pthread_cleanup_pop(0);
    return NULL;
}

/* The server reads no more, so that there is no room before long. */
static void* wait_in_write(void* argument) {
    static const char bytes[16384];
    struct job* job = argument;
    char text[256];
    SSL* ssl = first_exchange(job, "writer");
    int size = snprintf(text, sizeof(text),
                        "POST /deaf/%d HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000000000\r\n\r\n",
                        job->number);
    if (SSL_write(ssl, text, size) != size)
        fail("SSL_write failed");
    snprintf(text, sizeof(text), "/deaf/%d", job->number);
    tell_request(ssl, text);
    pthread_cleanup_push(clean, NULL);
    __atomic_store_n(&job->waits, 1, __ATOMIC_RELEASE);
    while (SSL_write(ssl, bytes, sizeof(bytes)) == sizeof(bytes))
        ;
    fail("SSL_write for %s returned", text);
    pthread_cleanup_pop(0);
    return NULL;
}

static void* talk(void* argument) {
    struct job* job = argument;
    SSL* ssl = first_exchange(job, "other");
    for (int i = 0; i < 10; ++i) {
        char target[kTarget];
        snprintf(target, sizeof(target), "/other/%d/%d", job->number, i);
        exchange(ssl, target, 1000);
    }
    finish(ssl);
    return NULL;
}

int main(int argc, char** argv) {
    static void* (*const kinds[])(void*) = {wait_in_read, wait_in_write, talk};
    static struct job jobs[kMostThreads];
    int count = number(argc, argv, 2);
    if (count > kMostThreads)
        fail("too many threads");
    begin(argc, argv);
    for (int i = 0; i < count; ++i) {
        jobs[i].number = i;
        if (pthread_create(&jobs[i].id, NULL, kinds[i % 3], &jobs[i]))
            fail("no thread");
    }
    int cancelled = 0;
    for (int i = 0; i < count; ++i) {
        if (kinds[i % 3] != talk) {
            while (!__atomic_load_n(&jobs[i].waits, __ATOMIC_ACQUIRE))
                usleep(1000);
            usleep(20000); /* likely inside by now; wherever it is, its next call that waits is its last */
            if (pthread_cancel(jobs[i].id))
                fail("pthread_cancel failed");
            ++cancelled;
        }
        void* result = NULL;
        if (pthread_join(jobs[i].id, &result) || (result == PTHREAD_CANCELED) != (kinds[i % 3] != talk))
            fail("thread %d did not end as it should", i);
    }
    if (cleaned != cancelled)
        fail("%d of %d cleanup handlers ran", cleaned, cancelled);
    tell_all();
    return 0;
}
