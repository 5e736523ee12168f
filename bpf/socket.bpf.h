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
#include "syscall_buffer.bpf.h"
#include "memory_bio.bpf.h"
#include <bpf/bpf_endian.h>

#define AF_UNIX     1
#define AF_INET     2
#define AF_INET6    10
#define SOCK_STREAM 1
#define IPPROTO_TCP 6
#define IPPROTO_UDP 17
#define TCP_CLOSE   7

#define RECORD_HANDSHAKE 0x16
#define CLIENT_HELLO     1
#define SERVER_HELLO     2
#define HELLO_TRIES      8 /* socket calls looked at for each connection */

#define LONG_WRITE    (1 << 20) /* copied while it is being sent */
#define RECORD_LENGTH 16384     /* greatest plaintext of a TLS record (RFC 8446 section 5.1) */

static __always_inline bool can_carry_tls(struct sock *sk)
{
	__u16 family = BPF_CORE_READ(sk, __sk_common.skc_family);
	if (family == AF_INET || family == AF_INET6)
		return BPF_CORE_READ(sk, sk_protocol) == IPPROTO_TCP;
	return family == AF_UNIX && BPF_CORE_READ(sk, sk_type) == SOCK_STREAM;
}

static __always_inline void read_address(struct bind_event *event, struct sock *sk)
{
	if (event->family == AF_INET) {
		BPF_CORE_READ_INTO((__u32 *)event->local, sk, __sk_common.skc_rcv_saddr);
		BPF_CORE_READ_INTO((__u32 *)event->remote, sk, __sk_common.skc_daddr);
	} else if (event->family == AF_INET6) {
		BPF_CORE_READ_INTO((struct in6_addr *)event->local, sk, __sk_common.skc_v6_rcv_saddr);
		BPF_CORE_READ_INTO((struct in6_addr *)event->remote, sk, __sk_common.skc_v6_daddr);
	} else {
		return;
	}
	event->local_port = BPF_CORE_READ(sk, __sk_common.skc_num);
	event->remote_port = bpf_ntohs(BPF_CORE_READ(sk, __sk_common.skc_dport));
}

/* The verifier does not let a pointer pass for a number. */
static __always_inline __u64 address_of(const void *object)
{
	__u64 address = 0;
	bpf_probe_read_kernel(&address, sizeof(address), &object);
	return address;
}

/*
 * What tells a socket from others for as long as it lives: the kernel's cookie. Where programs cannot have the kernel
 * make one (Linux before 5.12, kprobes), a number that we give it.
 */
static __always_inline __u64 number_of(__u64 socket)
{
	__u64 *known = bpf_map_lookup_elem(&socket_identities, &socket);
	if (known)
		return *known;
	__u64 fresh = new_generation();
	bpf_map_update_elem(&socket_identities, &socket, &fresh, BPF_NOEXIST);
	known = bpf_map_lookup_elem(&socket_identities, &socket);
	return known ? *known : 0;
}

/* 0 when it has none. */
static __always_inline __u64 known_identity(__u64 socket)
{
	if (config.has_socket_cookie)
		return BPF_CORE_READ((struct sock *)socket, __sk_common.skc_cookie.counter);
	__u64 *known = bpf_map_lookup_elem(&socket_identities, &socket);
	return known ? *known : 0;
}

/* Where the kernel hands out a struct sock: kprobes only know an address. */
static __always_inline __u64 identity_of(struct sock *sk)
{
	return config.has_socket_cookie ? bpf_get_socket_cookie(sk) : number_of((__u64)sk);
}

static __always_inline void describe_socket(struct bind_event *event, struct sock *sk, __u64 identity)
{
	__builtin_memset(&event->cookie, 0, sizeof(*event) - sizeof(event->header));
	event->cookie = identity;
	event->netns = BPF_CORE_READ(sk, __sk_common.skc_net.net, ns.inum);
	event->family = BPF_CORE_READ(sk, __sk_common.skc_family);
	event->protocol = BPF_CORE_READ(sk, sk_protocol);
	event->connect_us = connect_time_of(identity);
	read_address(event, sk);
}

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

/* Which hello begins at `octets`, and with which EVENT_HELLO flags; 0: none. */
static __always_inline __u8 hello_at(const __u8 *octets, __u8 *flags)
{
	if (octets[0] == RECORD_HANDSHAKE && octets[1] == 3 && octets[5] <= SERVER_HELLO)
		return octets[5];
	/* the header was read by a call before */
	*flags = HELLO_WITHOUT_RECORD_HEADER;
	if (octets[0] <= SERVER_HELLO && octets[1] == 0 && octets[4] == 3 && octets[5] <= 3)
		return octets[0];
	return 0;
}

/* Sends the hello that the buffer of a socket call begins with, if it does. */
__noinline int sample_hello(__u64 handle, __u64 address, __u64 length, __u32 direction)
{
	__u8 octets[6], flags = 0;
	struct connection *connection = find_connection(handle);
	if (!connection || length < sizeof(octets))
		return 0;
	connection->hello_tries++;
	if (bpf_probe_read_user(octets, sizeof(octets), (void *)address))
		return 0;
	__u8 hello = hello_at(octets, &flags);
	if (!hello)
		return 0;
	connection->flags |= hello == CLIENT_HELLO ? CONNECTION_CLIENT_HELLO : CONNECTION_SERVER_HELLO;
	connection->flags |= CONNECTION_HANDSHAKE_SEEN;
	if (!connection->handshake_time)
		connection->handshake_time = bpf_ktime_get_ns();
	if (!is_announced(connection, handle))
		return 0;
	struct hello_event *event = RESERVE_EVENT(struct hello_event, EVENT_HELLO, connection->generation);
	if (!event)
		return 0;
	event->header.direction = direction;
	event->header.flags = flags;
	barrier_var(length);
	if (length > HELLO_LENGTH)
		length = HELLO_LENGTH;
	event->length = length;
	if (bpf_probe_read_user(event->octets, length, (void *)address))
		event->length = 0;
	submit_event(event);
	return 1;
}

/* Reads go on for a while when the socket is closed. */
static __always_inline bool is_dead(const struct connection *connection, __u64 socket)
{
	return connection->flags & CONNECTION_SOCKET_CLOSED && connection->last_socket == socket;
}

static __always_inline bool wants_hello(const struct connection *connection)
{
	return !(connection->flags & (CONNECTION_HANDSHAKE_DONE | CONNECTION_SERVER_HELLO)) &&
	       connection->hello_tries < HELLO_TRIES;
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
