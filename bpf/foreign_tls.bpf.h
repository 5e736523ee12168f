/* SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause */
/*
 * TLS on a socket that no TLS call uses: of a library nobody probes, or of a detached transport whose socket is not found yet. It
 * is announced with its hellos and nothing else.
 */
#ifndef SSLSNIFF_FOREIGN_TLS_H
#define SSLSNIFF_FOREIGN_TLS_H

#include "ciphertext.bpf.h"
#include "flow.bpf.h"

#define PATIENCE 8 /* calls after which TLS joined in mid-life is taken for uncovered */

enum opening { OPENING_OTHER, OPENING_RECORD, OPENING_CLIENT_HELLO };

/* What a transfer begins with. */
static __always_inline enum opening opening_of(const struct transfer *transfer, __u64 moved)
{
	__u8 bytes[6] = {};
	if (moved < RECORD_HEADER || !read_beginning(transfer, bytes, moved < 6 ? RECORD_HEADER : 6))
		return OPENING_OTHER;
	if (!is_record_beginning(bytes))
		return OPENING_OTHER;
	/* some libraries read the header by a call of its own */
	return bytes[0] == RECORD_HANDSHAKE && (bytes[5] == CLIENT_HELLO || moved == RECORD_HEADER)
	               ? OPENING_CLIENT_HELLO
	               : OPENING_RECORD;
}

/* A datagram that begins with a long header (RFC 9000 section 17.2) of version 1 or 2: user space looks inside. */
static __always_inline bool may_be_quic(const struct transfer *transfer, __u64 moved)
{
	__u8 bytes[6] = {};
	if (moved < sizeof(bytes) || !read_beginning(transfer, bytes, sizeof(bytes)) || (bytes[0] & 0xc0) != 0xc0)
		return false;
	__u32 version = (__u32)bytes[1] << 24 | bytes[2] << 16 | bytes[3] << 8 | bytes[4];
	return version == 1 || version == 0x6b3343cf;
}

/* The current transfer is a datagram with records of DTLS. */
static __always_inline bool is_datagram_of_tls(const struct transfer *transfer, __u64 moved)
{
	__u8 bytes[DATAGRAM_RECORD_HEADER] = {};
	return transfer->is_message && moved >= sizeof(bytes) && read_beginning(transfer, bytes, sizeof(bytes)) &&
	       is_datagram_record_beginning(bytes);
}

/* It is that of a connection whose plaintext is captured: the process calls functions that are probed. */
static __always_inline bool is_datagram_of_calls(const struct transfer *transfer, __u64 moved)
{
	__u32 tgid = current_tgid();
	struct process *process = bpf_map_lookup_elem(&processes, &tgid);
	return process && process->calls_tls && is_datagram_of_tls(transfer, moved);
}

static __always_inline bool begins_datagrams_of_tls(const struct connection *connection,
                                                    const struct transfer *transfer, __u64 moved)
{
	return !connection->position[DIRECTION_SENT] && !connection->position[DIRECTION_RECEIVED] &&
	       is_datagram_of_tls(transfer, moved);
}

static __always_inline bool begins_tls(struct connection *connection, const struct transfer *transfer, __u64 moved)
{
	enum opening opening = opening_of(transfer, moved);
	bool first = !connection->position[bounded_direction(transfer->direction)];
	if (!(connection->flags & CONNECTION_NEW) && connection->hello_tries < PATIENCE) {
		connection->hello_tries++; /* joined amid a record perhaps, at whose end the next one begins */
		first = true;
	}
	return opening == OPENING_CLIENT_HELLO || (opening == OPENING_RECORD && first);
}

#define LONGEST_FIRST_BUFFER 16

/* As sample_hello(), of a hello that begins in a short buffer and goes on in the next: Erlang's. */
__noinline int sample_divided_hello(__u64 handle)
{
	__u8 bytes[LONGEST_BEGINNING] = {}, flags = 0;
	struct transfer *transfer = current_transfer();
	struct connection *connection = find_connection(handle);
	struct iovec second = {};
	if (!transfer || !connection || !read_beginning(transfer, bytes, sizeof(bytes)) ||
	    !find_second_buffer(transfer, &second))
		return 0;
	connection->hello_tries++;
	__u8 hello = hello_at(bytes, &flags);
	__u64 first = transfer->length, length = second.iov_len;
	if (!hello || first >= LONGEST_FIRST_BUFFER)
		return 0;
	connection->flags |= hello == CLIENT_HELLO ? CONNECTION_CLIENT_HELLO : CONNECTION_SERVER_HELLO;
	connection->flags |= CONNECTION_HANDSHAKE_SEEN;
	struct hello_event *event = RESERVE_EVENT(struct hello_event, EVENT_HELLO, connection->generation);
	if (!event)
		return 0;
	event->header.direction = transfer->direction;
	event->header.flags = flags;
	barrier_var(first);
	first &= LONGEST_FIRST_BUFFER - 1;
	barrier_var(length);
	if (length > HELLO_LENGTH - LONGEST_FIRST_BUFFER)
		length = HELLO_LENGTH - LONGEST_FIRST_BUFFER;
	event->length = first + length;
	if (bpf_probe_read_user(event->bytes, first, (void *)transfer->address) ||
	    bpf_probe_read_user(event->bytes + first, length, second.iov_base))
		event->length = 0;
	submit_event(event);
	return 1;
}

/*
 * In a process that calls probed functions, TLS joined in mid-life may be theirs. New TLS is announced there, too: a library
 * that uses sockets itself claims it by its first record, user space waits for the ciphertext of detached transports, and what is
 * left is another library's, or that of a call which passed before its probes came.
 */
static __always_inline bool may_be_covered(const struct connection *connection)
{
	return !config.has_ciphertext || !(connection->flags & CONNECTION_NEW);
}

/* TLS that does not come from a call we know. Until both hellos passed it may still be a detached transport's. */
__noinline int on_foreign_tls(__u64 handle, __u64 moved)
{
	__u32 hellos = CONNECTION_CLIENT_HELLO | CONNECTION_SERVER_HELLO, tgid = current_tgid();
	struct transfer *transfer = current_transfer();
	struct process *process = bpf_map_lookup_elem(&processes, &tgid);
	struct connection *connection = find_connection(handle);
	if (!transfer || !connection || (connection->flags & CONNECTION_UNCOVERED && !wants_hello(connection)))
		return 0;
	connection->flags |= CONNECTION_UNDECODED;
	if (!config.undecoded || (process && process->calls_tls && may_be_covered(connection))) {
		connection->flags |= CONNECTION_COVERED;
		close_connection(handle);
		return 0;
	}
	if (!is_announced(connection, handle))
		return 0;
	locate(handle, transfer->socket, transfer->identity, transfer->is_message, 0);
	if (wants_hello(connection) && !is_in_kernel(transfer)) {
		if (transfer->length < moved && transfer->length < LONGEST_FIRST_BUFFER)
			sample_divided_hello(handle);
		else
			sample_hello(handle, transfer->address, moved < transfer->length ? moved : transfer->length,
			             transfer->direction);
	}
	if (connection->flags & CONNECTION_UNCOVERED)
		return 0;
	if (!transfer->is_message && (connection->flags & hellos) != hellos && connection->hello_tries < HELLO_TRIES)
		return 0;
	struct event_header *event = RESERVE_EVENT(struct event_header, EVENT_UNCOVERED, connection->generation);
	if (!event)
		return 0;
	submit_event(event);
	connection->flags |= CONNECTION_UNCOVERED;
	return 1;
}

#endif
