/* SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause */
/*
 * Data of TCP and UDP sockets that carry no TLS we decode. A socket that TLS calls use is left alone; one that
 * carries TLS of a library nobody probes is announced with its hellos and nothing else.
 */
#ifndef SSLSNIFF_CLEARTEXT_H
#define SSLSNIFF_CLEARTEXT_H

#include "ciphertext.bpf.h"
#include "flow.bpf.h"

#define TCP_ESTABLISHED 1
#define TCP_SYN_SENT    2
#define TCP_SYN_RECV    3
#define TCP_FIN_WAIT1   4
#define TCP_CLOSE_WAIT  8
#define TCP_LAST_ACK    9
#define SOCK_DONE       1 /* enum sock_flags: FIN came */
#define MSG_OOB         0x1
#define MSG_PEEK        0x2
#define MSG_ERRQUEUE    0x2000

#define MAX_RECORD (16384 + 2048)
#define PATIENCE   8 /* calls after which TLS joined in mid-life is taken for uncovered */

enum opening { OPENING_OTHER, OPENING_RECORD, OPENING_CLIENT_HELLO };

/* What a transfer begins with. */
static __always_inline enum opening opening_of(const struct transfer *transfer, __u64 moved)
{
	__u8 octets[6] = {};
	if (moved < RECORD_HEADER || !read_beginning(transfer, octets, moved < 6 ? RECORD_HEADER : 6))
		return OPENING_OTHER;
	__u32 record = octets[3] << 8 | octets[4];
	if (!is_record_header(octets) || !record || record > MAX_RECORD)
		return OPENING_OTHER;
	return octets[0] == RECORD_HANDSHAKE && octets[5] == CLIENT_HELLO ? OPENING_CLIENT_HELLO : OPENING_RECORD;
}

static __always_inline bool begins_tls(struct connection *connection, const struct transfer *transfer, __u64 moved)
{
	enum opening opening = opening_of(transfer, moved);
	bool first = !connection->position[bounded_direction(transfer->direction)];
	if (!(connection->flags & CONNECTION_NEW) && connection->hello_tries < PATIENCE) {
		connection->hello_tries++; /* joined amid a record perhaps, at whose end the next one begins */
		first = true;
	}
	return opening == OPENING_CLIENT_HELLO || (opening == OPENING_RECORD && first);
}

/* EVENT_BIND, once. With the peer of the current transfer, or whoever the socket is connected to. */
__noinline int locate(__u64 handle, __u64 socket, __u64 identity, __u32 has_peer)
{
	struct sock *sk = (void *)socket;
	struct connection *connection = find_connection(handle);
	struct transfer *transfer = has_peer ? current_transfer() : NULL;
	if (!connection || connection->flags & CONNECTION_LOCATED)
		return 0;
	struct bind_event *event = RESERVE_EVENT(struct bind_event, EVENT_BIND, connection->generation);
	if (!event)
		return 0;
	describe_socket(event, sk, identity);
	if (connection->flags & CONNECTION_CLIENT)
		event->header.flags = BIND_CLIENT;
	if (connection->flags & CONNECTION_SERVER)
		event->header.flags = BIND_SERVER;
	if (transfer && transfer->peer.family) {
		event->remote_port = transfer->peer.port;
		__builtin_memcpy(event->remote, transfer->peer.address, sizeof(event->remote));
	}
	submit_event(event);
	connection->flags |= CONNECTION_LOCATED;
	return 1;
}

/* TLS that does not come from a call we know. Until both hellos passed it may still be a memory BIO's. */
__noinline int on_foreign_tls(__u64 handle, __u64 moved)
{
	__u32 hellos = CONNECTION_CLIENT_HELLO | CONNECTION_SERVER_HELLO, tgid = bpf_get_current_pid_tgid() >> 32;
	struct transfer *transfer = current_transfer();
	struct process *process = bpf_map_lookup_elem(&processes, &tgid);
	struct connection *connection = find_connection(handle);
	if (!transfer || !connection || (connection->flags & CONNECTION_UNCOVERED && !wants_hello(connection)))
		return 0;
	__u64 length = moved < transfer->length ? moved : transfer->length;
	connection->flags |= CONNECTION_UNDECODED;
	if (!config.undecoded || (process && process->calls_tls)) {
		connection->flags |= CONNECTION_COVERED;
		close_connection(handle);
		return 0;
	}
	if (!is_announced(connection, handle))
		return 0;
	locate(handle, transfer->socket, transfer->identity, 0);
	if (wants_hello(connection) && !is_in_kernel(transfer))
		sample_hello(handle, transfer->address, length, transfer->direction);
	if (connection->flags & CONNECTION_UNCOVERED)
		return 0;
	if ((connection->flags & hellos) != hellos && connection->hello_tries < HELLO_TRIES)
		return 0;
	struct event_header *event = RESERVE_EVENT(struct event_header, EVENT_UNCOVERED, connection->generation);
	if (!event)
		return 0;
	submit_event(event);
	connection->flags |= CONNECTION_UNCOVERED;
	return 1;
}

static __always_inline bool is_internet(struct sock *sk)
{
	__u16 family = BPF_CORE_READ(sk, __sk_common.skc_family);
	return family == AF_INET || family == AF_INET6;
}

/* Of a TLS call, or left over from one whose socket has been shut by its peer. */
static __always_inline bool belongs_to_tls(__u64 socket, __u64 identity)
{
	struct sampled_socket *sampled;
	struct thread *thread;
	struct frame *frame;
	struct connection *connection;
	if (bpf_map_lookup_elem(&bound_sockets, &socket))
		return true;
	sampled = bpf_map_lookup_elem(&sampled_sockets, &identity);
	if (sampled && sampled->records == ~0U) /* user space found a memory BIO behind it */
		return true;
	thread = current_thread();
	frame = thread ? top_frame(thread) : NULL;
	connection = frame ? find_connection(frame->handle) : NULL;
	return connection && connection->flags & CONNECTION_SOCKET_CLOSED;
}

/* A TLS call took over what a connect() or accept() had begun. */
static __always_inline void leave_to_tls(__u64 socket, __u64 identity)
{
	__u64 handle = stream_handle(identity);
	struct connection_key key = key_of(handle);
	struct connection *connection = bpf_map_lookup_elem(&connections, &key);
	if (connection && !(connection->flags & CONNECTION_OPENED))
		bpf_map_delete_elem(&connections, &key);
	if (bpf_map_lookup_elem(&accepted_sockets, &socket))
		bpf_map_delete_elem(&accepted_sockets, &socket);
}

/* With its beginning, if that was seen. False when the map is full. */
static __always_inline bool make_stream(__u64 socket, __u64 handle, __u32 flags)
{
	__u64 *accepted = bpf_map_lookup_elem(&accepted_sockets, &socket);
	if (!make_flow(handle, flags | (accepted ? CONNECTION_SERVER : 0)))
		return false;
	struct connection *connection = find_connection(handle);
	if (connection && accepted)
		connection->handshake_time = *accepted;
	return true;
}

/* The connection that the current transfer belongs to, made if it was not known; 0: it cannot be kept. */
__noinline __u64 flow_of_transfer(__u64 moved)
{
	struct transfer *transfer = current_transfer();
	if (!config.cleartext || !transfer) /* else the maps are not there */
		return 0;
	__u64 socket = transfer->socket, handle = stream_handle(transfer->identity);
	struct sock *sk = (void *)socket;
	if (transfer->is_message) {
		find_peer(transfer);
		handle = datagram_handle(transfer->identity, &transfer->peer);
	}
	if (find_connection(handle))
		return handle;
	if (transfer->is_message)
		return make_flow(handle, CONNECTION_NEW) ? handle : 0;
	return make_stream(socket, handle, is_fresh(sk, transfer->direction, moved) ? CONNECTION_NEW : 0) ? handle : 0;
}

/* It counts in copied_seq like an octet. */
static __always_inline bool has_read_fin(struct sock *sk)
{
	struct tcp_sock *tcp = (struct tcp_sock *)sk;
	return BPF_CORE_READ(sk, __sk_common.skc_flags) & (1UL << SOCK_DONE) &&
	       BPF_CORE_READ(tcp, copied_seq) == BPF_CORE_READ(tcp, rcv_nxt);
}

/* What was received meanwhile by ways that are not seen (splice). `moved`: seen just now. */
static __always_inline void skip_unseen(struct connection *connection, struct sock *sk, __u32 moved)
{
	__u32 now = BPF_CORE_READ((struct tcp_sock *)sk, copied_seq);
	__u32 unseen = now - moved - connection->copied_seq;
	if (unseen && has_read_fin(sk))
		unseen--;
	if (connection->copied_seq && unseen && unseen < (1U << 31))
		skip_octets(connection, DIRECTION_RECEIVED, unseen, LOSS_NO_BUFFER);
	connection->copied_seq = now;
}

/* Datagrams may be empty. */
static __always_inline bool has_moved(const struct transfer *transfer, int result)
{
	if (result < 0 || (result == 0 && !transfer->is_message))
		return false;
	return transfer->direction == DIRECTION_SENT || !(transfer->flags & (MSG_PEEK | MSG_ERRQUEUE | MSG_OOB));
}

/* What the current transfer has moved. Verified once, for all backends. */
__noinline int on_octets(__u64 moved)
{
	struct transfer *transfer = current_transfer();
	if (!transfer)
		return 0;
	__u64 handle = flow_of_transfer(moved);
	struct connection *connection = handle ? find_connection(handle) : NULL;
	if (!connection || connection->flags & CONNECTION_CLOSED)
		return 0;
	if (connection->flags & CONNECTION_UNDECODED ||
	    (!transfer->is_message && begins_tls(connection, transfer, moved)))
		return on_foreign_tls(handle, moved);
	if (is_announced(connection, handle))
		locate(handle, transfer->socket, transfer->identity, transfer->is_message);
	if (!transfer->is_message && transfer->direction == DIRECTION_RECEIVED)
		skip_unseen(connection, (void *)transfer->socket, moved);
	copy_transfer(transfer, handle, moved);
	return 1;
}

/* Whether the cleartext of this socket is wanted. The kernel's own (NFS, cluster file systems) have no file. */
static __always_inline bool is_wanted_cleartext(struct sock *sk)
{
	__u16 protocol = BPF_CORE_READ(sk, sk_protocol);
	return config.cleartext && is_internet(sk) && (protocol == IPPROTO_TCP || protocol == IPPROTO_UDP) &&
	       traced_process(bpf_get_current_pid_tgid() >> 32) && BPF_CORE_READ(sk, sk_socket, file);
}

/* The current transfer, of such a socket, is over. */
static __always_inline void on_cleartext(const struct transfer *transfer, int result)
{
	if (belongs_to_tls(transfer->socket, transfer->identity))
		leave_to_tls(transfer->socket, transfer->identity);
	else if (has_moved(transfer, result))
		on_octets(result);
}

static __always_inline void on_connect(struct sock *sk)
{
	struct process *process = traced_process(bpf_get_current_pid_tgid() >> 32);
	__u64 handle = stream_handle(identity_of(sk));
	if (!process || !announce_process(process) || find_connection(handle))
		return;
	make_flow(handle, CONNECTION_NEW | CONNECTION_CLIENT);
	struct connection *connection = find_connection(handle);
	if (connection)
		connection->handshake_time = bpf_ktime_get_ns();
}

static __always_inline void on_connected(struct sock *sk)
{
	struct connection *connection = find_connection(stream_handle(known_identity((__u64)sk)));
	if (!connection || !connection->handshake_time)
		return;
	__u64 us = (bpf_ktime_get_ns() - connection->handshake_time) / 1000;
	connection->connect_us = us > 0xffffffff ? 0xffffffff : us ? us : 1;
	connection->copied_seq = BPF_CORE_READ((struct tcp_sock *)sk, copied_seq);
}

/* The process closes what it accepted: told of although nothing passed. */
static __always_inline void on_unused_stream(struct sock *sk)
{
	__u64 socket = address_of(sk);
	if (!bpf_map_lookup_elem(&accepted_sockets, &socket))
		return;
	struct process *process = traced_process(bpf_get_current_pid_tgid() >> 32);
	__u64 identity = identity_of(sk), handle = stream_handle(identity);
	if (!process || !announce_process(process) || belongs_to_tls(socket, identity) || find_connection(handle))
		return;
	make_stream(socket, handle, CONNECTION_NEW);
	struct connection *connection = find_connection(handle);
	if (connection && is_announced(connection, handle))
		locate(handle, socket, identity, 0);
}

static __always_inline void on_stream_ended(struct sock *sk, int old_state)
{
	struct connection *connection = find_connection(stream_handle(known_identity((__u64)sk)));
	int error = BPF_CORE_READ(sk, sk_err);
	if (!connection)
		return;
	connection->error = error > 0 && error < 256 ? error : 0;
	/* without a FIN of its own it sent RST */
	if (error == ECONNRESET || error == EPIPE || old_state == TCP_ESTABLISHED || old_state == TCP_CLOSE_WAIT)
		connection->flags |= CONNECTION_SOCKET_RESET;
}

/* The process is known where it calls connect() or close(); accepted connections and resets come in any context. */
static __always_inline void on_stream_state(struct sock *sk, int old_state, int new_state)
{
	__u64 socket = (__u64)sk;
	if (!control.armed || !is_internet(sk) || BPF_CORE_READ(sk, sk_protocol) != IPPROTO_TCP)
		return;
	if (new_state == TCP_SYN_SENT) {
		on_connect(sk);
	} else if (old_state == TCP_SYN_SENT && new_state == TCP_ESTABLISHED) {
		on_connected(sk);
	} else if (old_state == TCP_SYN_RECV && new_state == TCP_ESTABLISHED) {
		__u64 now = bpf_ktime_get_ns();
		bpf_map_update_elem(&accepted_sockets, &socket, &now, BPF_ANY);
	} else if (new_state == TCP_FIN_WAIT1 || new_state == TCP_LAST_ACK) {
		on_unused_stream(sk);
	} else if (new_state == TCP_CLOSE) {
		on_stream_ended(sk, old_state);
	}
}

/* A connection that never carried anything is told of now. */
static __always_inline void on_stream_destroyed(struct sock *sk)
{
	__u64 socket = address_of(sk), identity = known_identity(socket);
	__u64 handle = stream_handle(identity);
	struct connection_key key = key_of(handle);
	bpf_map_delete_elem(&accepted_sockets, &socket);
	bpf_map_delete_elem(&socket_identities, &socket);
	struct connection *connection = identity ? bpf_map_lookup_elem(&connections, &key) : NULL;
	if (!connection || !control.armed)
		return;
	if (connection->flags & CONNECTION_CLIENT && !(connection->flags & CONNECTION_CLOSED) &&
	    is_announced(connection, handle))
		locate(handle, socket, identity, 0);
	if (!(connection->flags & CONNECTION_UNDECODED))
		skip_unseen(connection, sk, 0);
	connection->flags |= CONNECTION_SOCKET_CLOSED;
	close_connection(handle);
	bpf_map_delete_elem(&connections, &key);
}

/* User space knows the connections of a UDP socket, and removes them. */
static __always_inline void on_socket_released(__u64 identity)
{
	if (!control.armed || !identity || !bpf_map_lookup_elem(&datagram_sockets, &identity))
		return;
	bpf_map_delete_elem(&datagram_sockets, &identity);
	struct release_event *event = RESERVE_EVENT(struct release_event, EVENT_RELEASE, 0);
	if (!event)
		return;
	event->cookie = identity;
	submit_event(event);
}

#endif
