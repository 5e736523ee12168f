/* SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause */
/*
 * Socket calls made inside TLS calls: they tell which socket carries an SSL object, show the hellos of the
 * handshake, and how far a long write has come. A binding holds until the socket closes or the object gets
 * another one; other sockets used meanwhile inside the library's callbacks (logging, OCSP) are not taken for it.
 */
#ifndef SSLSNIFF_SOCKET_H
#define SSLSNIFF_SOCKET_H

#include "payload.bpf.h"
#include "frame.bpf.h"
#include "hello.bpf.h"
#include "memory_bio.bpf.h"
#include "socket_identity.bpf.h"
#include "syscall_buffer.bpf.h"

#define LONG_WRITE    (1 << 20) /* copied while it is being sent */
#define RECORD_LENGTH 16384     /* greatest plaintext of a TLS record (RFC 8446 section 5.1) */

/* Binds a connection to a socket, given by its address, unless it cannot carry TLS. */
__noinline int bind_connection(__u64 handle, __u64 socket, __u32 direction)
{
	struct sock *sk = (void *)socket;
	struct connection *connection = find_connection(handle);
	struct connection_key key = key_of(handle);
	if (!connection || !can_carry_tls(sk))
		return 0;
	if (connection->last_socket == socket) { /* it got another BIO for the same socket */
		connection->socket = socket;
		connection->last_socket = 0;
		bpf_map_update_elem(&bound_sockets, &socket, &key, BPF_ANY);
		return 1;
	}
	if (connection->last_socket)
		renew_connection(connection, handle);
	if (!is_announced(connection, handle))
		return 0;
	struct bind_event *event = RESERVE_EVENT(struct bind_event, EVENT_BIND, connection->generation);
	if (!event)
		return 0;
	event->header.direction = direction;
	describe_socket(event, sk, config.has_socket_cookie ? known_identity(socket) : number_of(socket));
	submit_event(event);
	has_own_sockets();
	connection->socket = socket;
	connection->last_socket = 0;
	bpf_map_update_elem(&bound_sockets, &socket, &key, BPF_ANY);
	return 1;
}

/* Reads go on for a while when the socket is closed. */
static __always_inline bool is_dead(const struct connection *connection, __u64 socket)
{
	return connection->flags & CONNECTION_SOCKET_CLOSED && connection->last_socket == socket;
}

/*
 * Copies what of a long write has certainly been encrypted, so that the ring need not hold all of it at once.
 * Records carry at most RECORD_LENGTH and cost at most 1/32 of it; one record may be on its way.
 */
__noinline int follow_write(__u64 handle, __u64 buffer, __u64 length, __u64 ciphertext)
{
	struct connection *connection = find_connection(handle);
	if (!connection || config.snaplen)
		return 0;
	connection->write_ciphertext += ciphertext;
	__u64 copied = connection->write_copied;
	__u64 sent = connection->write_ciphertext - connection->write_ciphertext / 32;
	if (sent < copied + config.follow_bytes + RECORD_LENGTH)
		return 0;
	sent -= RECORD_LENGTH;
	if (sent > length)
		sent = length;
	if (sent <= copied)
		return 0;
	connection->write_copied = sent;
	emit_payload(connection, handle, DIRECTION_SENT, buffer + copied, sent - copied, WITHOUT_LIMIT);
	return 1;
}

static __always_inline bool is_long_write(const struct frame *frame)
{
	switch (frame->function) {
	case TLS_FN_WRITE:
	case TLS_FN_WRITE_EX:
	case TLS_FN_WRITE_EX2:
	case TLS_FN_WRITE_INTERNAL:
	case TLS_FN_WRITE_INTERNAL_FLAGS:
		return frame->length >= LONG_WRITE;
	default:
		return false;
	}
}

/*
 * Whether anything is to be learnt from a call on this socket: not for processes that are not traced, and not inside of
 * a TLS call on the socket that it is bound to, which is the usual case.
 */
static __always_inline bool needs_look(struct sock *sk)
{
	struct thread *thread = control.armed ? current_thread() : NULL;
	struct connection *connection;
	struct frame *frame;
	if (!thread)
		return control.armed && traced_process(bpf_get_current_pid_tgid() >> 32);
	if (thread->depth != 1)
		return true;
	frame = frame_at(thread, 0);
	connection = find_connection(frame->handle);
	if (!connection || connection->flags & CONNECTION_CLOSED || wants_hello(connection) || is_long_write(frame))
		return true;
	/* The verifier does not let a pointer pass for a number. */
	*(volatile __u64 *)&thread->socket = (__u64)sk;
	return connection->socket != *(volatile __u64 *)&thread->socket;
}

static __always_inline void on_socket_call(struct sock *sk, int result, __u64 direction)
{
	if (!control.armed)
		return;
	struct thread *thread = current_thread();
	if (!thread || !thread->depth)
		return;
	struct syscall_buffer buffer = {};
	struct syscall_arguments system_call;
	if (read_syscall(&system_call)) {
		unwind(thread, system_call.stack_pointer);
		buffer = buffer_of(&system_call);
	}
	/* The verifier does not let a pointer pass for a number. */
	*(volatile __u64 *)&thread->socket = (__u64)sk;
	__u64 socket = *(volatile __u64 *)&thread->socket;
	__u64 moved = result > 0 ? result : 0;
	if (buffer.length > moved)
		buffer.length = moved;
	for (__u64 i = 0; i < MAX_FRAMES; i++) {
		if (i >= thread->depth)
			break;
		struct frame *frame = frame_at(thread, i);
		struct connection *connection = find_or_make_connection(frame->handle, frame->library);
		if (!connection || connection->flags & CONNECTION_CLOSED)
			continue;
		if (connection->socket && connection->socket != socket)
			continue;
		bool innermost = i + 1 == thread->depth;
		if (innermost && buffer.length && wants_hello(connection))
			sample_hello(frame->handle, buffer.address, buffer.length, direction);
		if (!connection->socket && !is_dead(connection, socket) && !is_bound_by_ciphertext(connection))
			bind_connection(frame->handle, socket, direction);
		if (innermost && direction == DIRECTION_SENT && moved && is_long_write(frame))
			follow_write(frame->handle, frame->buffer, frame->length, moved);
	}
}

/* May run in any context: the connection is found by the socket alone. */
static __always_inline void on_socket_closed(struct sock *sk)
{
	__u64 socket = (__u64)sk;
	struct connection_key *key = bpf_map_lookup_elem(&bound_sockets, &socket);
	struct connection *connection;
	int error;
	if (!config.has_socket_cookie && !config.cleartext) /* else when the socket is freed */
		bpf_map_delete_elem(&socket_identities, &socket);
	if (!key)
		return;
	connection = bpf_map_lookup_elem(&connections, key);
	if (connection && connection->socket == socket) {
		error = BPF_CORE_READ(sk, sk_err);
		connection->flags |= CONNECTION_SOCKET_CLOSED;
		if (error == ECONNRESET || error == EPIPE)
			connection->flags |= CONNECTION_SOCKET_RESET;
		connection->last_socket = socket;
		connection->socket = 0;
	}
	bpf_map_delete_elem(&bound_sockets, &socket);
}

#endif
