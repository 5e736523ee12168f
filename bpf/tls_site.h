/* SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause */
/*
 * Calls of TLS libraries, as data. User space says of each function what it does, where its arguments are and how its result
 * is read (src/capture/discovery/libraries/), finds by decoding where its calls begin and end, writes an entry of the map
 * tls_sites for each kind of site, and gives a probe the entry's number as its cookie. Nothing here belongs to one library.
 * C and C++.
 */
#ifndef SSLSNIFF_TLS_SITE_H
#define SSLSNIFF_TLS_SITE_H

#include <linux/types.h>

/* What a function does to the connection that its handle stands for. */
enum tls_call {
	CALL_NONE,
	CALL_READ,
	CALL_WRITE,
	CALL_PEEK, /* the bytes come again with the next read */
	CALL_HANDSHAKE,
	CALL_HANDSHAKE_WITHIN, /* what makes it in calls of any kind; of new connections alone: it also makes what comes later */
	CALL_SHUTDOWN, /* sends close_notify */
	CALL_ALPN, /* tells the protocol, by its result, or: its address to where `buffer` points, its length to `moved` */
	CALL_FLUSH,         /* sends what earlier writes were given and kept: writes within it move it again */
	CALL_CLOSE,         /* the connection is over when it returns */
	CALL_FREE,          /* from here to CALL_SET_ROLE: something ends or begins, no return site */
	CALL_CLEAR,         /* the handle may serve another connection */
	CALL_SET_TRANSPORT, /* it gets another socket, or other functions that read and write */
	CALL_SET_ROLE,      /* it is a client's or a server's, and new */
	/* ciphertext, where the library takes it from memory or hands it over there: `buffer` and `length` alone */
	CALL_TRANSPORT_READ,
	CALL_TRANSPORT_WRITE,
	CALL_TRANSPORT_MAKE, /* makes a record of this `type`: its result points to a structure, see `slice` */
	/* inside the library: the plaintext of one record, or a piece of it, is copied to the reader (unless `unread`) */
	CALL_RECORD_READ,
	CALL_RECORD_WRITE, /* a record of this `type` was made of the buffer */
	/*
	 * The same of bytes that need not lie together. Four numbers of 8 bytes lie where `buffer` points to: 0, their address
	 * and their number; or the address of a list of addresses and numbers of bytes, how many there are, and of all these
	 * bytes together the first one, and the one behind the last.
	 */
	CALL_RECORD_PARTS,
};

static inline __attribute__((always_inline)) int is_record_call(__u8 call)
{
	return call >= CALL_RECORD_READ;
}

static inline __attribute__((always_inline)) int is_transport_call(__u8 call)
{
	return call >= CALL_TRANSPORT_READ && call <= CALL_TRANSPORT_MAKE;
}

/* What the result of a call says. */
enum tls_result {
	RESULT_NONE,     /* nothing: it succeeds */
	RESULT_POSITIVE, /* above 0: success and, without `moved`, how many bytes were moved */
	RESULT_ZERO,     /* 0: success */
	/* CALL_SHUTDOWN; below 0: failure, 1: both sides have said close_notify, else: ours is sent */
	RESULT_PHASE,
	RESULT_TEXT,   /* CALL_ALPN; the address of the protocol's name, which ends with NUL; 0: failure */
	RESULT_COPIED, /* CALL_ALPN; 0: success, and the protocol itself lies where `buffer` points */
};

/* Where a value is: an argument, from 1 on, or PLACE_REGISTER plus a register's number, as the architecture numbers them. */
#define PLACE_NONE      0
#define PLACE_REGISTER  0x10
#define PLACE_IN_MEMORY 0x80 /* added: the value lies where that, plus an offset, points to */

struct tls_value {
	__u8 place;   /* PLACE_NONE: the value is 0 */
	__u8 bytes;   /* so many count, the low ones: 1, 2, 4 or 8 */
	__u16 offset; /* added to what the place holds */
};

#define SITE_EARLY      0x01 /* early data: says nothing about the end of the handshake */
#define SITE_CLIENT     0x02 /* handshake or role of a client */
#define SITE_SERVER     0x04
#define SITE_BY_RECORDS 0x08 /* the payload of this call is seen record by record */
#define SITE_STEP       0x10 /* CALL_HANDSHAKE: one of several calls that make it, so success is not its end */
#define SITE_LATE       0x20 /* CALL_SHUTDOWN: cannot succeed before the handshake has */
#define SITE_FAREWELL   0x80 /* CALL_FREE: sends close_notify first */
#define SITE_GOROUTINE  0x40 /* a method of Go's tls.Conn: runs on the stack of a goroutine */

/*
 * Of a return: `stack` alone, and where the values can still be found at that place (`call` is not CALL_NONE), how a call is
 * understood whose beginning was not seen.
 */
struct tls_site {
	__u32 library;     /* number that user space gave it; 0: unknown */
	__u8 call;         /* enum tls_call */
	__u8 result;       /* enum tls_result */
	__u8 result_bytes; /* 4 or 8 */
	__u8 flags;        /* SITE_... */
	struct tls_value handle;
	struct tls_value buffer;
	struct tls_value length;
	struct tls_value
		moved; /* points to an integer that tells how many bytes were moved; PLACE_NONE: the result does */
	struct tls_value type;   /* CALL_RECORD_..., CALL_TRANSPORT_MAKE: ContentType, less `first_type` */
	struct tls_value unread; /* CALL_RECORD_READ, CALL_READ: not 0 when the bytes stay to be read again */
	__u16 stack;      /* how far the stack pointer is below where it was at the function's first instruction */
	__u8 moved_bytes; /* size of the integer that `moved` points to */
	/*
	 * CALL_READ that gives out memory of the library: on return, a pointer to a structure lies where `buffer` points to.
	 * So many bytes behind its beginning lie three numbers of 8 bytes: how many bytes are to be skipped, the address of
	 * the bytes, their number; 0: `buffer` is the address. CALL_TRANSPORT_MAKE: the address and the number alone.
	 */
	__u8 slice;
	struct tls_value
		number; /* CALL_RECORD_...: how many records were made with the same keys before, if it is told */
	__u8 first_type;
	__u8 uses_no_socket; /* CALL_RECORD_...: the program moves its ciphertext */
	__u16 reserved;
};

#define MAX_TLS_SITES 8192

#endif
