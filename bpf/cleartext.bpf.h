/* SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause */
/*
 * Data of TCP and UDP sockets that carry no TLS we decode. A socket that TLS calls use is left alone; one that
 * carries TLS of a library nobody probes is for foreign_tls.bpf.h.
 */
#ifndef SSLSNIFF_CLEARTEXT_H
#define SSLSNIFF_CLEARTEXT_H

#include "flow.bpf.h"
#include "foreign_tls.bpf.h"

#define SOCK_DONE    1 /* enum sock_flags: FIN came */
#define MSG_OOB      0x1
#define MSG_PEEK     0x2
#define MSG_ERRQUEUE 0x2000

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

#endif
