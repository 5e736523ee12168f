/* SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause */
/* The state of each TLS object, and the events of its life. */
#ifndef SSLSNIFF_CONNECTION_H
#define SSLSNIFF_CONNECTION_H

#include "process.bpf.h"

#define IPPROTO_TCP 6

#define EPIPE        32
#define ENETUNREACH  101
#define ECONNRESET   104
#define ETIMEDOUT    110
#define ECONNREFUSED 111
#define EHOSTUNREACH 113

/* Unique: one CPU never has two connections in the same nanosecond. */
static __always_inline __u64 new_generation(void)
{
	return bpf_ktime_get_ns() << 8 | (bpf_get_smp_processor_id() & 0xff);
}

static __always_inline struct connection_key key_of(__u64 handle)
{
	__u64 process = current_tgid();
	struct connection_key key = {.handle = handle, .tgid = handle & SOCKET_HANDLE ? 0 : process};
	return key;
}

static __always_inline struct connection *find_connection(__u64 handle)
{
	struct connection_key key = key_of(handle);
	return bpf_map_lookup_elem(&connections, &key);
}

/* Of the cleartext connection of a TCP socket. */
static __always_inline __u64 stream_handle(__u64 cookie)
{
	return SOCKET_HANDLE | (cookie & ~DATAGRAM_HANDLE);
}

/* 0 when the connect() was not seen. */
static __always_inline __u32 connect_time_of(__u64 cookie)
{
	struct connection *connection = cookie ? find_connection(stream_handle(cookie)) : NULL;
	return connection ? connection->connect_us : 0;
}

/*
 * The functions below that are neither static nor inline are verified once each, instead of wherever they are
 * called: that is why they take numbers and look the connection up again.
 */

/* Sends EVENT_OPEN once, before anything else about a connection; 0 when the ring was full. */
__noinline int announce(__u64 handle)
{
	struct task_struct *task = (void *)bpf_get_current_task();
	struct connection *connection = find_connection(handle);
	if (!connection)
		return 0;
	__u32 current = current_tgid();
	__u32 tgid = connection->owner ? connection->owner : current;
	struct process *process = bpf_map_lookup_elem(&processes, &tgid);
	if (!process || (tgid != current && !process->announced) || !announce_process(process))
		return 0;
	struct open_event *event = RESERVE_EVENT(struct open_event, EVENT_OPEN, connection->generation);
	if (!event)
		return 0;
	if (!(connection->flags & (CONNECTION_HANDSHAKE_SEEN | CONNECTION_NEW)))
		event->header.flags = OPEN_MIDSTREAM;
	event->pid = tgid;
	event->library = connection->library;
	event->start_time = BPF_CORE_READ(task, group_leader, start_boottime);
	event->handle = handle;
	if (connection->handshake_time)
		event->header.time = connection->handshake_time;
	if (connection->flags & CONNECTION_CLEARTEXT) {
		event->header.flags |= OPEN_CLEARTEXT;
		if (connection->flags & CONNECTION_UNDECODED)
			event->header.flags |= OPEN_HELD;
		event->start_time = connection->owner_start_time;
	}
	submit_event(event);
	connection->flags |= CONNECTION_OPENED;
	return 1;
}

static __always_inline bool is_announced(const struct connection *connection, __u64 handle)
{
	return connection->flags & CONNECTION_OPENED || announce(handle);
}

#define HANDSHAKE_DONE_BEFORE 1 /* nothing was seen of its end */
#define HANDSHAKE_NOT_DONE    2

/* `how`: 0 when it is done just now. */
__noinline int emit_handshake(__u64 handle, __u32 how)
{
	struct connection *connection = find_connection(handle);
	if (!connection || !is_announced(connection, handle))
		return 0;
	struct handshake_event *event = RESERVE_EVENT(struct handshake_event, EVENT_HANDSHAKE, connection->generation);
	if (!event)
		return 0;
	if (how == HANDSHAKE_NOT_DONE) {
		event->header.flags |= connection->handshake_end ? HANDSHAKE_FAILED : HANDSHAKE_OPEN;
		event->header.detail = connection->handshake_end;
	}
	if (connection->flags & CONNECTION_CLIENT)
		event->header.flags |= HANDSHAKE_CLIENT;
	if (connection->flags & CONNECTION_SERVER)
		event->header.flags |= HANDSHAKE_SERVER;
	__builtin_memset(&event->duration, 0, sizeof(*event) - sizeof(event->header));
	__u64 end = event->header.time;
	if (how == HANDSHAKE_DONE_BEFORE || (!how && !(connection->flags & CONNECTION_CALLED)))
		end = connection->handshake_step; /* made by reads and writes: more may have followed */
	if (connection->handshake_time && end > connection->handshake_time)
		event->duration = end - connection->handshake_time;
	event->alert = connection->alert;
	submit_event(event);
	return 1;
}

static __always_inline __u8 close_cause(const struct connection *connection)
{
	if (connection->flags & CONNECTION_COVERED)
		return CLOSED_COVERED;
	if (connection->flags & CONNECTION_TLS_BEGAN)
		return CLOSED_TLS_BEGAN;
	if (connection->flags & CONNECTION_SHUTDOWN_SENT)
		return CLOSED_SHUTDOWN;
	if (connection->error == ECONNREFUSED)
		return CLOSED_REFUSED;
	if (connection->error == ETIMEDOUT || connection->error == EHOSTUNREACH || connection->error == ENETUNREACH)
		return CLOSED_TIMED_OUT;
	if (connection->flags & CONNECTION_SOCKET_RESET)
		return CLOSED_RESET;
	if (connection->flags & CONNECTION_SOCKET_CLOSED)
		return CLOSED_SOCKET;
	return CLOSED_FREED;
}

/* Of a handshake that was not done. An object that was made, and perhaps made a hello, but never used says nothing. */
static __always_inline void end_handshake(struct connection *connection, __u64 handle)
{
	if (!(connection->flags & CONNECTION_HANDSHAKE_SEEN) ||
	    connection->flags & (CONNECTION_HANDSHAKE_DONE | CONNECTION_CLEARTEXT))
		return;
	if (!connection->handshake_end && connection->flags & CONNECTION_SOCKET_RESET)
		connection->handshake_end = HANDSHAKE_PEER_RESET;
	if (connection->handshake_end || connection->socket || connection->last_socket ||
	    connection->flags & CONNECTION_BY_CIPHERTEXT)
		emit_handshake(handle, HANDSHAKE_NOT_DONE);
}

/* The connection is over. Nothing is said of one that was never announced, unless its handshake failed. */
__noinline int close_connection(__u64 handle)
{
	struct connection *connection = find_connection(handle);
	if (!connection || connection->flags & CONNECTION_CLOSED)
		return 0;
	end_handshake(connection, handle);
	if (connection->flags & CONNECTION_OPENED) {
		struct close_event *event = RESERVE_EVENT(struct close_event, EVENT_CLOSE, connection->generation);
		if (event) {
			__builtin_memset(event->reserved, 0, sizeof(event->reserved));
			event->header.detail = close_cause(connection);
			event->position[0] = connection->position[0];
			event->position[1] = connection->position[1];
			event->missing[0] = connection->missing[0];
			event->missing[1] = connection->missing[1];
			submit_event(event);
		}
	}
	/* TCP sockets stay known as carriers of TLS until they close (cleartext.bpf.h); others tell nothing of their end. */
	struct sock *sk = (void *)connection->socket;
	if (sk && BPF_CORE_READ(sk, sk_protocol) != IPPROTO_TCP)
		bpf_map_delete_elem(&bound_sockets, &connection->socket);
	connection->flags |= CONNECTION_CLOSED;
	return 1;
}

/* The same TLS object begins another connection. */
static __always_inline void renew_connection(struct connection *connection, __u64 handle)
{
	__u32 library = connection->library;
	close_connection(handle);
	__builtin_memset(connection, 0, sizeof(*connection));
	connection->library = library;
	connection->generation = new_generation();
}

static __always_inline void count_connections(__u32 tgid, __u64 change)
{
	struct process *process = bpf_map_lookup_elem(&processes, &tgid);
	if (process)
		add_atomically(&process->connections, change);
}

/* The connection of a TLS object, made if it was not known. NULL when the map is full. */
static __always_inline struct connection *find_or_make_connection(__u64 handle, __u32 library)
{
	struct connection_key key = key_of(handle);
	struct connection *connection = bpf_map_lookup_elem(&connections, &key);
	if (connection)
		return connection;
	/* Not made on the stack, of which there is little. */
	static const struct connection empty = {};
	if (bpf_map_update_elem(&connections, &key, &empty, BPF_NOEXIST)) {
		count_loss(LOSS_MAP_FULL, 0);
		return NULL;
	}
	count_connections(key.tgid, 1);
	connection = bpf_map_lookup_elem(&connections, &key);
	if (connection) {
		connection->generation = new_generation();
		connection->library = library;
	}
	return connection;
}

/* The same for an object that is certainly in use: one that was closed begins anew. */
static __always_inline struct connection *use_connection(__u64 handle, __u32 library)
{
	struct connection *connection = find_or_make_connection(handle, library);
	if (connection && connection->flags & CONNECTION_CLOSED)
		renew_connection(connection, handle);
	return connection;
}

/* It may get another socket. */
static __always_inline void unbind_connection(__u64 handle)
{
	struct connection *connection = find_connection(handle);
	if (!connection || !connection->socket)
		return;
	bpf_map_delete_elem(&bound_sockets, &connection->socket);
	connection->last_socket = connection->socket;
	connection->socket = 0;
}

static __always_inline void forget_connection(__u64 handle)
{
	struct connection_key key = key_of(handle);
	close_connection(handle);
	if (!bpf_map_delete_elem(&connections, &key))
		count_connections(key.tgid, -1);
}

#endif
