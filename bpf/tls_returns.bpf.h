/* SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause */
/*
 * Where functions of TLS libraries return: what was moved, and what is over. A return is seen by a probe on an instruction of
 * the function, never by a return probe, which would change the program's stack.
 */
#ifndef SSLSNIFF_TLS_RETURNS_H
#define SSLSNIFF_TLS_RETURNS_H

#include "tls_calls.bpf.h"

static __always_inline bool moves_payload(__u8 call)
{
	return call == CALL_READ || call == CALL_WRITE;
}

static __always_inline __s64 result_of(struct pt_regs *ctx, const struct frame *frame)
{
	__u64 result = PT_REGS_RC(ctx);
	return frame->result_bytes == sizeof(result) ? (__s64)result : (int)result;
}

static __always_inline bool has_succeeded(const struct frame *frame, __s64 result)
{
	switch (frame->result) {
	case RESULT_NONE:
		return true;
	case RESULT_ZERO:
	case RESULT_COPIED:
		return !result;
	default:
		return result > 0;
	}
}

/* The number that a call stored where its argument points to; 0 when it cannot be read. */
static __always_inline __u64 stored_length(const struct frame *frame)
{
	__u64 length = 0, bytes = frame->done_bytes;
	if (bytes <= sizeof(length)) /* little endian */
		bpf_probe_read_user(&length, bytes, (void *)moved_with_stack(frame->context, frame->done));
	return length;
}

/* Bytes moved by a successful call, 0 if it failed or has to be repeated. */
static __always_inline __u64 bytes_moved(const struct frame *frame, __s64 result)
{
	if (!has_succeeded(frame, result))
		return 0;
	if (frame->done)
		return stored_length(frame);
	return frame->result == RESULT_ZERO ? frame->length : result; /* all of it */
}

static __always_inline void finish_handshake(struct connection *connection, __u64 handle)
{
	if (connection->flags & CONNECTION_HANDSHAKE_DONE)
		return;
	connection->flags |= CONNECTION_HANDSHAKE_DONE;
	if (connection->handshake_time || connection->flags & (CONNECTION_CLIENT | CONNECTION_SERVER))
		emit_handshake(handle, 0);
}

/* What a client sends between the hellos is early data (RFC 8446 section 2.3). */
static __always_inline bool is_between_hellos(const struct connection *connection)
{
	return connection->flags & CONNECTION_CLIENT_HELLO && wants_hello(connection);
}

/* Payload passes: the handshake is over. */
static __always_inline void finish_handshake_before(struct connection *connection, __u64 handle, __u64 direction)
{
	if (connection->flags & CONNECTION_HANDSHAKE_DONE ||
	    (direction == DIRECTION_SENT && is_between_hellos(connection)))
		return;
	if (connection->flags & CONNECTION_NEW && !(connection->flags & CONNECTION_CALLED))
		need_calls(1);
	finish_handshake(connection, handle);
}

/*
 * Payload of a call whose library was found to have a site that every record passes: it was seen there, unless the site is
 * not what it seemed, or the record was made before the capture. A write may be repeated until all of its records, seen at
 * the first try, are sent.
 */
static __always_inline bool was_seen_by_records(struct connection *connection, __u64 direction, __u64 moved)
{
	direction = bounded_direction(direction);
	__u64 ahead = connection->ahead[direction];
	if (!ahead) {
		need_calls(connection->flags & (CONNECTION_NEW | CONNECTION_HANDSHAKE_SEEN) ? 1 : 0);
		return false;
	}
	connection->ahead[direction] = ahead > moved ? ahead - moved : 0;
	return true;
}

/* A call nested in another one on the same handle moved the payload of both. False when it had been seen before. */
static __always_inline bool cover_callers(__u64 call, __u64 handle)
{
	struct surroundings around = surroundings_of(call);
	bool is_new = true;
	for (__u64 i = 0; i < SURROUNDING_FRAMES; i++) {
		struct frame *frame = surrounding_frame(&around, i);
		if (!frame || frame->handle != handle)
			continue;
		frame->covered = 1;
		if (frame->call == CALL_FLUSH)
			is_new = false;
	}
	return is_new;
}

/* The address of the bytes that a call has given out, if there are as many as it said; else 0. Verified once. */
__noinline __u64 given_out(__u64 pointer, __u64 offset, __u64 moved)
{
	struct {
		__u64 skipped, address, length;
	} slice = {};
	__u64 structure = 0;
	if (bpf_probe_read_user(&structure, sizeof(structure), (void *)pointer) ||
	    bpf_probe_read_user(&slice, sizeof(slice), (void *)(structure + offset)))
		return 0;
	return slice.length - slice.skipped == moved ? slice.address + slice.skipped : 0;
}

/* Verified once. */
__noinline int on_payload(__u64 call, __u64 moved)
{
	struct frame *frame = find_frame(call);
	__u64 copied = 0, keep = config.snaplen ? config.snaplen : WITHOUT_LIMIT;
	if (!frame || !moved || frame->covered)
		return 0;
	__u64 handle = frame->handle, buffer = frame->buffer;
	struct connection *connection = use_connection(handle, frame->library);
	if (!connection)
		return 0;
	bool is_write = frame->call == CALL_WRITE;
	__u64 direction = is_write ? DIRECTION_SENT : DIRECTION_RECEIVED;
	if (!(frame->flags & SITE_EARLY))
		finish_handshake_before(connection, handle, direction);
	/* Goroutines write on one connection at the same time, which `ahead` cannot count: the records of all were seen. */
	if (frame->flags & SITE_BY_RECORDS && (frame->goroutine || was_seen_by_records(connection, direction, moved)))
		return 0;
	if (is_write) {
		copied = connection->write_copied < moved ? connection->write_copied : moved;
		connection->write_copied = 0;
		connection->write_ciphertext = 0;
	}
	if (!cover_callers(call, handle))
		return 0;
	buffer = moved_with_stack(call, buffer);
	if (frame->slice)
		buffer = given_out(buffer, frame->slice, moved);
	direction |= is_write ? 0 : how_received(connection);
	emit_payload(connection, handle, direction, buffer + copied, moved - copied, keep);
	return 1;
}

static __always_inline void on_shutdown_return(const struct frame *frame, struct connection *connection, __s64 result)
{
	__u64 handle = frame->handle;
	bool is_phase = frame->result == RESULT_PHASE;
	if (!connection || (is_phase ? result < 0 : !has_succeeded(frame, result)))
		return;
	connection->flags |= CONNECTION_SHUTDOWN_SENT;
	/* Then reads and writes that moved nothing had made the handshake before. */
	if (frame->flags & SITE_LATE && is_in_handshake(connection) && !connection->handshake_end) {
		connection->flags |= CONNECTION_HANDSHAKE_DONE;
		emit_handshake(handle, HANDSHAKE_DONE_BEFORE);
	}
	if (!is_phase || result != 1)
		return;
	__u64 socket = connection->socket; /* both sides have said close_notify */
	close_connection(handle);
	if (socket)
		end_tls(socket);
}

static __always_inline void on_alpn_return(const struct frame *frame, struct connection *connection, __s64 result)
{
	bool is_text = frame->result == RESULT_TEXT;
	__u64 bytes = is_text ? result : 0, length = ALPN_LENGTH;
	if (!connection || connection->flags & (CONNECTION_ALPN | CONNECTION_CLOSED))
		return;
	if (frame->result == RESULT_COPIED) {
		bytes = result ? 0 : frame->buffer;
		length = stored_length(frame);
	} else if (!is_text) {
		bpf_probe_read_user(&bytes, sizeof(bytes), (void *)moved_with_stack(frame->context, frame->buffer));
		length = stored_length(frame);
	}
	if (!bytes || length == 0 || length > ALPN_LENGTH || !is_announced(connection, frame->handle))
		return;
	struct alpn_event *event = RESERVE_EVENT(struct alpn_event, EVENT_ALPN, connection->generation);
	if (!event)
		return;
	asm volatile("%0 &= 255" : "+r"(length)); /* for the verifier: it is already */
	event->length = length;
	if (is_text) {
		long read = bpf_probe_read_user_str(event->bytes, ALPN_LENGTH, (void *)bytes);
		event->length = read > 0 ? read - 1 : 0;
	} else if (bpf_probe_read_user(event->bytes, length, (void *)bytes)) {
		event->length = 0;
	}
	submit_event(event);
	connection->flags |= CONNECTION_ALPN;
}

/* Between the hellos, a call succeeds when early data can be sent. */
static __always_inline bool ends_handshake(const struct frame *frame, const struct connection *connection, __s64 result)
{
	return frame->call == CALL_HANDSHAKE && !(frame->flags & SITE_STEP) && connection &&
	       has_succeeded(frame, result) && !is_between_hellos(connection);
}

/* NULL when nothing is known of the call: its beginning was not seen, and this place does not tell. */
static __always_inline struct frame *returning_frame(struct pt_regs *ctx, const struct tls_site *site)
{
	struct process *process = calling_process();
	if (!process)
		return NULL;
	__u64 call = context_at(process, call_context(ctx, site), GOROUTINE(ctx));
	struct frame *frame = find_frame(call);
	if (!frame && site->call)
		frame = push_call(ctx, site, call, value_of(ctx, &site->handle));
	return frame;
}

static __always_inline int on_return(struct pt_regs *ctx, const struct tls_site *site)
{
	struct frame *frame = returning_frame(ctx, site);
	if (!frame)
		return 0;
	__s64 result = result_of(ctx, frame);
	__u8 call = frame->call;
	__u64 handle = frame->handle;
	bool has_failed = !has_succeeded(frame, result);
	struct connection *connection = find_connection(handle);
	if (config.has_ciphertext && (moves_payload(call) || call == CALL_HANDSHAKE) && !frame->goroutine &&
	    connection && lacks_socket(connection))
		need_transport_probes(connection->generation);
	if (moves_payload(call))
		on_payload(frame->context, bytes_moved(frame, result));
	else if (ends_handshake(frame, connection, result))
		finish_handshake(connection, handle);
	else if (call == CALL_SHUTDOWN)
		on_shutdown_return(frame, connection, result);
	else if (call == CALL_ALPN)
		on_alpn_return(frame, connection, result);
	if (has_failed && connection && is_in_handshake(connection))
		on_handshake_stopped(connection, frame);
	if (call == CALL_CLOSE)
		forget_connection(handle);
	drop_frame(frame);
	return 0;
}

#endif
