/* SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause */
/*
 * Why a handshake did not come to its end. All of it is seen at calls of handshakes that are not done, so that what comes
 * later costs nothing.
 */
#ifndef SSLSNIFF_HANDSHAKE_H
#define SSLSNIFF_HANDSHAKE_H

#include "hello.bpf.h"
#include "frame.bpf.h"

#define RECORD_ALERT 0x15
#define ALERT_LENGTH 2 /* level and description, where nothing is encrypted yet (RFC 8446 section 6) */
#define CLOSE_NOTIFY 0

static __always_inline bool is_in_handshake(const struct connection *connection)
{
	return connection->flags & CONNECTION_HANDSHAKE_SEEN && !(connection->flags & CONNECTION_HANDSHAKE_DONE);
}

/* What was seen first counts, but an alert says more than what follows from it. */
static __always_inline void note_end(struct connection *connection, __u8 end)
{
	if (is_in_handshake(connection) && !connection->handshake_end)
		connection->handshake_end = end;
}

static __always_inline void note_alert(struct connection *connection, __u8 description, __u32 direction)
{
	if (description == CLOSE_NOTIFY || connection->alert || !is_in_handshake(connection))
		return;
	connection->handshake_end = direction == DIRECTION_SENT ? HANDSHAKE_ALERT_SENT : HANDSHAKE_ALERT_RECEIVED;
	connection->alert = description;
}

/*
 * In what a socket call or a transport moved: an alert that is not encrypted. Its header may be read by itself, and is seen
 * twice where a transport is above a socket.
 */
__noinline int look_for_alert(__u64 handle, __u64 address, __u64 length, __u32 direction)
{
	struct connection *connection = find_connection(handle);
	__u8 bytes[RECORD_HEADER + ALERT_LENGTH] = {};
	if (!connection || !is_in_handshake(connection) || length < ALERT_LENGTH)
		return 0;
	if (length >= RECORD_HEADER && !bpf_probe_read_user(bytes, RECORD_HEADER, (void *)address) &&
	    bytes[0] == RECORD_ALERT && is_record_beginning(bytes) && !bytes[3] && bytes[4] == ALERT_LENGTH) {
		if (length == RECORD_HEADER)
			connection->flags |= CONNECTION_ALERT_BEGUN;
		else if (length >= sizeof(bytes) && !bpf_probe_read_user(bytes, sizeof(bytes), (void *)address))
			note_alert(connection, bytes[RECORD_HEADER + 1], direction);
		return 1;
	}
	if (!(connection->flags & CONNECTION_ALERT_BEGUN))
		return 0;
	connection->flags &= ~CONNECTION_ALERT_BEGUN;
	if (!bpf_probe_read_user(bytes, ALERT_LENGTH, (void *)address))
		note_alert(connection, bytes[1], direction);
	return 1;
}

/*
 * A call of a handshake returns without success. It waits for the peer, or for room, if the last socket call in it moved
 * nothing; else the library will not go on.
 */
static __always_inline void on_handshake_stopped(struct connection *connection, const struct frame *frame)
{
	/* Reads and writes make handshakes too. A write of nothing succeeds by 0. */
	if (frame->moved && (frame->call == CALL_HANDSHAKE || frame->length))
		note_end(connection, HANDSHAKE_REFUSED);
}

/* It goes on after all: a callback had asked for time. */
static __always_inline void on_handshake_continued(struct connection *connection)
{
	if (connection->handshake_end == HANDSHAKE_REFUSED)
		connection->handshake_end = HANDSHAKE_LEFT;
}

#endif
