/* SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause */
/*
 * Where probes of TLS libraries sit, as data: user space finds the sites by decoding (src/capture/discovery/), writes one
 * entry of the map tls_sites for each kind of site, and gives a probe the entry's number as its cookie. Nothing here
 * belongs to one library. C and C++.
 */
#ifndef SSLSNIFF_TLS_SITE_H
#define SSLSNIFF_TLS_SITE_H

#include <linux/types.h>

/* What a function does. Its first argument is the handle: the object that stands for the connection. */
enum tls_call {
	CALL_NONE,
	CALL_READ,  /* (handle, buffer, length, ...) */
	CALL_WRITE, /* the same */
	CALL_PEEK,  /* the same; the bytes come again with the next read */
	CALL_HANDSHAKE,
	CALL_SHUTDOWN,
	CALL_ALPN,          /* void (handle, const unsigned char **data, unsigned *length) */
	CALL_FREE,          /* the last one that begins a nested life is CALL_SET_ROLE: these have no return site */
	CALL_CLEAR,         /* the object may serve another connection */
	CALL_SET_TRANSPORT, /* it gets another socket or BIO */
	CALL_SET_ROLE,      /* it is a client's or a server's, and new */
	CALL_BIO_READ,      /* ciphertext of memory BIOs: (BIO, buffer, length, ...) */
	CALL_BIO_WRITE,
	CALL_RECORD_READ, /* inside the library: the plaintext of one record, or a piece of it, is copied to the reader */
	CALL_RECORD_WRITE, /* a record was made of (handle, type, buffer, length) */
};

#define SITE_LONG_LENGTH 0x01 /* length is a size_t, not an int */
#define SITE_EARLY       0x02 /* early data: says nothing about the end of the handshake */
#define SITE_CLIENT      0x04 /* handshake or role of a client */
#define SITE_SERVER      0x08
#define SITE_BY_RECORDS  0x10 /* the payload of this call is seen record by record */
#define SITE_BYTE_TYPE   0x20 /* CALL_RECORD_READ: the record's type is a byte, not an int */

struct tls_site {
	__u32 library; /* number that user space gave it; 0: unknown */
	__u8 call;     /* enum tls_call */
	__u8 flags;
	__u8 moved; /* number of the argument that points to a size_t with the bytes moved; 0: the result tells */
	/* CALL_RECORD_READ: the register that points to the record, as x86 numbers them */
	__u8 record;
	__u16 stack; /* how far the stack pointer is below where it was at the function's first instruction */
	/* CALL_RECORD_READ, offsets from the stack pointer or in the record */
	__u16 handle;
	__u16 peek;
	__u16 type;
};

#define MAX_TLS_SITES 8192

#endif
