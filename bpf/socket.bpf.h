/* SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause */
/*
 * Socket calls made inside TLS calls: they tell which socket carries a TLS object, show the hellos of the
 * handshake, and how far a long write has come. A binding holds until the socket closes or the object gets
 * another one; other sockets used meanwhile inside the library's callbacks (logging, OCSP) are not taken for it.
 */
#ifndef SSLSNIFF_SOCKET_H
#define SSLSNIFF_SOCKET_H

#include "payload.bpf.h"
#include "frame.bpf.h"
#include "handover.bpf.h"
#include "handshake.bpf.h"
#include "call_need.bpf.h"
#include "detached_transport.bpf.h"
#include "socket_identity.bpf.h"
#include "syscall_buffer.bpf.h"

#define LONG_WRITE    (1 << 20) /* copied while it is being sent */
#define RECORD_LENGTH 16384     /* greatest plaintext of a TLS record (RFC 8446 section 5.1) */

/* Binds a connection to a socket, given by its address, unless it cannot carry TLS. `moved`: by the socket call. */
__noinline int bind_connection(__u64 handle, __u64 socket, __u64 moved, __u32 direction)
{
	struct sock *sk = (void *)socket;
	struct connection *connection = find_connection(handle);
	struct connection_key key = key_of(handle);
	if (!connection || !can_carry_tls(sk))
		return 0;
	__u64 identity = config.has_socket_cookie ? known_identity(socket) : number_of(socket);
	if (!(connection->flags & CONNECTION_CLOSED))
		end_cleartext(socket, identity, direction == DIRECTION_RECEIVED ? moved : 0);
	if (connection->last_socket == socket) { /* it got another transport over the same socket */
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
	describe_socket(event, sk, identity);
	submit_event(event);
	has_own_sockets();
	connection->socket = socket;
	connection->last_socket = 0;
	bpf_map_update_elem(&bound_sockets, &socket, &key, BPF_ANY);
	return 1;
}

/* Where the datagram of the current system call goes, if the socket is not connected: into `event`. */
static __always_inline bool read_destination(struct bind_event *event, const struct syscall_arguments *call)
{
	__u8 bytes[24] = {};
	__u64 name = (__u32)call->number == SENDTO ? call->fifth : 0;
	__u16 family = 0;
	if ((__u32)call->number == SENDMSG)
		bpf_probe_read_user(&name, sizeof(name), &((struct user_msghdr *)call->second)->msg_name);
	if (!name || bpf_probe_read_user(&family, sizeof(family), (void *)name) || family != event->family ||
	    bpf_probe_read_user(bytes, family == AF_INET ? 8 : sizeof(bytes), (void *)name))
		return false;
	event->remote_port = bytes[2] << 8 | bytes[3];
	if (family == AF_INET)
		__builtin_memcpy(event->remote, bytes + 4, 4);
	else
		__builtin_memcpy(event->remote, bytes + 8, 16);
	return true;
}

/*
 * The same for DTLS. Its socket may carry several connections, and nothing tells of its end by its address, so it is known
 * by its cookie as one that carries ciphertext. Whose records a socket receives that is not connected, its answer tells.
 */
__noinline int bind_to_datagrams(__u64 handle, __u64 socket, __u32 direction)
{
	static const struct sampled_socket enough = {.records = ~0U, .long_samples = ~0U};
	struct sock *sk = (void *)socket;
	struct connection *connection = find_connection(handle);
	struct syscall_arguments call;
	bool is_connected = BPF_CORE_READ(sk, __sk_common.skc_dport);
	if (!connection || (!is_connected && direction != DIRECTION_SENT) || !read_syscall(&call) ||
	    !is_announced(connection, handle))
		return 0;
	__u64 identity = known_identity(socket);
	struct bind_event *event = RESERVE_EVENT(struct bind_event, EVENT_BIND, connection->generation);
	if (!event)
		return 0;
	event->header.direction = direction;
	describe_socket(event, sk, identity);
	if (!is_connected)
		read_destination(event, &call);
	submit_event(event);
	connection->flags |= CONNECTION_BY_CIPHERTEXT;
	need_calls(1); /* what DTLS receives passes no record site */
	bpf_map_update_elem(&sampled_sockets, &identity, &enough, BPF_ANY);
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
	return frame->call == CALL_WRITE && !(frame->flags & (SITE_EARLY | SITE_BY_RECORDS)) &&
	       frame->length >= LONG_WRITE;
}

/* The socket carries a connection of which nothing more is to be learnt from socket calls. Verified once. */
__noinline int is_settled(__u64 socket)
{
	struct connection_key *key = bpf_map_lookup_elem(&bound_sockets, &socket);
	struct connection *connection = key ? bpf_map_lookup_elem(&connections, key) : NULL;
	return connection && connection->socket == socket && !(connection->flags & CONNECTION_CLOSED) &&
	       !wants_hello(connection);
}

/* Whether anything is to be learnt from a call on this socket. */
static __always_inline bool needs_look(struct sock *sk)
{
	__u32 tgid = current_tgid();
	if (!control.armed || is_known_to_be_ignored(tgid))
		return false;
	struct process *process = traced_process(tgid);
	if (!process) {
		remember_ignored(tgid);
		return false;
	}
	return !process->calls_tls || process->watched || !is_settled(address_of(sk));
}

/* Of a socket call within a TLS call. */
#define INNERMOST   2 /* added to the direction: no other TLS call is in between */
#define END_OF_FILE 4 /* it returned 0 */
#define RESET       8 /* it found that the peer has broken the connection */

static __always_inline struct syscall_buffer current_buffer(__u64 moved)
{
	struct syscall_buffer buffer = {};
	struct syscall_arguments system_call;
	if (read_syscall(&system_call))
		buffer = buffer_of(&system_call);
	if (buffer.length > moved)
		buffer.length = moved;
	return buffer;
}

/* What the bytes that a socket call moved begin with. Other sockets are used within TLS calls, too. */
enum moved {
	MOVED_NOTHING,
	MOVED_RECORDS,
	MOVED_PART, /* of a record, perhaps: too few to tell */
	MOVED_OTHER,
};

/* This and what follows are functions of their own for the stack that they need. */
__noinline int what_moved(__u64 socket, __u64 moved)
{
	struct syscall_arguments system_call;
	__u8 header[DATAGRAM_RECORD_HEADER] = {};
	__u64 least = is_datagram_socket((void *)socket) ? DATAGRAM_RECORD_HEADER : RECORD_HEADER;
	if (!moved)
		return MOVED_NOTHING;
	if (!read_syscall(&system_call))
		return MOVED_RECORDS; /* this kernel does not tell */
	struct syscall_buffer buffer = buffer_of(&system_call);
	if (!buffer.address)
		return MOVED_OTHER;
	if (moved < least) {
		bpf_probe_read_user(header, 1, (void *)buffer.address);
		return header[0] >= 0x14 && header[0] <= 0x17 ? MOVED_PART : MOVED_OTHER;
	}
	if (least == DATAGRAM_RECORD_HEADER) {
		if (bpf_probe_read_user(header, DATAGRAM_RECORD_HEADER, (void *)buffer.address))
			return MOVED_OTHER;
		return is_datagram_record_beginning(header) ? MOVED_RECORDS : MOVED_OTHER;
	}
	if (bpf_probe_read_user(header, RECORD_HEADER, (void *)buffer.address))
		return MOVED_OTHER;
	return is_record_beginning(header) ? MOVED_RECORDS : MOVED_OTHER;
}

/* What this TLS call writes is records itself: those of a connection whose transport it is. */
__noinline int writes_records(__u64 call)
{
	struct frame *frame = find_frame(call);
	__u8 header[RECORD_HEADER];
	return frame && frame->call == CALL_WRITE && frame->length >= sizeof(header) &&
	       !bpf_probe_read_user(header, sizeof(header), (void *)frame->buffer) && is_record_beginning(header);
}

__noinline int look_for_hello(__u64 handle, __u64 moved, __u32 direction)
{
	struct syscall_buffer buffer = current_buffer(moved);
	return buffer.length ? sample_hello(handle, buffer.address, buffer.length, direction & 1) : 0;
}

/* Of a socket that is not known, or known to user space alone: records, or what follows the header of an alert. */
static __always_inline bool may_be_handshake(const struct connection *connection, __u64 socket, __u64 moved)
{
	return what_moved(socket, moved) == MOVED_RECORDS ||
	       (connection->flags & CONNECTION_ALERT_BEGUN && moved == ALERT_LENGTH);
}

/* What a call during the handshake tells of how that ends. */
__noinline int look_at_handshake(__u64 call, __u64 moved, __u32 how)
{
	struct frame *frame = find_frame(call);
	struct connection *connection = frame ? find_connection(frame->handle) : NULL;
	if (!connection || !is_in_handshake(connection))
		return 0;
	if (moved) {
		bool is_server = connection->flags & CONNECTION_SERVER;
		if (frame->call != CALL_SHUTDOWN && (how & 1) == (is_server ? DIRECTION_RECEIVED : DIRECTION_SENT))
			connection->handshake_step = bpf_ktime_get_ns();
		struct syscall_buffer buffer = current_buffer(moved);
		look_for_alert(frame->handle, buffer.address, buffer.length, how & 1);
	} else if (how & (END_OF_FILE | RESET)) {
		note_end(connection, how & RESET ? HANDSHAKE_PEER_RESET : HANDSHAKE_PEER_CLOSED);
	}
	return 1;
}

/* The call is of a tls.Conn whose descriptor is that of the current system call: two witnesses that agree. */
static __always_inline bool has_descriptor(const struct frame *frame)
{
	return frame->goroutine && (__u32)supposed_descriptor(frame->handle) == (__u32)syscall_descriptor();
}

/*
 * Whether a socket call within this TLS call shows that the socket is its connection's: it moved records, or it found the end
 * where a record was to begin. A callback of the library may use any sockets: what looks something up sends a question
 * before it finds an end, and has TLS calls of its own if it does so over TLS.
 */
static __always_inline bool shows_socket(struct frame *frame, __u64 socket, __u64 moved, __u32 how, __u64 innermost)
{
	if (how & INNERMOST && has_descriptor(frame))
		return true; /* wherever in its records it reads or writes */
	int what = what_moved(socket, moved);
	if (what == MOVED_OTHER)
		frame->foreign = 1;
	if (!(how & INNERMOST))
		return what == MOVED_RECORDS && writes_records(innermost);
	return what == MOVED_RECORDS || (how & END_OF_FILE && frame->call == CALL_HANDSHAKE && !frame->foreign);
}

/* What a socket call tells about the TLS call with this context. `innermost`: of that which made it. */
__noinline int on_call_within(__u64 call, __u64 socket, __u64 moved, __u32 how, __u64 innermost)
{
	struct frame *frame = find_frame(call);
	struct connection *connection;
	if (!frame)
		return 0;
	__u64 handle = frame->handle;
	connection = find_or_make_connection(handle, frame->library);
	if (!connection || connection->flags & CONNECTION_CLOSED ||
	    (connection->socket && connection->socket != socket))
		return 0;
	if (how & INNERMOST && wants_hello(connection))
		look_for_hello(handle, moved, how & 1);
	if (!connection->socket && !is_dead(connection, socket) && !is_bound_by_ciphertext(connection) &&
	    shows_socket(frame, socket, moved, how, innermost)) {
		if (is_datagram_socket((void *)socket))
			bind_to_datagrams(handle, socket, how & 1);
		else
			bind_connection(handle, socket, moved, how & 1);
	}
	if (how & INNERMOST)
		frame->moved = moved != 0;
	if (how & INNERMOST && is_in_handshake(connection) &&
	    (connection->socket == socket || (!connection->socket && may_be_handshake(connection, socket, moved))))
		look_at_handshake(call, moved, how);
	if (how & INNERMOST && (how & 1) == DIRECTION_SENT && moved && is_long_write(frame))
		follow_write(handle, moved_with_stack(call, frame->buffer), frame->length, moved);
	return 1;
}

static __always_inline void on_socket_call(__u64 socket, int result, __u32 direction)
{
	__u64 context = control.armed ? syscall_context() : 0, moved = result > 0 ? result : 0;
	__u64 innermost = context ? innermost_call(context) : 0;
	if (!innermost)
		return;
	direction |= result == 0 ? END_OF_FILE : result == -ECONNRESET || result == -EPIPE ? RESET : 0;
	for (__u64 i = 0; i < SURROUNDING_FRAMES; i++) {
		__u64 call = surrounding_call(context, i);
		if (call)
			on_call_within(call, socket, moved, direction | (call == innermost ? INNERMOST : 0), innermost);
	}
}

/* The current system call is made within a TLS call whose socket was shut by its peer. */
__noinline int is_call_on_dead_socket(void)
{
	__u64 context = syscall_context(), innermost = context ? innermost_call(context) : 0;
	struct frame *frame = innermost ? find_frame(innermost) : NULL;
	struct connection *connection = frame ? find_connection(frame->handle) : NULL;
	return connection && connection->flags & CONNECTION_SOCKET_CLOSED;
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
