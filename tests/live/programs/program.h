/*
 * What the programs of tests/live/programs share. Each is a client: PORT is its first argument, the server is
 * peers/https_server.py. It says "ready", begins when a line comes on stdin or it ends, and tells at its end,
 * one per line, "exchange LOCAL_PORT TARGET" of each exchange that it had, "request LOCAL_PORT TARGET" of
 * each request that it sent and had no answer to. Anything unexpected ends it with status 1 and a sentence on
 * stderr.
 */
#ifndef PROGRAM_H
#define PROGRAM_H

#include <arpa/inet.h>
#include <errno.h>
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#ifdef __cplusplus
extern "C" {
#endif

enum { kTarget = 64 };

__attribute__((noreturn, format(printf, 1, 2))) void fail(const char* format, ...);

/* Sets the server's port and the context of connect_tls(); begin() also says "ready" and waits for the line
 * on stdin. */
void prepare(int argc, char** argv);
void begin(int argc, char** argv);

/* An argument that is a number from 0 to a million, or fails. */
int number(int argc, char** argv, int index);

/* A connected TLS connection over blocking calls, through `method` if there is one: its data is the
 * descriptor. */
SSL* connect_tls(BIO_METHOD* method);
int socket_of(const SSL* ssl);

/* A method for connect_tls(). `receive` and `transmit` may be NULL: recv() and send(). */
BIO_METHOD* new_method(int (*receive)(BIO*, char*, int), int (*transmit)(BIO*, const char*, int));
int descriptor(BIO* bio);

/* The request for a target with a body of `body` bytes; SSL_write until all of it is accepted. */
void ask(SSL* ssl, const char* target, int body);

/* Reads the whole answer and tells of the exchange. */
void take_answer(SSL* ssl, const char* target);

/* For those who read by themselves: adds bytes; true when the answer to the target is whole. */
struct answer {
    char text[1024];
    int size;
};

int add_to_answer(struct answer* answer, const char* bytes, int size, const char* target);

void exchange(SSL* ssl, const char* target, int body);
void finish(SSL* ssl); /* shutdown, close, free */

/* Remembered for tell_all(); from any thread, and from signal handlers. */
void tell_exchange(SSL* ssl, const char* target);
void tell_request(SSL* ssl, const char* target);
void tell_all(void);

#ifdef __cplusplus
}
#endif
#endif
