/* SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause */
/*
 * Where functions of TLS libraries begin, as tls_site.h describes them: a frame for what the return (tls_returns.bpf.h) and
 * socket calls within need to know.
 */
#ifndef SSLSNIFF_TLS_CALLS_H
#define SSLSNIFF_TLS_CALLS_H

#include "socket.bpf.h"
#include "call_need.bpf.h"

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

/* Whether a call on this handle is running around this one. */
static __always_inline bool inside_call_on(__u64 call, __u64 handle)
{
	struct surroundings around = surroundings_of(call);
	for (__u64 i = 0; i < SURROUNDING_FRAMES; i++) {
		struct frame *frame = surrounding_frame(&around, i);
		if (frame && frame->handle == handle)
			return true;
	}
	return false;
}

/* close_notify is about to be sent, which it only is after a handshake. */
static __always_inline void note_farewell(__u64 handle)
{
	struct connection *connection = find_connection(handle);
	if (connection && connection->flags & CONNECTION_HANDSHAKE_DONE)
		connection->flags |= CONNECTION_SHUTDOWN_SENT;
}

/* What is over when it begins. */
static __always_inline void on_transition(const struct process *process, __u64 call, __u64 handle,
                                          const struct tls_site *site)
{
	if (inside_call_on(call, handle))
		return; /* a handshake may clear the object itself */
	switch (site->call) {
	case CALL_FREE:
		if (site->flags & SITE_FAREWELL)
			note_farewell(handle);
		forget_connection(handle);
		break;
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

/*
 * The collector of Go frees a tls.Conn without a call that tells. What makes a handshake after one that was done is another
 * one at the same place, unless it is a renegotiation, which a read makes.
 */
static __always_inline void on_conn_handshake(struct connection *connection, __u64 call, __u64 handle)
{
	if (connection->flags & CONNECTION_HANDSHAKE_DONE && !(connection->socket && inside_call_on(call, handle)))
		renew_connection(connection, handle);
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

/* A handshake that no call for that has begun. Tickets and renegotiations pass here too, also of connections joined later. */
static __always_inline bool begins_handshake(__u64 call, __u64 handle)
{
	struct connection *connection = find_connection(handle);
	if (!connection || !(connection->flags & CONNECTION_NEW) || connection->flags & CONNECTION_HANDSHAKE_DONE)
		return false;
	struct frame *frame = find_frame(call); /* of a public function that jumped here */
	return !frame || frame->handle != handle || frame->call != CALL_HANDSHAKE;
}

static __always_inline __u8 kind_of_call(struct pt_regs *ctx, const struct tls_site *site)
{
	if (site->call == CALL_HANDSHAKE_WITHIN)
		return CALL_HANDSHAKE;
	return site->call == CALL_READ && value_of(ctx, &site->unread) ? CALL_PEEK : site->call;
}

/* A frame for this call; NULL when there is no room. */
static __always_inline struct frame *push_call(struct pt_regs *ctx, const struct tls_site *site, __u64 call,
                                               __u64 handle)
{
	struct frame *frame = push_frame(call, PT_REGS_SP(ctx) + site->stack, GOROUTINE(ctx));
	if (!frame)
		return NULL;
	frame->handle = handle;
	frame->buffer = value_of(ctx, &site->buffer);
	frame->length = value_of(ctx, &site->length);
	frame->done = value_of(ctx, &site->moved);
	frame->done_bytes = site->moved_bytes;
	frame->library = site->library;
	frame->call = kind_of_call(ctx, site);
	frame->result = site->result;
	frame->result_bytes = site->result_bytes;
	frame->flags = site->flags;
	frame->slice = site->slice;
	return frame;
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
	if (!process)
		return;
	__u64 handle = value_of(ctx, &site->handle);
	if (!handle)
		return; /* the library refuses such calls */
	if (site->flags & SITE_GOROUTINE) {
		if (!process->goroutines)
			process->goroutines = 1;
		if (!has_transport(handle))
			return;
	}
	__u64 call = context_at(process, call_context(ctx, site), GOROUTINE(ctx));
	if (site->call >= CALL_FREE) {
		on_transition(process, call, handle, site);
		return;
	}
	if (site->call == CALL_HANDSHAKE_WITHIN && !begins_handshake(call, handle))
		return;
	counters.calls++;
	struct frame *frame = push_call(ctx, site, call, handle);
	if (!frame)
		return;
	bool is_handshake = frame->call == CALL_HANDSHAKE;
	struct connection *connection = is_handshake ? use_connection(handle, site->library) : find_connection(handle);
	if (connection && is_handshake) {
		if (site->flags & SITE_GOROUTINE)
			on_conn_handshake(connection, call, handle);
		on_handshake_entry(process, connection, site->flags);
	}
	if (is_watched_call(frame, connection)) {
		frame->watched = 1;
		watch_process(process);
	}
}

#endif
