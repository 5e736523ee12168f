/* SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause */
/*
 * Entry and return of the functions of TLS libraries, as tls_site.h describes them. No structure of the library is read:
 * everything comes from arguments and results. A return is seen by a probe on an instruction of the function, never by
 * a return probe, which would change the program's stack.
 */
#ifndef SSLSNIFF_TLS_CALLS_H
#define SSLSNIFF_TLS_CALLS_H

#include "socket.bpf.h"
#include "call_need.bpf.h"

static __always_inline bool moves_payload(__u8 call)
{
	return call == CALL_READ || call == CALL_WRITE;
}

static __always_inline __u64 argument(struct pt_regs *ctx, __u8 number)
{
	__u64 fourth = PT_REGS_PARM4(ctx), fifth = PT_REGS_PARM5(ctx);
	barrier_var(fourth); /* both are read, or the compiler would compute on ctx */
	barrier_var(fifth);
	return number == 4 ? fourth : number == 5 ? fifth : 0;
}

/* NULL when the current process is not traced. */
static __always_inline struct process *calling_process(void)
{
	struct process *process = control.armed ? traced_process(current_tgid()) : NULL;
	if (!process)
		counters.bystander_calls++;
	else if (!process->calls_tls)
		process->calls_tls = 1;
	return process;
}

static __always_inline void on_role_set(__u64 handle, const struct tls_site *site)
{
	struct connection *connection = use_connection(handle, site->library);
	if (!connection || connection->flags & CONNECTION_HANDSHAKE_DONE)
		return;
	if (!connection->position[0] && !connection->position[1])
		connection->flags |= CONNECTION_NEW;
	connection->flags &= ~(CONNECTION_CLIENT | CONNECTION_SERVER);
	connection->flags |= site->flags & SITE_CLIENT ? CONNECTION_CLIENT : CONNECTION_SERVER;
}

/* Whether a call on this handle is running around the stack pointer. */
static __always_inline bool inside_call_on(__u64 stack_pointer, __u64 handle)
{
	struct surroundings around = surroundings_of(stack_pointer);
	for (__u64 i = 0; i < SURROUNDING_FRAMES; i++) {
		struct frame *frame = surrounding_frame(&around, i);
		if (frame && frame->handle == handle)
			return true;
	}
	return false;
}

/* What is over when it begins. */
static __always_inline void on_transition(const struct process *process, __u64 stack_pointer, __u64 handle,
                                          const struct tls_site *site)
{
	if (inside_call_on(stack_pointer, handle))
		return; /* a handshake may clear the object itself */
	switch (site->call) {
	case CALL_FREE:
	case CALL_CLEAR:
		forget_connection(handle);
		break;
	case CALL_SET_TRANSPORT:
		unbind_connection(handle);
		break;
	case CALL_SET_ROLE:
		on_role_set(handle, site);
		need_calls_of(process);
		break;
	}
}

static __always_inline void on_handshake_entry(struct process *process, struct connection *connection, __u8 flags)
{
	connection->flags |= CONNECTION_CALLED;
	on_handshake_continued(connection);
	if (!process->handshakes)
		process->handshakes = 1;
	if (connection->flags & CONNECTION_HANDSHAKE_DONE)
		return;
	if (!connection->position[0] && !connection->position[1])
		connection->flags |= CONNECTION_HANDSHAKE_SEEN;
	if (!connection->handshake_time)
		connection->handshake_time = bpf_ktime_get_ns();
	if (flags & SITE_CLIENT)
		connection->flags |= CONNECTION_CLIENT;
	if (flags & SITE_SERVER)
		connection->flags |= CONNECTION_SERVER;
}

/* Socket calls within the call tell something: which socket it is, what a hello says, how far a long write has come. */
static __always_inline bool is_watched_call(const struct frame *frame, struct connection *connection)
{
	return !connection || connection->flags & CONNECTION_CLOSED || !connection->socket || wants_hello(connection) ||
	       is_in_handshake(connection) || is_long_write(frame);
}

static __always_inline void on_entry(struct pt_regs *ctx, const struct tls_site *site)
{
	struct process *process = calling_process();
	__u64 stack_pointer = PT_REGS_SP(ctx) + site->stack, handle = PT_REGS_PARM1(ctx);
	if (!process)
		return;
	if (site->call >= CALL_FREE) {
		on_transition(process, stack_pointer, handle, site);
		return;
	}
	counters.calls++;
	struct frame *frame = push_frame(stack_pointer);
	if (!frame)
		return;
	frame->handle = handle;
	frame->buffer = PT_REGS_PARM2(ctx);
	frame->length = PT_REGS_PARM3(ctx);
	frame->done = argument(ctx, site->moved);
	frame->library = site->library;
	frame->call = site->call;
	frame->flags = site->flags;
	if (!(site->flags & SITE_LONG_LENGTH))
		frame->length = (__u32)frame->length;
	struct connection *connection =
		site->call == CALL_HANDSHAKE ? use_connection(handle, site->library) : find_connection(handle);
	if (connection && site->call == CALL_HANDSHAKE)
		on_handshake_entry(process, connection, site->flags);
	if (is_watched_call(frame, connection)) {
		frame->watched = 1;
		watch_process(process);
	}
}

/* Bytes moved by a successful call, 0 if it failed or has to be repeated. */
static __always_inline __u64 bytes_moved(const struct frame *frame, int result)
{
	__u64 moved = 0;
	if (result <= 0)
		return 0;
	if (!frame->done)
		return result;
	return bpf_probe_read_user(&moved, sizeof(moved), (void *)frame->done) ? 0 : moved;
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

/* A call nested in another one on the same handle moved the payload of both. */
static __always_inline void cover_callers(__u64 stack_pointer, __u64 handle)
{
	struct surroundings around = surroundings_of(stack_pointer);
	for (__u64 i = 0; i < SURROUNDING_FRAMES; i++) {
		struct frame *frame = surrounding_frame(&around, i);
		if (frame && frame->handle == handle)
			frame->covered = 1;
	}
}

/* Verified once. */
__noinline int on_payload(__u64 stack_pointer, __u64 moved)
{
	struct frame *frame = find_frame(stack_pointer);
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
	if (frame->flags & SITE_BY_RECORDS && was_seen_by_records(connection, direction, moved))
		return 0;
	if (is_write) {
		copied = connection->write_copied < moved ? connection->write_copied : moved;
		connection->write_copied = 0;
		connection->write_ciphertext = 0;
	}
	cover_callers(stack_pointer, handle);
	emit_payload(connection, handle, is_write ? DIRECTION_SENT : DIRECTION_RECEIVED, buffer + copied,
	             moved - copied, keep);
	return 1;
}

static __always_inline void on_shutdown_return(__u64 handle, struct connection *connection, int result)
{
	if (!connection || result < 0)
		return;
	connection->flags |= CONNECTION_SHUTDOWN_SENT;
	/* The library refuses it amid a handshake: reads and writes that moved nothing had made it before. */
	if (is_in_handshake(connection) && !connection->handshake_end) {
		connection->flags |= CONNECTION_HANDSHAKE_DONE;
		emit_handshake(handle, HANDSHAKE_DONE_BEFORE);
	}
	if (result != 1)
		return;
	__u64 socket = connection->socket; /* both sides have said close_notify */
	close_connection(handle);
	if (socket)
		end_tls(socket);
}

static __always_inline void on_alpn_return(const struct frame *frame, struct connection *connection)
{
	__u64 bytes = 0;
	__u32 read_length = 0;
	if (!connection || connection->flags & (CONNECTION_ALPN | CONNECTION_CLOSED))
		return;
	if (bpf_probe_read_user(&bytes, sizeof(bytes), (void *)frame->buffer) ||
	    bpf_probe_read_user(&read_length, sizeof(read_length), (void *)frame->length))
		return;
	__u64 length = read_length;
	if (!bytes || length == 0 || length > ALPN_LENGTH || !is_announced(connection, frame->handle))
		return;
	struct alpn_event *event = RESERVE_EVENT(struct alpn_event, EVENT_ALPN, connection->generation);
	if (!event)
		return;
	asm volatile("%0 &= 255" : "+r"(length)); /* for the verifier: it is already */
	event->length = length;
	if (bpf_probe_read_user(event->bytes, length, (void *)bytes))
		event->length = 0;
	submit_event(event);
	connection->flags |= CONNECTION_ALPN;
}

static __always_inline int on_return(struct pt_regs *ctx, const struct tls_site *site)
{
	__u64 stack_pointer = PT_REGS_SP(ctx) + site->stack;
	struct frame *frame = calling_process() ? find_frame(stack_pointer) : NULL;
	if (!frame)
		return 0;
	int result = (int)PT_REGS_RC(ctx);
	__u8 call = frame->call;
	__u64 handle = frame->handle;
	struct connection *connection = find_connection(handle);
	if (config.has_ciphertext && (moves_payload(call) || call == CALL_HANDSHAKE) && connection &&
	    lacks_socket(connection))
		need_bio_probes(connection->generation);
	if (moves_payload(call))
		on_payload(stack_pointer, bytes_moved(frame, result));
	else if (call == CALL_HANDSHAKE && connection && result == 1 && !is_between_hellos(connection))
		finish_handshake(connection, handle); /* between them, a call succeeds when early data can be sent */
	else if (call == CALL_SHUTDOWN)
		on_shutdown_return(handle, connection, result);
	else if (call == CALL_ALPN)
		on_alpn_return(frame, connection);
	if (result <= 0 && connection && is_in_handshake(connection))
		on_handshake_stopped(connection, frame);
	drop_frame(frame);
	return 0;
}

#endif
