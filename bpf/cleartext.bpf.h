/* SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause */
/*
 * Data of TCP and UDP sockets that carry no TLS we decode. A socket that TLS calls use is left alone; one that
 * carries TLS of a library nobody probes is announced with its hellos and nothing else.
 */
#ifndef SSLSNIFF_CLEARTEXT_H
#define SSLSNIFF_CLEARTEXT_H

#include "ciphertext.bpf.h"
#include "flow.bpf.h"
#include "transfer.bpf.h"

#define TCP_ESTABLISHED 1
#define TCP_SYN_SENT    2
#define TCP_SYN_RECV    3
#define MSG_OOB         0x1
#define MSG_PEEK        0x2
#define MSG_ERRQUEUE    0x2000

#define MAX_RECORD (16384 + 2048)
#define PATIENCE   8 /* calls after which TLS joined in mid-life is taken for uncovered */

enum opening { OPENING_OTHER, OPENING_RECORD, OPENING_CLIENT_HELLO };

/* What a buffer begins with. */
static __always_inline enum opening opening_of(const struct transfer *transfer, __u64 moved)
{
	__u8 octets[6] = {};
	__u64 length = moved < transfer->length ? moved : transfer->length;
	if (length < RECORD_HEADER)
		return OPENING_OTHER;
	if (bpf_probe_read_user(octets, length < 6 ? RECORD_HEADER : 6, (void *)transfer->address))
		return OPENING_OTHER;
	__u32 record = octets[3] << 8 | octets[4];
	if (!is_record_header(octets) || !record || record > MAX_RECORD)
		return OPENING_OTHER;
	return octets[0] == RECORD_HANDSHAKE && octets[5] == CLIENT_HELLO ? OPENING_CLIENT_HELLO : OPENING_RECORD;
}

static __always_inline bool begins_tls(struct connection *connection, const struct transfer *transfer, __u64 direction,
                                       __u64 moved)
{
	enum opening opening = opening_of(transfer, moved);
	bool first = !connection->position[bounded_direction(direction)];
	if (!(connection->flags & CONNECTION_NEW) && connection->hello_tries < PATIENCE) {
		connection->hello_tries++; /* joined amid a record perhaps, at whose end the next one begins */
		first = true;
	}
	return opening == OPENING_CLIENT_HELLO || (opening == OPENING_RECORD && first);
}

/* EVENT_BIND, once. */
static __always_inline void locate(struct connection *connection, struct sock *sk, const struct peer *peer)
{
	if (connection->flags & CONNECTION_LOCATED)
		return;
	struct bind_event *event = RESERVE_EVENT(struct bind_event, EVENT_BIND, connection->generation);
	if (!event)
		return;
	__builtin_memset(&event->cookie, 0, sizeof(*event) - sizeof(event->header));
	if (connection->flags & CONNECTION_CLIENT)
		event->header.flags = BIND_CLIENT;
	if (connection->flags & CONNECTION_SERVER)
		event->header.flags = BIND_SERVER;
	event->cookie = BPF_CORE_READ(sk, __sk_common.skc_cookie.counter);
	event->netns = BPF_CORE_READ(sk, __sk_common.skc_net.net, ns.inum);
	event->family = BPF_CORE_READ(sk, __sk_common.skc_family);
	event->protocol = BPF_CORE_READ(sk, sk_protocol);
	read_address(event, sk);
	if (peer && peer->family) {
		event->remote_port = peer->port;
		__builtin_memcpy(event->remote, peer->address, sizeof(event->remote));
	}
	submit_event(event);
	connection->flags |= CONNECTION_LOCATED;
}

/* TLS that does not come from a call we know. Until both hellos passed it may still be a memory BIO's. */
static __always_inline void on_foreign_tls(struct connection *connection, __u64 handle, struct sock *sk,
                                           const struct transfer *transfer, __u64 direction, __u64 moved,
                                           const struct process *process)
{
	__u64 length = moved < transfer->length ? moved : transfer->length;
	__u32 hellos = CONNECTION_CLIENT_HELLO | CONNECTION_SERVER_HELLO;
	if (connection->flags & CONNECTION_UNCOVERED && !wants_hello(connection))
		return;
	connection->flags |= CONNECTION_UNDECODED;
	if (!config.undecoded || process->calls_tls) {
		connection->flags |= CONNECTION_COVERED;
		close_connection(handle);
		return;
	}
	if (!is_announced(connection, handle))
		return;
	locate(connection, sk, NULL);
	if (wants_hello(connection))
		sample_hello(handle, transfer->address, length, direction);
	if (connection->flags & CONNECTION_UNCOVERED)
		return;
	if ((connection->flags & hellos) != hellos && connection->hello_tries < HELLO_TRIES)
		return;
	struct event_header *event = RESERVE_EVENT(struct event_header, EVENT_UNCOVERED, connection->generation);
	if (!event)
		return;
	submit_event(event);
	connection->flags |= CONNECTION_UNCOVERED;
}

static __always_inline bool is_internet(struct sock *sk)
{
	__u16 family = BPF_CORE_READ(sk, __sk_common.skc_family);
	return family == AF_INET || family == AF_INET6;
}

/* Of a TLS call, or left over from one whose socket has been shut by its peer. */
static __always_inline bool belongs_to_tls(struct sock *sk, __u64 cookie)
{
	struct sampled_socket *sampled;
	__u64 socket = (__u64)sk;
	struct thread *thread;
	struct frame *frame;
	struct connection *connection;
	if (bpf_map_lookup_elem(&bound_sockets, &socket))
		return true;
	sampled = bpf_map_lookup_elem(&sampled_sockets, &cookie);
	if (sampled && sampled->records == ~0U) /* user space found a memory BIO behind it */
		return true;
	thread = current_thread();
	frame = thread ? top_frame(thread) : NULL;
	connection = frame ? find_connection(frame->handle) : NULL;
	return connection && connection->flags & CONNECTION_SOCKET_CLOSED;
}

/* A TLS call took over what a connect() had begun. */
static __always_inline void leave_to_tls(__u64 cookie)
{
	__u64 handle = stream_handle(cookie);
	struct connection_key key = key_of(handle);
	struct connection *connection = bpf_map_lookup_elem(&connections, &key);
	if (connection && !(connection->flags & CONNECTION_OPENED))
		bpf_map_delete_elem(&connections, &key);
}

static __always_inline __u32 flags_of_stream(struct sock *sk, __u64 direction, __u64 moved)
{
	__u64 socket = (__u64)sk;
	__u32 flags = is_fresh(sk, direction, moved) ? CONNECTION_NEW : 0;
	return flags | (bpf_map_lookup_elem(&accepted_sockets, &socket) ? CONNECTION_SERVER : 0);
}

static __always_inline void on_octets(struct sock *sk, __u64 cookie, struct process *process, __u64 direction,
                                      int result, __u32 flags)
{
	struct transfer transfer = {};
	struct peer peer = {};
	bool has_buffer = read_transfer(&transfer, result);
	bool stream = BPF_CORE_READ(sk, sk_protocol) == IPPROTO_TCP;
	if (result <= 0 || (direction == DIRECTION_RECEIVED && flags & (MSG_PEEK | MSG_ERRQUEUE | MSG_OOB)))
		return;
	__u64 moved = result, handle = stream_handle(cookie);
	if (!stream) {
		find_peer(&peer, sk, cookie, direction, transfer.name);
		handle = datagram_handle(cookie, &peer);
	}
	struct connection *connection = find_connection(handle);
	if (!connection)
		connection = make_flow(handle, stream ? flags_of_stream(sk, direction, moved) : CONNECTION_NEW);
	if (!connection || connection->flags & CONNECTION_CLOSED)
		return;
	if (connection->flags & CONNECTION_UNDECODED ||
	    (stream && has_buffer && begins_tls(connection, &transfer, direction, moved))) {
		on_foreign_tls(connection, handle, sk, &transfer, direction, moved, process);
		return;
	}
	if (is_announced(connection, handle))
		locate(connection, sk, stream ? NULL : &peer);
	if (has_buffer)
		copy_transfer(connection, handle, direction, &transfer, moved, !stream);
	else
		skip_octets(connection, direction, moved, LOSS_NO_BUFFER);
}

/* The kernel's own sockets (NFS, cluster file systems) have no file. */
static __always_inline void on_cleartext(struct sock *sk, int result, __u32 flags, __u64 direction)
{
	if (!control.armed || !is_internet(sk))
		return;
	struct process *process = traced_process(bpf_get_current_pid_tgid() >> 32);
	__u16 protocol = BPF_CORE_READ(sk, sk_protocol);
	if (!process || (protocol != IPPROTO_TCP && protocol != IPPROTO_UDP) || !BPF_CORE_READ(sk, sk_socket, file))
		return;
	__u64 cookie = bpf_get_socket_cookie(sk);
	if (belongs_to_tls(sk, cookie))
		leave_to_tls(cookie);
	else
		on_octets(sk, cookie, process, direction, result, flags);
}

/* connect() of a traced process; accepted connections and resets, in any context. */
static __always_inline void on_stream_state(struct sock *sk, int old_state, int new_state)
{
	__u64 socket = (__u64)sk;
	if (!control.armed || !is_internet(sk) || BPF_CORE_READ(sk, sk_protocol) != IPPROTO_TCP)
		return;
	if (new_state == TCP_SYN_SENT) {
		struct process *process = traced_process(bpf_get_current_pid_tgid() >> 32);
		__u64 handle = stream_handle(bpf_get_socket_cookie(sk));
		if (!process || !announce_process(process) || find_connection(handle))
			return;
		struct connection *connection = make_flow(handle, CONNECTION_NEW | CONNECTION_CLIENT);
		if (connection)
			connection->handshake_time = bpf_ktime_get_ns();
	} else if (old_state == TCP_SYN_RECV && new_state == TCP_ESTABLISHED) {
		__u8 any = 1;
		bpf_map_update_elem(&accepted_sockets, &socket, &any, BPF_ANY);
	} else if (new_state == TCP_CLOSE) {
		struct connection *connection =
			find_connection(stream_handle(BPF_CORE_READ(sk, __sk_common.skc_cookie.counter)));
		int error = BPF_CORE_READ(sk, sk_err);
		if (connection && (error == ECONNRESET || error == EPIPE || error == ECONNREFUSED))
			connection->flags |= CONNECTION_SOCKET_RESET;
	}
}

/* A connection that never carried anything is told of now. */
static __always_inline void on_stream_destroyed(struct sock *sk)
{
	__u64 socket = (__u64)sk, cookie = BPF_CORE_READ(sk, __sk_common.skc_cookie.counter);
	__u64 handle = stream_handle(cookie);
	struct connection_key key = key_of(handle);
	bpf_map_delete_elem(&accepted_sockets, &socket);
	struct connection *connection = cookie ? bpf_map_lookup_elem(&connections, &key) : NULL;
	if (!connection || !control.armed)
		return;
	if (connection->flags & CONNECTION_CLIENT && !(connection->flags & CONNECTION_CLOSED) &&
	    is_announced(connection, handle))
		locate(connection, sk, NULL);
	connection->flags |= CONNECTION_SOCKET_CLOSED;
	close_connection(handle);
	bpf_map_delete_elem(&connections, &key);
}

/* User space knows the connections of a UDP socket, and removes them. */
static __always_inline void on_socket_released(__u64 cookie)
{
	if (!control.armed || !bpf_map_lookup_elem(&datagram_sockets, &cookie))
		return;
	bpf_map_delete_elem(&datagram_sockets, &cookie);
	struct release_event *event = RESERVE_EVENT(struct release_event, EVENT_RELEASE, 0);
	if (!event)
		return;
	event->cookie = cookie;
	submit_event(event);
}

#endif
