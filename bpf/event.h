/* SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause */
/*
 * The records that the kernel side puts into the ring buffer, in host byte order: the only thing both sides
 * share about events. Each record starts with event_header. A record may be followed by padding (size classes),
 * so its own lengths count. Control records (all but EVENT_DATA) carry what a reader needs to know a connection
 * or process; data records only name its generation, to stay small: 40 bytes besides the payload.
 *
 * Order: a process is announced (EVENT_PROCESS) before its connections, a connection (EVENT_OPEN) before
 * everything else about it. A record that found the ring full is never sent later, except for these two, which
 * are tried again with the next event.
 */
#ifndef SSLSNIFF_EVENT_H
#define SSLSNIFF_EVENT_H

#include <linux/types.h>

enum event_kind {
	EVENT_NONE,
	EVENT_PROCESS, /* a process makes its first TLS call */
	EVENT_EXEC,
	EVENT_EXIT,
	EVENT_OPEN,
	EVENT_BIND,
	EVENT_HELLO,
	EVENT_HANDSHAKE,
	EVENT_ALPN,
	EVENT_DATA,
	EVENT_CLOSE,
	EVENT_TRANSPORT_WANTED, /* the TLS library of a process does not touch its sockets itself */
	EVENT_LIBRARY_RECORD,   /* ciphertext, where the TLS library hands it over */
	EVENT_SOCKET_SAMPLE,    /* ciphertext, at a socket call of such a process */
	EVENT_UNCOVERED,        /* a connection with OPEN_HELD: its TLS is of no library that is probed */
	EVENT_RELEASE,          /* a datagram socket was closed, with all its connections */
	EVENT_CALLS_WANTED,     /* event_header alone: payload calls have to be seen again (call_needs) */
};

enum event_direction {
	DIRECTION_SENT,
	DIRECTION_RECEIVED,
	DIRECTION_COUNT,
};

/* Why bytes or events are missing; also the index into the map `losses`. */
enum loss {
	LOSS_NONE,
	LOSS_RING_FULL,
	LOSS_FAULT, /* user memory was not resident */
	LOSS_SNAPLEN,
	LOSS_MAP_FULL,
	LOSS_FRAME_LIMIT, /* more TLS calls nested in each other than a thread's stack holds */
	LOSS_NO_BUFFER,   /* sent or received without a buffer of the process: sendfile, splice, io_uring, MSG_TRUNC */
	LOSS_COUNT,
};

struct event_header {
	__u8 kind;      /* enum event_kind */
	__u8 direction; /* enum event_direction: EVENT_DATA, EVENT_HELLO, EVENT_BIND (of the socket call) */
	__u8 detail;    /* per kind, see there */
	__u8 flags;     /* per kind, see there */
	__u32 tid;
	__u64 time;       /* CLOCK_MONOTONIC, ns */
	__u64 generation; /* of the connection; 0 when it is about a process. Unique within one boot of the kernel */
};

#define COMM_LENGTH   16
#define EXE_LENGTH    1024
#define CGROUP_LENGTH 1024

#define PROCESS_AFTER_CAPTURE 1 /* flags of EVENT_PROCESS and EVENT_EXEC: it, or its image, began while we looked */

/* EVENT_EXIT, and the beginning of EVENT_PROCESS and EVENT_EXEC */
struct process_event {
	struct event_header header;
	__u32 pid;        /* tgid */
	__u32 uid;        /* real */
	__u64 start_time; /* ns since boot */
	char comm[COMM_LENGTH];
};

/*
 * EVENT_PROCESS (without `exe`), and EVENT_EXEC: a traced process has a new image. `exe` and `cgroup` hold path
 * components, the last one first, each ended by NUL. /proc shows a cgroup only as the reader's own sees it.
 */
struct exec_event {
	struct process_event process;
	__u32 exe_length;
	__u32 cgroup_length;
	char exe[EXE_LENGTH];
	char cgroup[CGROUP_LENGTH];
};

#define OPEN_MIDSTREAM 1 /* flags: the beginning was not seen */
#define OPEN_CLEARTEXT 2 /* a socket, not a TLS object */
#define OPEN_HELD      4 /* with OPEN_CLEARTEXT: it carries TLS, and whether it is covered is told later */

struct open_event {
	struct event_header header;
	__u32 pid;
	__u32 library; /* number that user space gave with the probe; 0: unknown */
	__u64 start_time;
	__u64 handle; /* address of the TLS object, or a number with SOCKET_HANDLE */
};

#define SOCKET_HANDLE   (1ULL << 63) /* handle of a cleartext connection */
#define DATAGRAM_HANDLE (1ULL << 62)

#define BIND_CLIENT  1 /* flags: the socket was connected */
#define BIND_SERVER  2 /* accepted */
#define BIND_NUMBERS 4 /* `sequence` is known */

/* The socket of a connection. Addresses in network order, IPv4 in the first four bytes; ports in host order. */
struct bind_event {
	struct event_header header;
	__u64 cookie;
	__u32 netns;
	__u16 family;   /* AF_INET, AF_INET6, AF_UNIX */
	__u16 protocol; /* IPPROTO_TCP ... */
	__u16 local_port;
	__u16 remote_port;
	__u32 connect_us; /* from SYN to ESTABLISHED; 0: not seen */
	__u8 local[16];
	__u8 remote[16];
	__u32 sequence[DIRECTION_COUNT]; /* TCP's number of the byte at position 0 */
};

#define HELLO_LENGTH 2048

/*
 * First bytes of a socket call during the handshake: a ClientHello or ServerHello, with its record header or,
 * with the flag, without. Only the record's own length tells where it ends.
 */
#define HELLO_WITHOUT_RECORD_HEADER 1

struct hello_event {
	struct event_header header;
	__u32 length;
	__u32 reserved;
	__u8 bytes[HELLO_LENGTH];
};

#define HANDSHAKE_FAILED 1 /* flags */
#define HANDSHAKE_CLIENT 2 /* as a call told that makes handshakes of clients, or sets the role */
#define HANDSHAKE_SERVER 4
#define HANDSHAKE_OPEN   8 /* neither done nor failed when the connection ended */

/* What is known of a handshake that did not come to its end. The last four are with HANDSHAKE_FAILED. */
enum handshake_end {
	HANDSHAKE_LEFT, /* given up by the process, or nobody answered */
	HANDSHAKE_ALERT_SENT,
	HANDSHAKE_ALERT_RECEIVED,
	HANDSHAKE_PEER_CLOSED,
	HANDSHAKE_PEER_RESET,
	HANDSHAKE_REFUSED, /* the library did not go on after something that the peer sent: no TLS, or an encrypted alert */
};

/* detail: enum handshake_end, of one that is not done */
struct handshake_event {
	struct event_header header;
	__u64 duration; /* ns since the first handshake call; 0: there was none, reads and writes did it */
	__u8 alert;     /* AlertDescription (RFC 8446 section 6) */
	__u8 reserved[7];
};

#define ALPN_LENGTH 255

struct alpn_event {
	struct event_header header;
	__u8 length;
	__u8 bytes[ALPN_LENGTH];
};

/*
 * Plaintext of one call, or a fragment of it. detail: enum loss, why bytes before `position` are missing, if
 * the reader finds that they are.
 */
#define DATA_MORE  1 /* flags: the next record continues the same datagram */
#define DATA_WAITS 2 /* received by a call that waits until something comes: neither O_NONBLOCK nor MSG_DONTWAIT */

struct data_event {
	struct event_header header;
	__u64 position; /* of the first byte in its direction */
	__u32 length;   /* bytes that follow this structure; 0: of a stream, those before `position` are missing */
	__u32 snipped;  /* bytes of the same call right behind them, left out by the snap length; saturates */
};

enum close_cause {
	CLOSED_FREED,
	CLOSED_SHUTDOWN, /* close_notify was sent */
	CLOSED_SOCKET,
	CLOSED_RESET,
	CLOSED_PROCESS_EXIT, /* made by user space */
	CLOSED_COVERED,      /* of OPEN_HELD: its plaintext is captured elsewhere; forget it */
	CLOSED_REFUSED,      /* RST answered the SYN */
	CLOSED_TIMED_OUT,    /* nobody answered, or there was no way to anybody */
	CLOSED_TLS_BEGAN,    /* of a socket that carries TLS from here on (handover.bpf.h) */
};

/* detail: enum close_cause */
struct close_event {
	struct event_header header;
	__u64 position[DIRECTION_COUNT]; /* end of the stream */
	__u8 missing[DIRECTION_COUNT];   /* enum loss, for bytes before it that the reader does not have */
	__u8 reserved[6];
};

struct transport_wanted_event {
	struct event_header header;
	__u32 pid;
	__u32 reserved;
};

#define RECORD_SAMPLE 24

/*
 * What was written to memory, or read from it, inside a call of the TLS library: the beginning of a TLS record, or
 * of its body behind the header.
 */
struct library_record_event {
	struct event_header header;
	__u32 length;
	__u32 reserved;
	__u8 bytes[RECORD_SAMPLE];
};

#define SHORT_SAMPLE 64
#define LONG_SAMPLE  32768

/* First bytes that a socket call moved. They follow this structure. */
struct socket_sample_event {
	struct bind_event socket; /* header.generation is 0 */
	__u32 pid;
	__u32 length;
};

struct release_event {
	struct event_header header;
	__u64 cookie;
};

#endif
