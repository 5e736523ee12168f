/* SPDX-License-Identifier: Apache-2.0 */
/*
 * libsslsniff: what sslsniff captures, for programs (docs/library.md). C11; from C++ as well.
 *
 *     sslsniff_capture *capture = sslsniff_new();
 *     sslsniff_set(capture, "pid", "4242");
 *     sslsniff_on_transaction(capture, show, NULL);
 *     if (sslsniff_start(capture) == SSLSNIFF_OK)
 *         while (sslsniff_poll(capture, -1) == SSLSNIFF_OK)
 *             continue;
 *     fprintf(stderr, "%s\n", sslsniff_error(capture));
 *     sslsniff_free(capture);
 *
 * Threads: a capture belongs to one thread at a time, and different captures to different threads. Only
 * sslsniff_request_stop() may be called while another thread, or the code that a signal has interrupted, uses
 * the same capture. Callbacks run in the thread that calls sslsniff_start(), sslsniff_poll(), sslsniff_stop()
 * or sslsniff_free(), before that returns. A child of fork() must not use a capture of its parent, nor free
 * it.
 *
 * Ownership: what a callback is given lives until it returns; so does everything that can be reached from it.
 * Everything else that the library returns a pointer to says how long it lives. Nothing is the caller's to
 * free but the capture.
 *
 * Errors: functions that can fail return SSLSNIFF_OK or more, or one of the negative SSLSNIFF_ERROR_..., and
 * sslsniff_error() says what went wrong in one sentence. No C++ exception leaves the library; a callback that
 * throws one ends the capture. A callback must not leave by longjmp() or be cancelled.
 *
 * The process around it: the library takes no signals, and reads and writes no standard stream unless an
 * option names one. A live capture raises the soft limit of open files (RLIMIT_NOFILE), and has a thread that
 * does nothing but close probes. Whoever sends an output into a FIFO must ignore SIGPIPE.
 *
 * Versions: structures that the library fills begin with their size there, and only grow at their end; a
 * program that is built with a newer header than the library it runs with asks SSLSNIFF_HAS(). Enumerations
 * only get more values.
 */
#ifndef SSLSNIFF_H
#define SSLSNIFF_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* C, not C++. NOLINTBEGIN(modernize-use-using, readability-identifier-naming) */

/* A capture: of processes, or of a recording. */
typedef struct sslsniff_capture sslsniff_capture;

/* What functions return. */
enum {
    SSLSNIFF_OK = 0,
    SSLSNIFF_ENDED = 1, /* the capture has ended, and everything was told */

    SSLSNIFF_ERROR_SYSTEM = -1,      /* the system could not do it, or nothing else is known */
    SSLSNIFF_ERROR_USAGE = -2,       /* what was asked for makes no sense, whatever the system */
    SSLSNIFF_ERROR_PERMISSION = -3,  /* a privilege is missing, or something belongs to another user */
    SSLSNIFF_ERROR_NOT_FOUND = -4,   /* there is no such process, user or file */
    SSLSNIFF_ERROR_UNSUPPORTED = -5, /* this kernel or this build cannot do it */
    SSLSNIFF_ERROR_INPUT = -6,       /* the recording is damaged, or none */
    SSLSNIFF_ERROR_OUTPUT = -7,      /* an output could not be written */
    SSLSNIFF_ERROR_MEMORY = -8,      /* there is not enough memory */
    SSLSNIFF_ERROR_STATE = -9,       /* not now: set after start, poll before start, from within a callback */
    SSLSNIFF_ERROR_INTERNAL = -10    /* a callback threw an exception, or the library is wrong */
};

/* Of sslsniff_state(). */
enum {
    SSLSNIFF_STATE_NEW = 0, /* not started yet */
    SSLSNIFF_STATE_RUNNING = 1,
    SSLSNIFF_STATE_ENDED = 2 /* stopped, come to its end, or failed; may be started again */
};

/* Bytes that somebody else chose: any bytes, NUL too. `data` is never NULL, and data[length] is NUL. Empty:
 * not known. */
typedef struct sslsniff_text {
    const char* data;
    size_t length;
} sslsniff_text;

/* A time that is not known, and a duration that is not. */
#define SSLSNIFF_NO_TIME INT64_MIN
#define SSLSNIFF_NO_DURATION ((int64_t)-1)

/* Whether the library that filled `object`, a pointer to one of the structures below, knows `member`. */
#define SSLSNIFF_HAS(object, member) \
    ((object)->struct_size >= (size_t)((const char*)(&(object)->member + 1) - (const char*)(object)))

/* ---- What is captured
 * -------------------------------------------------------------------------------------------- */

/* Of sslsniff_event.direction: as the captured process sees it. */
enum { SSLSNIFF_SENT = 0, SSLSNIFF_RECEIVED = 1 };

/* Of sslsniff_event.message_type: where the bytes go, by the role of the process. */
enum {
    SSLSNIFF_MESSAGE_UNKNOWN = 0, /* the role is not known */
    SSLSNIFF_MESSAGE_REQUEST = 1, /* towards the server */
    SSLSNIFF_MESSAGE_RESPONSE = 2 /* towards the client */
};

/* Of sslsniff_connection.carrier */
enum { SSLSNIFF_CARRIER_TLS = 0, SSLSNIFF_CARRIER_CLEARTEXT = 1 };

/* Of sslsniff_connection.role: what the process is. */
enum { SSLSNIFF_ROLE_UNKNOWN = 0, SSLSNIFF_ROLE_CLIENT = 1, SSLSNIFF_ROLE_SERVER = 2 };

/* Of sslsniff_connection.transport */
enum {
    SSLSNIFF_TRANSPORT_UNKNOWN = 0,
    SSLSNIFF_TRANSPORT_TCP = 1,
    SSLSNIFF_TRANSPORT_UDP = 2,
    SSLSNIFF_TRANSPORT_UNIX = 3
};

/* Of sslsniff_connection.protocol_confidence */
enum {
    SSLSNIFF_PROTOCOL_UNKNOWN = 0, /* nothing is known, or not yet */
    SSLSNIFF_PROTOCOL_LIKELY = 1,  /* it looks like it; no transaction is told before more agrees */
    SSLSNIFF_PROTOCOL_CERTAIN = 2
};

/* One end of a connection. */
typedef struct sslsniff_address {
    uint16_t family;   /* 4, 6, or 0: not known */
    uint16_t port;     /* host byte order; 0: not known */
    uint8_t bytes[16]; /* network byte order; IPv4 has the first four */
} sslsniff_address;

/* A process, as the kernel tells; the names of its container as the container's runtime does. */
typedef struct sslsniff_process {
    size_t struct_size;
    uint32_t pid; /* in the PID namespace of the caller; 0: not known (captures made by other tools) */
    uint32_t uid; /* real, in the initial user namespace */
    uint64_t start_time_ns; /* since boot; 0: not known. With the pid it identifies the process */
    sslsniff_text comm;     /* at most 15 bytes */
    sslsniff_text exe;      /* path in its own mount namespace */
    sslsniff_text container_id;
    sslsniff_text container_runtime;
    sslsniff_text container_name;
    sslsniff_text container_image;
    sslsniff_text pod;
    sslsniff_text pod_namespace;
} sslsniff_process;

/* A connection, as far as it is known at this moment. Names are those of docs/json.md, section "connection".
 */
typedef struct sslsniff_connection {
    size_t struct_size;
    uint64_t id;                     /* counts up from 1, unique among all of one sslsniff_capture: a key */
    sslsniff_text name;              /* "4242.17", as in JSON; unique until the capture is started again */
    const sslsniff_process* process; /* never NULL */
    uint32_t carrier;
    uint32_t role;
    uint32_t transport;
    uint32_t joined_midstream; /* 1: it was open before the capture began; positions count from there */
    const char* correlation;   /* how the socket was found: "nested", "socket" ... "none": it was not */
    sslsniff_address local;
    sslsniff_address remote;
    uint64_t socket_cookie; /* the kernel's number of the socket; 0: not known */
    uint32_t netns;         /* inode of its network namespace; 0: not known */
    uint32_t protocol_confidence;
    sslsniff_text protocol;    /* "http/1.1", "h2", "redis" ... */
    sslsniff_text remote_name; /* what the process calls the other end, by DNS or SNI */
    sslsniff_text continues;   /* name of the connection that the socket carried before (STARTTLS) */
    int64_t opened_ns;         /* since 1970, UTC */
    int64_t connect_ns;        /* how long connect() took */
    sslsniff_text tls_library;
    sslsniff_text tls_version;
    sslsniff_text tls_cipher;
    sslsniff_text tls_sni;
    sslsniff_text tls_alpn;
    sslsniff_text tls_handshake_error;
    sslsniff_text tls_not_decoded; /* why its plaintext is not captured; empty: it is */
    int64_t tls_handshake_ns;      /* from the first call of the handshake to the end of the last */
} sslsniff_connection;

/* Of sslsniff_event.kind */
enum {
    SSLSNIFF_EVENT_PROCESS = 1, /* a process was seen first, has a new image, or ended */
    SSLSNIFF_EVENT_OPEN = 2,    /* first event of a connection, unless that was lost */
    SSLSNIFF_EVENT_SOCKET = 3,  /* its socket became known, or changed */
    SSLSNIFF_EVENT_TLS = 4,     /* something about its TLS session became known */
    SSLSNIFF_EVENT_DATA = 5,
    SSLSNIFF_EVENT_GAP = 6,   /* bytes that passed and were not captured */
    SSLSNIFF_EVENT_CLOSE = 7, /* last event of a connection: always comes, whatever ended it */
    SSLSNIFF_EVENT_LOSS = 8   /* events that never reached the library */
};

/* Of sslsniff_event.process_change */
enum { SSLSNIFF_PROCESS_SEEN = 1, SSLSNIFF_PROCESS_EXEC = 2, SSLSNIFF_PROCESS_EXITED = 3 };

/* What happened, in the order in which the kernel reported it. Members of other kinds are 0, NULL or empty.
 */
typedef struct sslsniff_event {
    size_t struct_size;
    uint32_t kind;
    uint32_t direction;                    /* DATA, GAP */
    int64_t time_ns;                       /* since 1970, UTC; of a call when it returned */
    const sslsniff_connection* connection; /* NULL: PROCESS, LOSS */
    const sslsniff_process* process;       /* NULL: LOSS */
    uint32_t tid;                          /* DATA: the thread; 0: not known */
    uint32_t message_type;                 /* DATA, GAP */
    /* DATA, GAP: of the first byte in its direction of the connection, from 0. A jump is a gap, even without
     * a GAP. */
    uint64_t position;
    uint64_t sequence; /* DATA: number of this event on its connection and direction, from 0 */
    /* DATA: what this thread received last on another connection has the same number, and so does what else
     * it sends before it receives again: a request that is passed on. 0: nothing is known to have been
     * received so. */
    uint64_t trace_id;
    const uint8_t* data;  /* DATA: the plaintext of one call, or a part of a large one; else NULL */
    uint64_t length;      /* DATA: bytes in `data`; GAP: bytes that are missing, 0: not known how many */
    const char* cause;    /* GAP, LOSS: "ring_full", "snaplen" ... (docs/trace_format.md, CAUSE); else NULL */
    const char* reason;   /* CLOSE: "shutdown", "process_exit" ... (there, REASON); else NULL */
    uint64_t lost_events; /* LOSS: since the last one of this cause */
    uint64_t lost_bytes;  /* LOSS: of payload, where it is known */
    uint32_t process_change; /* PROCESS */
    /* DATA, GAP: 1: `tcp_seq` is known. Of cleartext over TCP, captured live; bytes of TLS have no number of
     * their own. */
    uint32_t has_tcp_seq;
    uint32_t tcp_seq;  /* TCP's sequence number of the byte at `position`, as packets have it */
    uint32_t reserved; /* 0 */
} sslsniff_event;

/* A request with its answer, a message, a query ...: what a protocol's parser understood. Without
 * credentials, unless the option show-secrets is set. */
typedef struct sslsniff_transaction {
    size_t struct_size;
    const sslsniff_connection* connection; /* never NULL */
    sslsniff_text protocol;                /* "http/1.1", "grpc", "redis" ... */
    sslsniff_text operation;               /* "GET", "SELECT", "package.Service/Method" */
    sslsniff_text target;                  /* URL, name, table, key ... */
    const char*
        outcome; /* "ok", "redirected", "client_error", "server_error", "failed", "unanswered", "unknown" */
    sslsniff_text error_type; /* "404", "WRONGTYPE", "NXDOMAIN" */
    sslsniff_text request;    /* what one line of text says of it: "GET https://example.com/x" */
    sslsniff_text response;   /* "200 OK" */
    uint64_t request_bytes;   /* payload towards the server, as passed */
    uint64_t response_bytes;  /* towards the client */
    int64_t start_ns;         /* first byte, since 1970, UTC */
    int64_t request_end_ns;
    int64_t response_start_ns;
    int64_t end_ns;            /* last byte; SSLSNIFF_NO_TIME: it did not finish */
    uint32_t complete;         /* 1: every byte of both halves was seen, and it finished */
    uint32_t joined_midstream; /* 1: its beginning was not seen */
    uint64_t missing_bytes;
    sslsniff_text reason; /* why it is not complete, or not certain */
} sslsniff_transaction;

/* What passed in one direction of a connection. */
typedef struct sslsniff_stream {
    uint64_t bytes;   /* captured or not */
    uint64_t missing; /* of these, not captured */
    uint64_t gaps;
} sslsniff_stream;

/* A connection that ended, and passed the filters. */
typedef struct sslsniff_connection_end {
    size_t struct_size;
    const sslsniff_connection* connection; /* never NULL */
    int64_t closed_ns;                     /* since 1970, UTC */
    const char* reason;                    /* as of SSLSNIFF_EVENT_CLOSE */
    uint64_t transactions;
    sslsniff_stream sent;
    sslsniff_stream received;
} sslsniff_connection_end;

/* ---- A capture
 * --------------------------------------------------------------------------------------------------- */

/* "0.1.0": the version of the library. Lives forever. Any thread. */
const char* sslsniff_version(void);

/* What a return value is called: "SSLSNIFF_ERROR_USAGE". Lives forever. Any thread. */
const char* sslsniff_status_name(int status);

/* A capture that is not started, with the options' defaults. To be given to sslsniff_free(). NULL: no memory
 * or no descriptors are left. Any thread. */
sslsniff_capture* sslsniff_new(void);

/* Stops the capture, if it runs, as sslsniff_stop() does, and frees it. NULL is fine. Within a callback, it
 * is stopped, and freed when the function that called the callback returns. */
void sslsniff_free(sslsniff_capture* capture);

/* Sets an option of the command line (sslsniff --help) by its long name without dashes: "pid" to "4242",
 * "where" to "status >= 500", "read" to the file of a recording. Repeatable ones may be set several times; of
 * others the last counts. A flag takes NULL or "true"; "false" leaves it as it is. "filter" is the
 * pcap-filter expression. Outputs write to files, beside what callbacks are told; there is none by default.
 * No configuration file is read unless "config" names one. Both texts are copied. Errors: USAGE, there is no
 * such option, or it takes another kind of value; STATE, the capture runs. Whether options are right and fit
 * together is seen when it is started. */
int sslsniff_set(sslsniff_capture* capture, const char* option, const char* value);

/* The callbacks. Each may be set before sslsniff_start(), NULL takes it back; `context` is handed to it
 * unchanged. Errors: STATE, the capture runs. */

/* Every event, raw: its bytes are the plaintext, credentials too. Behind the transactions that it completes.
 */
typedef void (*sslsniff_event_callback)(void* context, const sslsniff_event* event);
int sslsniff_on_event(sslsniff_capture* capture, sslsniff_event_callback callback, void* context);

/* Every transaction that passes the filters. */
typedef void (*sslsniff_transaction_callback)(void* context, const sslsniff_transaction* transaction);
int sslsniff_on_transaction(sslsniff_capture* capture, sslsniff_transaction_callback callback, void* context);

/* Every connection that ended and passes the filters. */
typedef void (*sslsniff_connection_callback)(void* context, const sslsniff_connection_end* end);
int sslsniff_on_connection(sslsniff_capture* capture, sslsniff_connection_callback callback, void* context);

/* Every line that -o json writes (docs/json.md), without its line feed: transactions, connections, losses,
 * and the summary at the end. Of a transaction or connection, before the callback that is for that. */
typedef void (*sslsniff_line_callback)(void* context, const char* json, size_t length);
int sslsniff_on_line(sslsniff_capture* capture, sslsniff_line_callback callback, void* context);

/* What the user of sslsniff reads on standard error: which libraries are captured, and what is in the way.
 * One sentence, safe to print, without a line feed. */
typedef void (*sslsniff_notice_callback)(void* context, const char* sentence);
int sslsniff_on_notice(sslsniff_capture* capture, sslsniff_notice_callback callback, void* context);

/* Within a callback for transactions or connections: the line of JSON that describes it, made when it is
 * asked for, without a line feed; `length`, which may be NULL, is set to its bytes. Ends with a NUL, and
 * lives until the callback returns. NULL elsewhere. */
const char* sslsniff_json(sslsniff_capture* capture, size_t* length);

/* Begins: opens the recording, or attaches to the processes, which may take a second; events are kept from
 * then on. A capture that has ended may be started again: it is a new capture with the same options and
 * callbacks. Errors: USAGE, PERMISSION, NOT_FOUND, UNSUPPORTED, INPUT, OUTPUT, SYSTEM; STATE, it runs. After
 * an error nothing is left behind. */
int sslsniff_start(sslsniff_capture* capture);

/* Does what there is to do, at most about 10 ms of it, and calls the callbacks. Waits for that at most
 * `timeout_ms`; 0: not at all, less: as long as it takes. It returns early when a signal was handled, and may
 * have called nothing; a live capture has some work every 20 ms. The kernel's buffer is emptied here: who
 * calls it too rarely loses events, and is told so. Returns SSLSNIFF_OK; SSLSNIFF_ENDED when the capture has
 * ended: the recording is read, the processes of "pid" have ended, "count" or "duration" is reached, or a
 * stop was requested; or an error, which ends it too, after everything before it was told. Error STATE: it
 * was never started, or this is within a callback. */
int sslsniff_poll(sslsniff_capture* capture, int timeout_ms);

/* A descriptor that is readable (poll, epoll, select) when sslsniff_poll() has work, from sslsniff_new() to
 * sslsniff_free(), whose it stays. Never to be read. -1: `capture` is NULL. */
int sslsniff_fd(const sslsniff_capture* capture);

/* Detaches, tells what was captured before, closes what is open and the outputs. Within a callback it only
 * requests that. Returns SSLSNIFF_OK, also when it has ended before; OUTPUT, SYSTEM: as of sslsniff_poll().
 */
int sslsniff_stop(sslsniff_capture* capture);

/* Asks for the same: the sslsniff_start() or sslsniff_poll() that runs, else the next sslsniff_poll(), ends
 * the capture and returns. An output whose reader takes nothing is given half a second. Does nothing for one
 * that does not run. From any thread, from signal handlers, as long as the capture is not freed. */
void sslsniff_request_stop(sslsniff_capture* capture);

/* One of SSLSNIFF_STATE_... NULL is NEW. */
int sslsniff_state(const sslsniff_capture* capture);

/* What went wrong in the last function that returned an error for this capture: one sentence, of an
 * expression with lines that show the place; safe to print. Never NULL; empty when nothing has. Lives until
 * the next function is called with it. */
const char* sslsniff_error(const sslsniff_capture* capture);

/* ---- Statistics
 * -------------------------------------------------------------------------------------------------- */

/* Since sslsniff_start(). */
typedef struct sslsniff_statistics {
    size_t struct_size; /* set by the caller: sizeof(sslsniff_statistics) */
    uint32_t state;
    uint32_t is_live;             /* 1: of processes; 0: of a recording, or not started */
    uint64_t buffer_size;         /* bytes of the kernel's buffer; 0: there is none */
    uint64_t buffer_waiting;      /* of these, not read yet */
    uint64_t events;              /* that the library got */
    uint64_t data_bytes;          /* of plaintext in them */
    uint64_t lost_events;         /* that never reached it, by all causes (sslsniff_losses()) */
    uint64_t lost_bytes;          /* of these, as far as they are known */
    uint64_t transactions;        /* told */
    uint64_t connections;         /* seen */
    uint64_t open_connections;    /* now */
    uint64_t unbound_connections; /* whose socket was never found */
    uint64_t processes;           /* with connections */
    uint64_t bytes_sent;          /* that passed, captured or not */
    uint64_t bytes_received;
    uint64_t missing_bytes; /* of these, not captured */
    uint64_t memory_held;   /* bytes, by open connections */
    uint64_t memory_limit;  /* as of the option max-memory */
    int64_t started_ns;     /* time of the first event; SSLSNIFF_NO_TIME: there was none */
    int64_t ended_ns;       /* of the last */
} sslsniff_statistics;

/* Fills `statistics`, up to the size that it says. Takes time for each open connection. Errors: USAGE, it
 * says a size that no version had. */
int sslsniff_read_statistics(sslsniff_capture* capture, sslsniff_statistics* statistics);

/* A name with what was counted under it. */
typedef struct sslsniff_count {
    const char* name; /* lives until the capture is started again or freed */
    uint64_t number;
    uint64_t bytes;
} sslsniff_count;

/* Losses by cause: how many events or, for some causes, how many times (docs/trace_format.md, CAUSE), and
 * bytes. Fills at most `capacity` of `counts`, and returns how many there are. */
size_t sslsniff_losses(sslsniff_capture* capture, sslsniff_count* counts, size_t capacity);

/* The same for transactions that were told, by protocol; `bytes` are those of their payload in both
 * directions. */
size_t sslsniff_protocols(sslsniff_capture* capture, sslsniff_count* counts, size_t capacity);

/* NOLINTEND(modernize-use-using, readability-identifier-naming) */

#ifdef __cplusplus
}
#endif

#endif
