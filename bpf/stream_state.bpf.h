/* SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause */
/* How TCP sockets come and go: connections that carry nothing are told of too, and how each one ended. */
#ifndef SSLSNIFF_STREAM_STATE_H
#define SSLSNIFF_STREAM_STATE_H

#include "cleartext.bpf.h"

#define TCP_ESTABLISHED 1
#define TCP_SYN_SENT    2
#define TCP_SYN_RECV    3
#define TCP_FIN_WAIT1   4
#define TCP_CLOSE       7
#define TCP_CLOSE_WAIT  8
#define TCP_LAST_ACK    9
#define SHUTDOWN_MASK   3 /* both directions */

static __always_inline void on_connect(struct sock *sk)
{
	struct process *process = traced_process(current_tgid());
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
	if (!config.tells_cleartext || !bpf_map_lookup_elem(&accepted_sockets, &socket))
		return;
	struct process *process = traced_process(current_tgid());
	__u64 identity = identity_of(sk), handle = stream_handle(identity);
	if (!process || !announce_process(process) || belongs_to_tls(socket, identity, 0) || find_connection(handle))
		return;
	make_stream(socket, handle, CONNECTION_NEW);
	struct connection *connection = find_connection(handle);
	if (connection && is_announced(connection, handle))
		locate(handle, socket, identity, 0, 0);
}

static __always_inline void on_stream_ended(struct sock *sk, int old_state)
{
	struct connection *connection = find_connection(stream_handle(known_identity((__u64)sk)));
	int error = BPF_CORE_READ(sk, sk_err);
	if (!connection)
		return;
	connection->error = error > 0 && error < 256 ? error : 0;
	/*
	 * When the process itself breaks the connection (SO_LINGER), the kernel sets copied_seq to what was received, read or
	 * not. A reset by the peer comes in the midst of calls, and leaves copied_seq as it is.
	 */
	if (BPF_CORE_READ_BITFIELD_PROBED(sk, sk_shutdown) == SHUTDOWN_MASK &&
	    !(connection->flags & (CONNECTION_UNDECODED | CONNECTION_CLOSED)))
		skip_unseen(connection, sk, 0);
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
	if (config.tells_cleartext && connection->flags & CONNECTION_CLIENT &&
	    !(connection->flags & CONNECTION_CLOSED) && is_announced(connection, handle))
		locate(handle, socket, identity, 0, 0);
	bool was_broken = !BPF_CORE_READ((struct tcp_sock *)sk, bytes_received); /* all counts begin anew then */
	if (config.tells_cleartext && !(connection->flags & (CONNECTION_UNDECODED | CONNECTION_CLOSED)) && !was_broken)
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
