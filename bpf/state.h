/* SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause */
/* Maps and constants that user space sets or reads: capture.bpf.c and src/capture/live/. */
#ifndef SSLSNIFF_STATE_H
#define SSLSNIFF_STATE_H

#include "event.h"

/* .rodata.config: fixed when the programs are loaded, so that the verifier drops what is not used. */
struct capture_config {
	__u64 snaplen;        /* 0: unlimited */
	__u64 wake_bytes;     /* wake the reader when so much waits */
	__u32 fragment_bytes; /* greatest payload of one record */
	__u32 own_tgids[2];   /* never traced; as all process ids, in our own PID namespace (pid.bpf.h) */
	__u32 follow_bytes;   /* of a long write: copied so many at a time while it is being sent */
	__u8 everything;
	__u8 filter_comms;
	__u8 filter_uids;
	__u8 children;
	__u8 has_preempt_kfuncs; /* bpf_preempt_disable, bpf_preempt_enable */
	__u8 has_task_pt_regs;   /* bpf_task_pt_regs */
	__u8 has_socket_cookie;  /* bpf_get_socket_cookie in tracing programs */
	__u8 has_ciphertext;     /* sockets of detached transports are found by equal ciphertext */
	__u8 undecoded;          /* tell of TLS on sockets that no probe covers */
	__u8 cleartext;          /* sockets are looked at apart from TLS calls */
	__u8 tells_cleartext;    /* those without TLS are told of */
	__u8 recvmsg_arguments;  /* of tcp_recvmsg and its like: 6 before Linux 5.19, then 5, then 4 */
	__u8 has_entries;        /* tracepoints tell of socket calls, fentry programs of their buffers */
	__u8 tells_newcomers;    /* user space reads the map `newcomers` */
	__u8 adds_targets;       /* user space adds processes while it goes on */
	__u8 reserved[1];
	/* addresses of kernel variables that say where the direct mapping of memory is; 0: unknown */
	__u64 vmemmap_base;
	__u64 page_offset_base;
	/* address of our struct pid_namespace, and its depth; 0: the initial one */
	__u64 pid_namespace;
	__u32 pid_namespace_level;
	__u32 reserved2;
};

/* There are probes that every user of a library passes: probe_scope.bpf.h */
enum everybody {
	EVERYBODY_HAS_NONE,
	EVERYBODY_HAS_PROBES,
	EVERYBODY_IS_FREED, /* these probes are being detached: some are still passed */
};

/* .bss */
struct capture_control {
	__u64 last_wake; /* CLOCK_MONOTONIC; a lost race costs one more wake-up */
	__u32 armed;     /* set when every probe is attached */
	__u32 everybody; /* enum everybody */
	__u64 armed_at;  /* CLOCK_BOOTTIME; 0: not yet */
};

/* .data.counters: written by the kernel side alone */
struct capture_counters {
	__u64 left_behind; /* TLS objects in `connections` of processes or images that are gone, ever */
	/* Calls of TLS functions that executed a probe, about: CPUs overwrite each other's counts. */
	__u64 bystander_calls; /* of processes that are not captured */
	__u64 calls;           /* of those that are */
	__u64 transport_calls; /* of the functions by which libraries read and write memory */
};

/* The number of an entry of tls_sites, and whether the probe is of one process alone. */
#define COOKIE_BY_PROCESS (1ULL << 63)

enum verdict {
	VERDICT_NONE,
	VERDICT_IGNORED,
	VERDICT_MATCHED, /* by comm, uid or everything: decided again at exec */
	VERDICT_TARGET,  /* asked for by pid, or a descendant of one */
};

#define MAX_PROCESSES 32768

/* map processes: tgid -> */
struct process {
	__u32 verdict;     /* enum verdict */
	__u32 announced;   /* EVENT_PROCESS was sent */
	__u32 calls_tls;   /* functions that are probed */
	__u32 handshakes;  /* it makes them by calls for that */
	__u64 watched;     /* calls in progress within which socket calls are looked at */
	__u32 uid;         /* real, when the verdict was made */
	__u32 goroutines;  /* it calls functions of Go */
	__u64 since;       /* CLOCK_MONOTONIC: what is older in `connections` is of a former process or image */
	__u64 connections; /* TLS objects in that map; may be too high */
	__u64 is_new;      /* its image began while we looked */
};

#define NEWCOMERS_BYTES 65536 /* of the ring buffer `newcomers` */

enum newcomer_cause {
	NEWCOMER_FORKED,      /* its parent is traced: it uses the same libraries */
	NEWCOMER_MATCHED,     /* its comm or uid is wanted: nothing is known of what it maps */
	NEWCOMER_WITHOUT_TASK /* the task that its probes were attached for has ended; other threads go on */
};

/* In the ring buffer `newcomers`: a process has to be captured that may have no probes. Wakes the reader at once. */
struct newcomer {
	__u32 pid; /* tgid */
	__u32 cause;
	__u64 since;       /* CLOCK_MONOTONIC: what is older in `connections` is of a former process or image */
	__u64 connections; /* TLS objects in that map; may be too high */
};

/* map connections: -> struct connection. Handles with SOCKET_HANDLE are of no process: tgid is 0 */
struct connection_key {
	__u64 handle;
	__u32 tgid;
	__u32 reserved;
};

#define CONNECTION_OPENED         0x001 /* EVENT_OPEN was sent */
#define CONNECTION_HANDSHAKE_SEEN 0x002
#define CONNECTION_HANDSHAKE_DONE 0x004
#define CONNECTION_CLIENT         0x008
#define CONNECTION_SERVER         0x010
#define CONNECTION_CLIENT_HELLO   0x020 /* sampled */
#define CONNECTION_SERVER_HELLO   0x040
#define CONNECTION_ALPN           0x080
#define CONNECTION_SHUTDOWN_SENT  0x100
#define CONNECTION_SOCKET_CLOSED  0x200
#define CONNECTION_SOCKET_RESET   0x400
#define CONNECTION_CLOSED         0x800  /* EVENT_CLOSE was sent */
#define CONNECTION_NEW            0x1000 /* CALL_SET_ROLE was seen */
#define CONNECTION_BY_CIPHERTEXT  0x2000 /* user space knows the socket */
#define CONNECTION_CALLED         0x4000 /* its handshake was seen as calls of their own, not within reads and writes */
#define CONNECTION_ALERT_BEGUN    0x8000 /* the header of one was read by a call of its own */

/* sockets (cleartext.bpf.h) */
#define CONNECTION_CLEARTEXT 0x10000
#define CONNECTION_LOCATED   0x20000  /* EVENT_BIND was sent */
#define CONNECTION_UNDECODED 0x40000  /* carries TLS */
#define CONNECTION_UNCOVERED 0x80000  /* EVENT_UNCOVERED was sent */
#define CONNECTION_COVERED   0x100000 /* the plaintext is captured by probes */
#define CONNECTION_TLS_BEGAN 0x200000 /* closed: what follows on the socket is TLS (handover.bpf.h) */
#define CONNECTION_TLS_OVER  0x400000 /* and that ended, with close_notify of both sides */

struct connection {
	__u64 generation;
	__u64 position[DIRECTION_COUNT]; /* bytes that passed, captured or not */
	__u64 socket;                    /* address of the struct sock it is bound to; 0: none */
	__u64 last_socket;               /* that it was bound to before */
	__u64 handshake_time;            /* first handshake call; of a socket: when it was connected */
	__u64 handshake_step; /* the last socket call so far that can have brought the Finished that ends it; 0: none */
	/* a write that is not finished: what of it was copied, and the ciphertext it caused so far */
	__u64 write_copied;
	__u64 write_ciphertext;
	__u32 library;
	__u32 flags;
	__u8 missing[DIRECTION_COUNT]; /* enum loss, for bytes before position since the last data record */
	__u8 hello_tries;
	__u8 error;            /* errno that ended the socket: saturates */
	__u16 library_records; /* EVENT_LIBRARY_RECORD sent, saturates */
	__u8 handshake_end;    /* enum handshake_end, so far */
	__u8 alert;            /* AlertDescription of one */
	/* of a socket: the process that used it first */
	__u32 owner;
	__u32 connect_us; /* saturates */
	__u64 owner_start_time;
	__u32 copied_seq; /* of the struct tcp_sock after the last receive; 0: not known */
	__u32 reserved3;
	/* bytes seen record by record for which no call has returned yet; saturates */
	__u32 ahead[DIRECTION_COUNT];
};

/* map call_needs: whether payload calls have to be seen although their payload is seen record by record */
struct call_need {
	__u64 last; /* CLOCK_MONOTONIC: when there was a connection without a socket, or a new one of a program of unknown habits */
	__u32 kept;  /* some program makes handshakes by reads and writes, or uses DTLS: for good */
	__u32 asked; /* EVENT_CALLS_WANTED was sent */
};

/* map detached_processes: tgid -> */
struct detached_process {
	__u64 needed;   /* CLOCK_MONOTONIC of the last call on a connection without a socket */
	__u32 attached; /* probes on its transport are: set by user space */
	__u32 early;    /* before there was a need; until a socket is used inside a TLS call */
};

/* map sampled_sockets: socket cookie -> how often it was sampled. User space stops it by the greatest values. */
struct sampled_socket {
	__u64 last_long; /* CLOCK_MONOTONIC */
	__u32 records;   /* that began where the buffer does */
	__u32 long_samples;
};

/* map losses, per CPU: enum loss -> */
struct loss_count {
	__u64 events;
	__u64 bytes;
};

#endif
