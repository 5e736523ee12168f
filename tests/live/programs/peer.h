/*
 * What the programs share that speak HTTP over a TLS library that is not OpenSSL. Each has the functions
 * below.
 *
 *   NAME serve CERTIFICATE KEY [OPTION...]: says its port; takes one connection after the other, and answers
 * each POST with the body that it sent. NAME call PORT CERTIFICATE [OPTION...]: connects, and for each line
 * on stdin (sizes of bodies) has one exchange after the other; says "done". Ends with its stdin. Anything
 * unexpected ends it with status 1 and a sentence on stderr.
 *
 * Options: tls1.2; nonblocking; memory (the library reads and writes memory); peek (before each read);
 * implicit (reads and writes make the handshake); cork (writes are kept, and sent together); packets (reads
 * give out memory of the library); layered (another layer of NSPR lies above).
 */
#ifndef PEER_H
#define PEER_H

#include <stdbool.h>

struct options {
    bool is_server, tls12, nonblocking, memory, peek, implicit, cork, packets, layered;
    const char *certificate, *key; /* paths; no key for a client */
};

__attribute__((noreturn, format(printf, 1, 2))) void fail(const char* format, ...);

/* A call that has to be repeated when the socket is ready. */
enum { kAgain = -1, kEnd = 0 };

void begin_library(const struct options* options);
/* A session over a connected socket; of a client: for the name "localhost". Both offer "http/1.1" by ALPN. */
void* open_session(int socket);
int shake_hands(void* session); /* 1: done */
int receive(void* session, char* to, int size);
int peek(void* session, char* to, int size);
int transmit(void* session, const char* from, int size);
void close_session(void* session); /* close_notify, then frees it; the socket may stay open */

#endif
