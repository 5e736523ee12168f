/* SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause */
/*
 * Entry and return of OpenSSL's functions (tls_function.h). No structure of the library is read: everything comes
 * from arguments and results.
 */
#ifndef SSLSNIFF_OPENSSL_H
#define SSLSNIFF_OPENSSL_H

#include "payload.bpf.h"
#include "frame.bpf.h"
#include "memory_bio.bpf.h"

enum call_kind {
	CALL_OTHER,
	CALL_READ,
	CALL_WRITE,
	CALL_PEEK,
	CALL_HANDSHAKE,
	CALL_SHUTDOWN,
	CALL_ALPN,
};

static __always_inline enum call_kind kind_of(__u32 function)
{
	switch (function) {
	case TLS_FN_READ:
	case TLS_FN_READ_EX:
	case TLS_FN_READ_EARLY_DATA:
	case TLS_FN_READ_INTERNAL:
		return CALL_READ;
	case TLS_FN_WRITE:
	case TLS_FN_WRITE_EX:
	case TLS_FN_WRITE_EX2:
	case TLS_FN_WRITE_EARLY_DATA:
	case TLS_FN_WRITE_INTERNAL:
	case TLS_FN_WRITE_INTERNAL_FLAGS:
		return CALL_WRITE;
	case TLS_FN_PEEK:
	case TLS_FN_PEEK_EX:
	case TLS_FN_PEEK_INTERNAL:
		return CALL_PEEK;
	case TLS_FN_DO_HANDSHAKE:
	case TLS_FN_CONNECT:
	case TLS_FN_ACCEPT:
		return CALL_HANDSHAKE;
	case TLS_FN_SHUTDOWN:
		return CALL_SHUTDOWN;
	case TLS_FN_GET0_ALPN_SELECTED:
		return CALL_ALPN;
	default:
		return CALL_OTHER;
	}
}

/* Where the function tells how many octets it moved; 0: by its return value. */
static __always_inline __u64 done_argument(struct pt_regs *ctx, __u32 function)
{
	__u64 fourth = PT_REGS_PARM4(ctx), fifth = PT_REGS_PARM5(ctx);
	barrier_var(fourth); /* both are read, or the compiler would compute on ctx */
	barrier_var(fifth);
	switch (function) {
	case TLS_FN_WRITE_EX2:
	case TLS_FN_WRITE_INTERNAL_FLAGS:
		return fifth;
	case TLS_FN_READ:
	case TLS_FN_WRITE:
	case TLS_FN_PEEK:
		return 0;
	default:
		return fourth;
	}
}

static __always_inline void on_role_set(__u64 handle, __u32 function, __u32 library)
{
	struct connection *connection = use_connection(handle, library);
	if (!connection || connection->flags & CONNECTION_HANDSHAKE_DONE)
		return;
	if (!connection->position[0] && !connection->position[1])
		connection->flags |= CONNECTION_NEW;
	connection->flags &= ~(CONNECTION_CLIENT | CONNECTION_SERVER);
	connection->flags |= function == TLS_FN_SET_CONNECT_STATE ? CONNECTION_CLIENT : CONNECTION_SERVER;
}

/* SSL_free, SSL_clear and the like: over when they begin. */
static __always_inline void on_transition(struct thread *thread, __u64 handle, __u32 function, __u32 library)
{
	if (inside_call_on(thread, handle))
		return; /* a handshake begins with SSL_clear of its own */
	switch (function) {
	case TLS_FN_FREE:
	case TLS_FN_CLEAR:
		forget_connection(handle);
		break;
	case TLS_FN_SET_FD:
	case TLS_FN_SET_BIO:
		unbind_connection(handle);
		break;
	case TLS_FN_SET_CONNECT_STATE:
	case TLS_FN_SET_ACCEPT_STATE:
		on_role_set(handle, function, library);
		break;
	}
}

static __always_inline void on_handshake_entry(__u64 handle, __u32 function, __u32 library)
{
	struct connection *connection = use_connection(handle, library);
	if (!connection || connection->flags & CONNECTION_HANDSHAKE_DONE)
		return;
	if (!connection->position[0] && !connection->position[1])
		connection->flags |= CONNECTION_HANDSHAKE_SEEN;
	if (!connection->handshake_time)
		connection->handshake_time = bpf_ktime_get_ns();
	if (function == TLS_FN_CONNECT)
		connection->flags |= CONNECTION_CLIENT;
	if (function == TLS_FN_ACCEPT)
		connection->flags |= CONNECTION_SERVER;
}

/* NULL when its process is not traced. */
static __always_inline struct thread *traced_thread(void)
{
	struct thread *thread = current_thread();
	if (thread)
		return thread;
	struct process *process = traced_process(bpf_get_current_pid_tgid() >> 32);
	if (!process)
		return NULL;
	process->calls_tls = 1;
	thread = make_current_thread();
	if (!thread)
		count_loss(LOSS_MAP_FULL, 0);
	return thread;
}

static __always_inline void on_entry(struct pt_regs *ctx, __u32 function, __u32 library)
{
	struct thread *thread = control.armed ? traced_thread() : NULL;
	__u64 stack_pointer = PT_REGS_SP(ctx), handle = PT_REGS_PARM1(ctx);
	enum call_kind kind = kind_of(function);
	if (!thread)
		return;
	if (kind == CALL_OTHER) {
		unwind(thread, stack_pointer);
		on_transition(thread, handle, function, library);
		return;
	}
	struct frame *frame = push_frame(thread, stack_pointer);
	if (!frame)
		return;
	frame->handle = handle;
	frame->buffer = PT_REGS_PARM2(ctx);
	frame->length = PT_REGS_PARM3(ctx);
	frame->done = done_argument(ctx, function);
	frame->function = function;
	frame->library = library;
	if (!frame->done)
		frame->length = (__u32)frame->length;
	if (kind == CALL_HANDSHAKE)
		on_handshake_entry(handle, function, library);
}

/* Octets moved by a successful call, 0 if it failed or has to be repeated. */
static __always_inline __u64 octets_moved(const struct frame *frame, int result)
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

/* A call nested in another one on the same SSL object moved the payload of both. */
static __always_inline void cover_callers(struct thread *thread, __u64 handle)
{
	for (__u64 i = 0; i < MAX_FRAMES; i++)
		if (i < thread->depth && frame_at(thread, i)->handle == handle)
			frame_at(thread, i)->covered = 1;
}

/* `connection`: what is known of the frame's handle, or NULL. */
static __always_inline void on_payload(struct thread *thread, const struct frame *frame, struct connection *connection,
                                       enum call_kind kind, __u64 moved)
{
	__u64 copied = 0, keep = config.snaplen ? config.snaplen : WITHOUT_LIMIT;
	if (!moved || frame->covered)
		return;
	if (!connection || connection->flags & CONNECTION_CLOSED)
		connection = use_connection(frame->handle, frame->library);
	if (!connection)
		return;
	if (frame->function != TLS_FN_READ_EARLY_DATA && frame->function != TLS_FN_WRITE_EARLY_DATA)
		finish_handshake(connection, frame->handle);
	if (kind == CALL_WRITE) {
		copied = connection->write_copied < moved ? connection->write_copied : moved;
		connection->write_copied = 0;
		connection->write_ciphertext = 0;
	}
	emit_payload(connection, frame->handle, kind == CALL_WRITE ? DIRECTION_SENT : DIRECTION_RECEIVED,
	             frame->buffer + copied, moved - copied, keep);
	cover_callers(thread, frame->handle);
}

static __always_inline void on_handshake_return(const struct frame *frame, struct connection *connection, int result)
{
	if (connection && result == 1)
		finish_handshake(connection, frame->handle);
}

static __always_inline void on_shutdown_return(const struct frame *frame, struct connection *connection, int result)
{
	if (!connection || result < 0)
		return;
	connection->flags |= CONNECTION_SHUTDOWN_SENT;
	if (result == 1) /* both sides have said close_notify */
		close_connection(frame->handle);
}

/* void SSL_get0_alpn_selected(ssl, const unsigned char **data, unsigned *length) */
static __always_inline void on_alpn_return(const struct frame *frame, struct connection *connection)
{
	__u64 octets = 0;
	__u32 read_length = 0;
	if (!connection || connection->flags & (CONNECTION_ALPN | CONNECTION_CLOSED))
		return;
	if (bpf_probe_read_user(&octets, sizeof(octets), (void *)frame->buffer) ||
	    bpf_probe_read_user(&read_length, sizeof(read_length), (void *)frame->length))
		return;
	__u64 length = read_length;
	if (!octets || length == 0 || length > ALPN_LENGTH || !is_announced(connection, frame->handle))
		return;
	struct alpn_event *event = RESERVE_EVENT(struct alpn_event, EVENT_ALPN, connection->generation);
	if (!event)
		return;
	asm volatile("%0 &= 255" : "+r"(length)); /* for the verifier: it is already */
	event->length = length;
	if (bpf_probe_read_user(event->octets, length, (void *)octets))
		event->length = 0;
	submit_event(event);
	connection->flags |= CONNECTION_ALPN;
}

static __always_inline int on_return(struct pt_regs *ctx)
{
	if (!control.armed)
		return 0;
	struct thread *thread = current_thread();
	if (!thread)
		return 0;
	struct frame *frame = pop_frame(thread, PT_REGS_SP(ctx));
	if (!frame)
		return 0;
	int result = (int)PT_REGS_RC(ctx);
	enum call_kind kind = kind_of(frame->function);
	struct connection *connection = find_connection(frame->handle);
	if (config.has_ciphertext && (kind == CALL_READ || kind == CALL_WRITE || kind == CALL_HANDSHAKE) &&
	    connection && lacks_socket(connection))
		need_bio_probes(connection->generation);
	switch (kind) {
	case CALL_READ:
	case CALL_WRITE:
		on_payload(thread, frame, connection, kind, octets_moved(frame, result));
		break;
	case CALL_HANDSHAKE:
		on_handshake_return(frame, connection, result);
		break;
	case CALL_SHUTDOWN:
		on_shutdown_return(frame, connection, result);
		break;
	case CALL_ALPN:
		on_alpn_return(frame, connection);
		break;
	default:
		break;
	}
	return 0;
}

#endif
