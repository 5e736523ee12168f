/* SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause */
/*
 * TLS on a socket that no TLS call uses: of a library nobody probes, or of a memory BIO whose socket is not found yet. It
 * is announced with its hellos and nothing else.
 */
#ifndef SSLSNIFF_FOREIGN_TLS_H
#define SSLSNIFF_FOREIGN_TLS_H

#include "ciphertext.bpf.h"
#include "flow.bpf.h"

#define MAX_RECORD (16384 + 2048)
#define PATIENCE   8 /* calls after which TLS joined in mid-life is taken for uncovered */

enum opening { OPENING_OTHER, OPENING_RECORD, OPENING_CLIENT_HELLO };

/* What a transfer begins with. */
static __always_inline enum opening opening_of(const struct transfer *transfer, __u64 moved)
{
	__u8 octets[6] = {};
	if (moved < RECORD_HEADER || !read_beginning(transfer, octets, moved < 6 ? RECORD_HEADER : 6))
		return OPENING_OTHER;
	__u32 record = octets[3] << 8 | octets[4];
	if (!is_record_header(octets) || !record || record > MAX_RECORD)
		return OPENING_OTHER;
	return octets[0] == RECORD_HANDSHAKE && octets[5] == CLIENT_HELLO ? OPENING_CLIENT_HELLO : OPENING_RECORD;
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

/* TLS that does not come from a call we know. Until both hellos passed it may still be a memory BIO's. */
__noinline int on_foreign_tls(__u64 handle, __u64 moved)
{
	__u32 hellos = CONNECTION_CLIENT_HELLO | CONNECTION_SERVER_HELLO, tgid = bpf_get_current_pid_tgid() >> 32;
	struct transfer *transfer = current_transfer();
	struct process *process = bpf_map_lookup_elem(&processes, &tgid);
	struct connection *connection = find_connection(handle);
	if (!transfer || !connection || (connection->flags & CONNECTION_UNCOVERED && !wants_hello(connection)))
		return 0;
	__u64 length = moved < transfer->length ? moved : transfer->length;
	connection->flags |= CONNECTION_UNDECODED;
	if (!config.undecoded || (process && process->calls_tls)) {
		connection->flags |= CONNECTION_COVERED;
		close_connection(handle);
		return 0;
	}
	if (!is_announced(connection, handle))
		return 0;
	locate(handle, transfer->socket, transfer->identity, 0);
	if (wants_hello(connection) && !is_in_kernel(transfer))
		sample_hello(handle, transfer->address, length, transfer->direction);
	if (connection->flags & CONNECTION_UNCOVERED)
		return 0;
	if ((connection->flags & hellos) != hellos && connection->hello_tries < HELLO_TRIES)
		return 0;
	struct event_header *event = RESERVE_EVENT(struct event_header, EVENT_UNCOVERED, connection->generation);
	if (!event)
		return 0;
	submit_event(event);
	connection->flags |= CONNECTION_UNCOVERED;
	return 1;
}

#endif
