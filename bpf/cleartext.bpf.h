/* SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause */
/*
 * Data of TCP and UDP sockets that carry no TLS we decode. A socket that TLS calls use is left alone; one that
 * carries TLS of a library nobody probes is for foreign_tls.bpf.h.
 */
#ifndef SSLSNIFF_CLEARTEXT_H
#define SSLSNIFF_CLEARTEXT_H

#include "flow.bpf.h"
#include "foreign_tls.bpf.h"

#define MSG_OOB      0x1
#define MSG_PEEK     0x2
#define MSG_ERRQUEUE 0x2000

/* A TLS object has the socket. One whose object is gone stays TLS, until both sides said so or text follows. */
static __always_inline bool is_bound(__u64 socket, __u64 moved)
{
	struct connection_key *key = bpf_map_lookup_elem(&bound_sockets, &socket);
	struct transfer *transfer;
	if (!key)
		return false;
	struct connection *connection = bpf_map_lookup_elem(&connections, key);
	if (connection && connection->socket == socket && !(connection->flags & CONNECTION_CLOSED))
		return true;
	transfer = current_transfer();
	if (!transfer || transfer->socket != socket || !is_text(moved))
		return true;
	bpf_map_delete_elem(&bound_sockets, &socket);
	return false;
}

/* Of a TLS call, or left over from one whose socket has been shut by its peer. Verified once, as the next. */
__noinline int belongs_to_tls(__u64 socket, __u64 identity, __u64 moved)
{
	struct sampled_socket *sampled;
	if (is_bound(socket, moved))
		return true;
	sampled = bpf_map_lookup_elem(&sampled_sockets, &identity);
	if (sampled && sampled->records == ~0U) /* user space found a detached transport behind it */
		return true;
	__u32 tgid = current_tgid();
	struct process *process = bpf_map_lookup_elem(&processes, &tgid);
	return process && process->calls_tls && is_call_on_dead_socket();
}

/* A TLS call took over what a connect() or accept() had begun. */
__noinline int leave_to_tls(__u64 socket, __u64 identity)
{
	__u64 handle = stream_handle(identity);
	struct connection_key key = key_of(handle);
	if (!config.cleartext) /* else the map is not there; before Linux 6.8 it is verified although nobody calls it */
		return 0;
	struct connection *connection = bpf_map_lookup_elem(&connections, &key);
	if (connection && !(connection->flags & CONNECTION_OPENED))
		bpf_map_delete_elem(&connections, &key);
	if (bpf_map_lookup_elem(&accepted_sockets, &socket))
		bpf_map_delete_elem(&accepted_sockets, &socket);
	return 0;
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
	struct connection *connection = find_connection(handle);
	if (connection) {
		if (connection->flags & CONNECTION_CLOSED &&
		    connection->flags & (CONNECTION_TLS_BEGAN | CONNECTION_COVERED) &&
		    is_cleartext_again(connection, moved))
			begin_next_part(connection);
		return handle;
	}
	if (transfer->is_message)
		return make_flow(handle, CONNECTION_NEW) ? handle : 0;
	return make_stream(socket, handle, is_fresh(sk, transfer->direction, moved) ? CONNECTION_NEW : 0) ? handle : 0;
}

/* Datagrams may be empty. */
static __always_inline bool has_moved(const struct transfer *transfer, int result)
{
	if (result < 0 || (result == 0 && !transfer->is_message))
		return false;
	return transfer->direction == DIRECTION_SENT || !(transfer->flags & (MSG_PEEK | MSG_ERRQUEUE | MSG_OOB));
}

/* What a connection carried before its ClientHello was cleartext, and stays that. */
static __always_inline void leave_prologue(struct connection *connection, const struct transfer *transfer, __u64 moved)
{
	if (opening_of(transfer, moved) != OPENING_CLIENT_HELLO)
		return; /* joined amid TLS: what it seemed to carry before was that */
	if (end_cleartext(transfer->socket, transfer->identity, transfer->direction == DIRECTION_RECEIVED ? moved : 0))
		begin_next_part(connection);
}

/* What the current transfer has moved. Verified once, for all backends. */
__noinline int on_bytes(__u64 moved)
{
	struct transfer *transfer = current_transfer();
	if (!transfer || is_datagram_of_calls(transfer, moved))
		return 0;
	__u64 handle = flow_of_transfer(moved);
	struct connection *connection = handle ? find_connection(handle) : NULL;
	if (!connection || connection->flags & CONNECTION_CLOSED)
		return 0;
	if (connection->flags & CONNECTION_UNDECODED ||
	    (transfer->is_message && begins_datagrams_of_tls(connection, transfer, moved)))
		return on_foreign_tls(handle, moved);
	if (!transfer->is_message && begins_tls(connection, transfer, moved)) {
		leave_prologue(connection, transfer, moved);
		return on_foreign_tls(handle, moved);
	}
	if (!config.tells_cleartext && !(transfer->is_message && may_be_quic(transfer, moved))) {
		connection->position[bounded_direction(transfer->direction)] += moved;
		return 0;
	}
	if (!transfer->is_message && transfer->direction == DIRECTION_RECEIVED)
		skip_unseen(connection, (void *)transfer->socket, moved);
	if (is_announced(connection, handle))
		locate(handle, transfer->socket, transfer->identity, transfer->is_message, moved);
	copy_transfer(transfer, handle, moved);
	return 1;
}

/* Whether the cleartext of this socket is wanted. The kernel's own (NFS, cluster file systems) have no file. */
static __always_inline bool is_wanted_cleartext(struct sock *sk)
{
	__u16 protocol = BPF_CORE_READ(sk, sk_protocol);
	return config.cleartext && is_internet(sk) && (protocol == IPPROTO_TCP || protocol == IPPROTO_UDP) &&
	       traced_process(current_tgid()) && BPF_CORE_READ(sk, sk_socket, file);
}

/* The current transfer, of such a socket, is over. */
static __always_inline void on_cleartext(const struct transfer *transfer, int result)
{
	if (belongs_to_tls(transfer->socket, transfer->identity, result > 0 ? result : 0))
		leave_to_tls(transfer->socket, transfer->identity);
	else if (has_moved(transfer, result))
		on_bytes(result);
}

#endif
