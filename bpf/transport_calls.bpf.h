/* SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause */
/*
 * Entry and return of the functions by which a TLS library reads and writes memory: its ciphertext side. Only calls made by
 * the library itself count; the program's own, outside of TLS calls, may be about any connection.
 */
#ifndef SSLSNIFF_TRANSPORT_CALLS_H
#define SSLSNIFF_TRANSPORT_CALLS_H

#include "tls_returns.bpf.h"
#include "record_parts.bpf.h"

#define RECORD_BODY_LEAST    16 /* bytes compared */
#define MAX_TRANSPORT_LENGTH 0x7fffffff

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

/* Else it is no record that is sent: OpenSSL writes the messages of both sides into memory of its own, to hash them. */
static __always_inline bool begins_record(__u64 address, __u64 length)
{
	__u8 header[RECORD_HEADER];
	return length >= RECORD_HEADER && !bpf_probe_read_user(header, sizeof(header), (void *)address) &&
	       is_record_beginning(header);
}

/* Of a length, as an int or a size_t: 0 when it is negative. */
static __always_inline __u64 real_length(__u64 length)
{
	return length <= MAX_TRANSPORT_LENGTH ? length : 0;
}

/* The handle is the call's own. What is made for the handshake, with keys of its own, tells nothing. */
static __always_inline void on_make_entry(struct pt_regs *ctx, const struct tls_site *site)
{
	__u64 handle = value_of(ctx, &site->handle);
	if (handle && value_of(ctx, &site->type) + site->first_type == RECORD_APPLICATION_DATA)
		push_call(ctx, site, call_context(ctx, site), handle);
}

/* A record was made, with room for its header before it. */
static __always_inline void on_made(struct pt_regs *ctx, const struct frame *frame)
{
	struct connection *connection = find_connection(frame->handle);
	struct {
		__u64 address, length;
	} record = {};
	if (!connection || !needs_ciphertext(connection) ||
	    bpf_probe_read_user(&record, sizeof(record), (void *)(PT_REGS_RC(ctx) + frame->slice)) ||
	    record.length <= RECORD_HEADER || record.length > MAX_TRANSPORT_LENGTH)
		return;
	emit_library_record(frame->handle, record.address + RECORD_HEADER, record.length - RECORD_HEADER,
	                    DIRECTION_SENT);
}

static __always_inline void on_transport_entry(struct pt_regs *ctx, const struct tls_site *site)
{
	__u64 call = call_context(ctx, site);
	struct surroundings around;
	struct frame *caller, *frame;
	counters.transport_calls++;
	if (!calling_process())
		return;
	if (site->call == CALL_TRANSPORT_MAKE) {
		on_make_entry(ctx, site);
		return;
	}
	around = surroundings_of(call);
	caller = innermost_frame(&around);
	if (!caller)
		return;
	__u64 handle = caller->handle;
	__u32 library = caller->library;
	struct connection *connection = find_or_make_connection(handle, library);
	if (!connection || !needs_ciphertext(connection))
		return;
	if (site->call == CALL_TRANSPORT_WRITE) {
		__u64 buffer = value_of(ctx, &site->buffer), length = real_length(value_of(ctx, &site->length));
		if (begins_record(buffer, length))
			emit_library_record(handle, buffer, length, DIRECTION_SENT);
		return;
	}
	frame = push_call(ctx, site, call, handle);
	if (!frame)
		return;
	frame->library = library;
	frame->length = real_length(frame->length);
}

/* Of the call around that of the transport. Verified once. */
__noinline int note_last(__u64 call, __u64 moved)
{
	struct surroundings around = surroundings_of(call);
	struct frame *caller = innermost_frame(&around);
	if (caller)
		caller->moved = moved != 0;
	return 0;
}

static __always_inline void on_transport_return(struct pt_regs *ctx, const struct tls_site *site)
{
	struct frame *frame = control.armed ? find_frame(call_context(ctx, site)) : NULL;
	if (frame && frame->call == CALL_TRANSPORT_MAKE) {
		on_made(ctx, frame);
		drop_frame(frame);
		return;
	}
	if (!frame || frame->call != CALL_TRANSPORT_READ)
		return;
	__u64 moved = bytes_moved(frame, result_of(ctx, frame));
	note_last(frame->context, moved);
	emit_library_record(frame->handle, frame->buffer, moved, DIRECTION_RECEIVED);
	drop_frame(frame);
}

#endif
