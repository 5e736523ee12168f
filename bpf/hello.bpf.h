/* SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause */
/* ClientHello and ServerHello, sampled from the buffer of a socket call or of a transport. */
#ifndef SSLSNIFF_HELLO_H
#define SSLSNIFF_HELLO_H

#include "connection.bpf.h"

#define RECORD_HEADER    5
#define RECORD_HANDSHAKE 0x16
#define CLIENT_HELLO     1
#define SERVER_HELLO     2
#define HELLO_TRIES      8              /* socket calls looked at for each connection */
#define MAX_RECORD       (16384 + 2048) /* RFC 5246 section 6.2.3 */

static __always_inline bool is_record_header(const __u8 *bytes)
{
	return bytes[0] >= 0x14 && bytes[0] <= 0x17 && bytes[1] == 3 && bytes[2] <= 4;
}

/* The same with a length that a record can have: a number that happens to begin like a header hardly ever does. */
static __always_inline bool is_record_beginning(const __u8 *bytes)
{
	__u32 length = bytes[3] << 8 | bytes[4];
	return is_record_header(bytes) && length && length <= MAX_RECORD;
}

#define DATAGRAM_RECORD_HEADER 13
#define HELLO_LOOK             (DATAGRAM_RECORD_HEADER + 1)

/* The same of DTLS (RFC 6347 section 4.1): type, version, epoch, sequence number, length. */
static __always_inline bool is_datagram_record_beginning(const __u8 *bytes)
{
	__u32 length = bytes[11] << 8 | bytes[12];
	return bytes[0] >= 0x14 && bytes[0] <= 0x19 && bytes[1] == 0xfe && bytes[2] >= 0xfc && length &&
	       length <= MAX_RECORD;
}

/* Which hello begins at `bytes`, HELLO_LOOK of them, and with which EVENT_HELLO flags; 0: none. */
static __always_inline __u8 hello_at(const __u8 *bytes, __u8 *flags)
{
	if (bytes[0] == RECORD_HANDSHAKE && bytes[1] == 3 && bytes[5] <= SERVER_HELLO)
		return bytes[5];
	if (bytes[0] == RECORD_HANDSHAKE && bytes[1] == 0xfe)
		return bytes[DATAGRAM_RECORD_HEADER] <= SERVER_HELLO ? bytes[DATAGRAM_RECORD_HEADER] : 0;
	/* the header was read by a call before */
	*flags = HELLO_WITHOUT_RECORD_HEADER;
	if (bytes[0] <= SERVER_HELLO && bytes[1] == 0 && bytes[4] == 3 && bytes[5] <= 3)
		return bytes[0];
	return 0;
}

/* Sends the hello that the buffer of a socket call begins with, if it does. */
__noinline int sample_hello(__u64 handle, __u64 address, __u64 length, __u32 direction)
{
	__u8 bytes[HELLO_LOOK], flags = 0;
	struct connection *connection = find_connection(handle);
	if (!connection || length < sizeof(bytes))
		return 0;
	connection->hello_tries++;
	if (bpf_probe_read_user(bytes, sizeof(bytes), (void *)address))
		return 0;
	__u8 hello = hello_at(bytes, &flags);
	if (!hello)
		return 0;
	connection->flags |= hello == CLIENT_HELLO ? CONNECTION_CLIENT_HELLO : CONNECTION_SERVER_HELLO;
	connection->flags |= CONNECTION_HANDSHAKE_SEEN;
	if (!connection->handshake_time)
		connection->handshake_time = bpf_ktime_get_ns();
	if (!is_announced(connection, handle))
		return 0;
	struct hello_event *event = RESERVE_EVENT(struct hello_event, EVENT_HELLO, connection->generation);
	if (!event)
		return 0;
	event->header.direction = direction;
	event->header.flags = flags;
	barrier_var(length);
	if (length > HELLO_LENGTH)
		length = HELLO_LENGTH;
	event->length = length;
	if (bpf_probe_read_user(event->bytes, length, (void *)address))
		event->length = 0;
	submit_event(event);
	return 1;
}

static __always_inline bool wants_hello(const struct connection *connection)
{
	return !(connection->flags & (CONNECTION_HANDSHAKE_DONE | CONNECTION_SERVER_HELLO)) &&
	       connection->hello_tries < HELLO_TRIES;
}

#endif
