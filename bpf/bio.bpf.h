/* SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause */
/*
 * Entry and return of BIO_read and BIO_write: the ciphertext side of the TLS library. Only calls made by the library
 * itself count; the program's own, outside of TLS calls, may be about any connection.
 */
#ifndef SSLSNIFF_BIO_H
#define SSLSNIFF_BIO_H

#include "tls_calls.bpf.h"

#define RECORD_BODY_LEAST 16 /* bytes compared */

__noinline int emit_library_record(__u64 handle, __u64 address, __u64 length, __u32 direction)
{
	struct connection *connection = find_connection(handle);
	long failed;
	if (connection && !connection->socket && is_in_handshake(connection))
		look_for_alert(handle, address, length, direction);
	if (!connection || length < RECORD_BODY_LEAST)
		return 0;
	if (wants_hello(connection))
		sample_hello(handle, address, length, direction);
	if (!is_announced(connection, handle))
		return 0;
	struct library_record_event *event =
		RESERVE_EVENT(struct library_record_event, EVENT_LIBRARY_RECORD, connection->generation);
	if (!event)
		return 0;
	__builtin_memset(&event->length, 0, sizeof(*event) - sizeof(event->header));
	event->header.direction = direction;
	if (length >= RECORD_SAMPLE) {
		event->length = RECORD_SAMPLE;
		failed = bpf_probe_read_user(event->bytes, RECORD_SAMPLE, (void *)address);
	} else {
		event->length = RECORD_BODY_LEAST;
		failed = bpf_probe_read_user(event->bytes, RECORD_BODY_LEAST, (void *)address);
	}
	if (failed)
		event->length = 0;
	submit_event(event);
	connection->library_records++;
	return 1;
}

/*
 * The socket is not known, or may be another one than that which a call within a TLS call seemed to show (of a library that is
 * not probed, in a callback): as soon as ciphertext has shown the true one, the entry is released.
 */
static __always_inline bool needs_ciphertext(struct connection *connection)
{
	if (!connection->socket)
		return lacks_socket(connection);
	if (is_bound_by_ciphertext(connection)) {
		bpf_map_delete_elem(&bound_sockets, &connection->socket);
		connection->socket = 0;
		return false;
	}
	return !(connection->flags & CONNECTION_HANDSHAKE_DONE);
}

/* Else it is no record that is sent: the library writes the messages of both sides into a BIO of its own, to hash them. */
static __always_inline bool begins_record(__u64 address, __u64 length)
{
	__u8 header[RECORD_HEADER];
	return length >= RECORD_HEADER && !bpf_probe_read_user(header, sizeof(header), (void *)address) &&
	       is_record_beginning(header);
}

static __always_inline void on_bio_entry(struct pt_regs *ctx, const struct tls_site *site)
{
	__u64 stack_pointer = PT_REGS_SP(ctx) + site->stack, buffer = PT_REGS_PARM2(ctx), length = PT_REGS_PARM3(ctx);
	struct surroundings around;
	struct frame *caller, *frame;
	counters.bio_calls++;
	if (!calling_process())
		return;
	around = surroundings_of(stack_pointer);
	caller = innermost_frame(&around);
	if (!caller)
		return;
	__u64 handle = caller->handle;
	__u32 library = caller->library;
	struct connection *connection = find_or_make_connection(handle, library);
	if (!connection || !needs_ciphertext(connection))
		return;
	if (!(site->flags & SITE_LONG_LENGTH))
		length = (int)length > 0 ? (__u32)length : 0;
	if (site->call == CALL_BIO_WRITE) {
		if (begins_record(buffer, length))
			emit_library_record(handle, buffer, length, DIRECTION_SENT);
		return;
	}
	frame = push_frame(stack_pointer);
	if (!frame)
		return;
	frame->handle = handle;
	frame->library = library;
	frame->call = site->call;
	frame->flags = site->flags;
	frame->buffer = buffer;
	frame->length = length;
	frame->done = argument(ctx, site->moved);
}

/* Of the call around that of a BIO. Verified once. */
__noinline int note_last(__u64 stack_pointer, __u64 moved)
{
	struct surroundings around = surroundings_of(stack_pointer);
	struct frame *caller = innermost_frame(&around);
	if (caller)
		caller->moved = moved != 0;
	return 0;
}

static __always_inline void on_bio_return(struct pt_regs *ctx, const struct tls_site *site)
{
	struct frame *frame = control.armed ? find_frame(PT_REGS_SP(ctx) + site->stack) : NULL;
	if (!frame || frame->call != CALL_BIO_READ)
		return;
	__u64 moved = bytes_moved(frame, (int)PT_REGS_RC(ctx));
	note_last(frame->stack_pointer, moved);
	emit_library_record(frame->handle, frame->buffer, moved, DIRECTION_RECEIVED);
	drop_frame(frame);
}

#endif
