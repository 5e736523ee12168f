/* SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause */
/*
 * Cleartext connections: one for each TCP socket, and for each pair of a UDP socket and a peer. Their state lies
 * beside that of TLS objects (map `connections`), under a handle made of the socket's identity (TCP) or a fresh
 * number (UDP). They belong to the socket: whichever process uses it, the stream is one.
 */
#ifndef SSLSNIFF_FLOW_H
#define SSLSNIFF_FLOW_H

#include "socket.bpf.h"
#include "iov_iter.bpf.h"

struct datagram_key {
	__u64 identity; /* of the socket */
	struct peer peer;
};

/* -> handle */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, MAX_CONNECTIONS);
	__type(key, struct datagram_key);
	__type(value, __u64);
} datagram_flows SEC(".maps");

struct datagram_socket {
	struct peer peer; /* known so far; with `several`, the first one */
	__u32 several;
};

/* identity of a UDP socket that has connections -> */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, MAX_CONNECTIONS);
	__type(key, __u64);
	__type(value, struct datagram_socket);
} datagram_sockets SEC(".maps");

/* A query that a UDP socket has sent: of DNS and others with its header (RFC 1035 section 4.1.1). */
struct query_key {
	__u64 identity; /* of the socket */
	__u32 id;
	__u32 reserved;
};

struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, 4096);
	__type(key, struct query_key);
	__type(value, struct datagram_socket);
} queries SEC(".maps");

/* address of the struct sock of an accepted connection -> when it was established, CLOCK_MONOTONIC */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, MAX_CONNECTIONS);
	__type(key, __u64);
	__type(value, __u64);
} accepted_sockets SEC(".maps");

/* The datagram that a thread receives just now. */
struct arrival {
	__u64 cookie; /* of the socket */
	struct peer sender;
};

struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, MAX_THREADS);
	__type(key, __u64);
	__type(value, struct arrival);
} arrivals SEC(".maps");

/* IPv4 as an IPv6 socket sees it: ::ffff:a.b.c.d (RFC 4291 section 2.5.5.2). */
static __always_inline void map_address(struct peer *peer)
{
	__builtin_memcpy(peer->address + 12, peer->address, 4);
	__builtin_memset(peer->address, 0, 10);
	peer->address[10] = peer->address[11] = 0xff;
	peer->family = AF_INET6;
}

/* From a struct sockaddr. */
static __always_inline void read_sockaddr(struct peer *peer, __u64 name, bool in_kernel)
{
	__u8 bytes[24] = {};
	__u16 family = 0;
	read_bytes(&family, sizeof(family), name, in_kernel);
	if (family == AF_INET)
		read_bytes(bytes, 8, name, in_kernel);
	else if (family == AF_INET6)
		read_bytes(bytes, sizeof(bytes), name, in_kernel);
	else
		return;
	peer->family = family;
	peer->port = bytes[2] << 8 | bytes[3];
	if (family == AF_INET)
		__builtin_memcpy(peer->address, bytes + 4, 4);
	else
		__builtin_memcpy(peer->address, bytes + 8, 16);
}

/* Who the socket is connected to. */
static __always_inline void read_connected_peer(struct peer *peer, struct sock *sk)
{
	__u16 port = BPF_CORE_READ(sk, __sk_common.skc_dport);
	__u16 family = BPF_CORE_READ(sk, __sk_common.skc_family);
	if (!port)
		return;
	peer->family = family;
	peer->port = bpf_ntohs(port);
	if (family == AF_INET)
		BPF_CORE_READ_INTO((__u32 *)peer->address, sk, __sk_common.skc_daddr);
	else
		BPF_CORE_READ_INTO((struct in6_addr *)peer->address, sk, __sk_common.skc_v6_daddr);
}

/* The kernel is about to tell a process who sent the datagram that it receives. `family` is a constant. */
static __always_inline void on_sender_told(struct bpf_sock_addr *context, __u16 family)
{
	__u64 id = bpf_get_current_pid_tgid();
	__u32 tgid = current_tgid();
	struct process *process = bpf_map_lookup_elem(&processes, &tgid);
	struct arrival arrival = {};
	if (!control.armed || !process || process->verdict < VERDICT_MATCHED)
		return;
	arrival.cookie = bpf_get_socket_cookie(context);
	arrival.sender.port = bpf_ntohs(context->user_port);
	arrival.sender.family = family;
	if (family == AF_INET) {
		*(__u32 *)arrival.sender.address = context->user_ip4;
	} else {
		__u32 *address = (__u32 *)arrival.sender.address;
		address[0] = context->user_ip6[0];
		address[1] = context->user_ip6[1];
		address[2] = context->user_ip6[2];
		address[3] = context->user_ip6[3];
	}
	bpf_map_update_elem(&arrivals, &id, &arrival, BPF_ANY);
}

/* What the cgroup programs saw, where a backend does not see it. */
static __always_inline void read_sender(struct peer *peer, __u64 identity)
{
	__u64 id = bpf_get_current_pid_tgid();
	struct arrival *arrival = bpf_map_lookup_elem(&arrivals, &id);
	if (!arrival)
		return;
	if (arrival->cookie == identity)
		*peer = arrival->sender;
	bpf_map_delete_elem(&arrivals, &id);
}

/* Nobody asked who sent the datagram: it must have been the only one that the socket has to do with. */
static __always_inline void read_only_peer(struct peer *peer, __u64 identity)
{
	const struct datagram_socket *socket = bpf_map_lookup_elem(&datagram_sockets, &identity);
	if (socket && !socket->several)
		*peer = socket->peer;
}

#define DNS_RESPONSE 0x80 /* QR, in the third byte */

/* The id of a message with one question; false when the transfer is something else. */
static __always_inline bool read_query_id(const struct transfer *transfer, struct query_key *key, __u8 response)
{
	__u8 bytes[6] = {}; /* ID, flags, QDCOUNT */
	if (!read_beginning(transfer, bytes, sizeof(bytes)) || (bytes[2] & DNS_RESPONSE) != response || bytes[4] ||
	    bytes[5] != 1)
		return false;
	key->identity = transfer->identity;
	key->id = bytes[0] << 8 | bytes[1];
	return true;
}

static __always_inline bool is_same_peer(const struct peer *one, const struct peer *other)
{
	const __u32 *first = (const __u32 *)one->address, *second = (const __u32 *)other->address;
	return one->family == other->family && one->port == other->port && first[0] == second[0] &&
	       first[1] == second[1] && first[2] == second[2] && first[3] == second[3];
}

static __always_inline void note_peer(__u64 identity, const struct peer *peer)
{
	struct datagram_socket new = {.peer = *peer};
	struct datagram_socket *socket = bpf_map_lookup_elem(&datagram_sockets, &identity);
	if (!socket)
		bpf_map_update_elem(&datagram_sockets, &identity, &new, BPF_ANY);
	else if (!socket->peer.family)
		socket->peer = *peer;
	else if (peer->family && !is_same_peer(&socket->peer, peer))
		socket->several = 1;
}

/* A socket with several peers may have asked one of them just this. Verified once, as the next. */
__noinline int read_asked_peer(void)
{
	struct query_key key = {};
	struct transfer *transfer = current_transfer();
	if (!transfer || !read_query_id(transfer, &key, DNS_RESPONSE))
		return 0;
	const struct datagram_socket *query = bpf_map_lookup_elem(&queries, &key);
	if (query && !query->several)
		transfer->peer = query->peer;
	return 0;
}

__noinline int note_query(void)
{
	struct query_key key = {};
	struct transfer *transfer = current_transfer();
	if (!transfer || !read_query_id(transfer, &key, 0))
		return 0;
	struct datagram_socket new = {.peer = transfer->peer};
	struct datagram_socket *query = bpf_map_lookup_elem(&queries, &key);
	if (query && !is_same_peer(&query->peer, &new.peer))
		query->several = 1; /* whoever answers */
	else if (!query)
		bpf_map_update_elem(&queries, &key, &new, BPF_ANY);
	return 0;
}

/* Who sent the datagram of a transfer, or gets it. Unknown when the socket has several peers and nobody asked. */
static __always_inline void find_peer(struct transfer *transfer)
{
	struct sock *sk = (void *)transfer->socket;
	struct msghdr *message = (void *)transfer->message;
	struct peer *peer = &transfer->peer;
	if (transfer->direction == DIRECTION_SENT && transfer->name)
		read_sockaddr(peer, transfer->name, transfer->name_in_kernel);
	else if (transfer->direction == DIRECTION_RECEIVED && message)
		read_sockaddr(peer, (__u64)BPF_CORE_READ(message, msg_name), true);
	else if (transfer->direction == DIRECTION_RECEIVED)
		read_sender(peer, transfer->identity);
	if (!peer->family)
		read_connected_peer(peer, sk);
	if (!peer->family && transfer->direction == DIRECTION_RECEIVED)
		read_only_peer(peer, transfer->identity);
	if (!peer->family && transfer->direction == DIRECTION_RECEIVED)
		read_asked_peer();
	if (peer->family == AF_INET && BPF_CORE_READ(sk, __sk_common.skc_family) == AF_INET6)
		map_address(peer);
	if (transfer->direction == DIRECTION_SENT && transfer->name)
		note_query();
}

/* The handle of a socket's connection with a peer, made if it was not known. */
static __always_inline __u64 datagram_handle(__u64 identity, const struct peer *peer)
{
	struct datagram_key key = {.identity = identity, .peer = *peer};
	__u64 *known = bpf_map_lookup_elem(&datagram_flows, &key);
	if (known && find_connection(*known))
		return *known;
	__u64 handle = SOCKET_HANDLE | DATAGRAM_HANDLE | (new_generation() & (DATAGRAM_HANDLE - 1));
	bpf_map_update_elem(&datagram_flows, &key, &handle, BPF_ANY);
	note_peer(identity, peer);
	return handle;
}

/* Whether `moved` bytes in one direction are all that this TCP socket has carried. */
static __always_inline bool is_fresh(struct sock *sk, __u64 direction, __u32 moved)
{
	struct tcp_sock *tcp = (struct tcp_sock *)sk;
	__u32 unread = BPF_CORE_READ(tcp, rcv_nxt) - BPF_CORE_READ(tcp, copied_seq);
	__u32 unsent = BPF_CORE_READ(tcp, write_seq) - BPF_CORE_READ(tcp, snd_nxt);
	__u32 received = (__u32)BPF_CORE_READ(tcp, bytes_received) - unread;
	__u32 sent = (__u32)BPF_CORE_READ(tcp, bytes_sent) - (__u32)BPF_CORE_READ(tcp, bytes_retrans) + unsent;
	return direction == DIRECTION_SENT ? sent == moved && !received : received == moved && !sent;
}

/* 0 when the map is full. `flags`: CONNECTION_NEW, CONNECTION_CLIENT, CONNECTION_SERVER. */
__noinline int make_flow(__u64 handle, __u32 flags)
{
	struct task_struct *task = (void *)bpf_get_current_task();
	struct connection_key key = key_of(handle);
	struct connection new = {
		.generation = new_generation(),
		.flags = CONNECTION_CLEARTEXT | flags,
		.owner = current_tgid(),
		.owner_start_time = BPF_CORE_READ(task, group_leader, start_boottime),
	};
	if (bpf_map_update_elem(&connections, &key, &new, BPF_NOEXIST)) {
		count_loss(LOSS_MAP_FULL, 0);
		return 0;
	}
	return 1;
}

/* Where the stream's positions lie in TCP, now that the current transfer has moved so many bytes. */
static __always_inline void number_stream(struct bind_event *event, const struct connection *connection,
                                          struct sock *sk, __u32 moved)
{
	struct tcp_sock *tcp = (struct tcp_sock *)sk;
	const struct transfer *transfer = current_transfer();
	if (!transfer || transfer->is_message)
		return;
	event->sequence[DIRECTION_SENT] = BPF_CORE_READ(tcp, write_seq) - (__u32)connection->position[DIRECTION_SENT];
	event->sequence[DIRECTION_RECEIVED] = BPF_CORE_READ(tcp, copied_seq) -
	                                      (__u32)connection->position[DIRECTION_RECEIVED] -
	                                      (has_read_fin(sk) ? 1 : 0);
	if (transfer->direction == DIRECTION_SENT)
		event->sequence[DIRECTION_SENT] -= moved;
	else
		event->sequence[DIRECTION_RECEIVED] -= moved;
	event->header.flags |= BIND_NUMBERS;
}

/*
 * EVENT_BIND, once. With the peer of the current transfer, or whoever the socket is connected to. `moved`: by the
 * current transfer, which is not in the positions yet; 0: nothing that is shown.
 */
__noinline int locate(__u64 handle, __u64 socket, __u64 identity, __u32 has_peer, __u32 moved)
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
	if (moved)
		number_stream(event, connection, sk, moved);
	if (transfer && transfer->peer.family) {
		event->remote_port = transfer->peer.port;
		__builtin_memcpy(event->remote, transfer->peer.address, sizeof(event->remote));
	}
	submit_event(event);
	connection->flags |= CONNECTION_LOCATED;
	return 1;
}

static __always_inline bool is_internet(struct sock *sk)
{
	__u16 family = BPF_CORE_READ(sk, __sk_common.skc_family);
	return family == AF_INET || family == AF_INET6;
}

#endif
