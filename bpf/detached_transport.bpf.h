/* SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause */
/*
 * Connections whose TLS library reads and writes memory, while the program moves the ciphertext to and from the
 * socket (python asyncio, node). User space is told of their processes, probes there what the library reads and writes by
 * (transport_calls.bpf.h), and finds the socket by ciphertext that is equal on both sides.
 */
#ifndef SSLSNIFF_DETACHED_TRANSPORT_H
#define SSLSNIFF_DETACHED_TRANSPORT_H

#include "connection.bpf.h"

#define MAX_LIBRARY_RECORDS 4096 /* of one connection: after so many it stays without a socket */

static __always_inline bool is_bound_by_ciphertext(struct connection *connection)
{
	if (!config.has_ciphertext)
		return false;
	if (!(connection->flags & CONNECTION_BY_CIPHERTEXT) &&
	    bpf_map_lookup_elem(&ciphertext_bound, &connection->generation))
		connection->flags |= CONNECTION_BY_CIPHERTEXT;
	return connection->flags & CONNECTION_BY_CIPHERTEXT;
}

static __always_inline bool lacks_socket(struct connection *connection)
{
	return !connection->socket && !connection->last_socket && !(connection->flags & CONNECTION_CLOSED) &&
	       connection->library_records < MAX_LIBRARY_RECORDS && !is_bound_by_ciphertext(connection);
}

/* Has user space woken at once: the first bytes of payload are near. */
static __always_inline bool want_transport_probes(__u32 tgid, __u64 generation)
{
	struct transport_wanted_event *event =
		RESERVE_EVENT(struct transport_wanted_event, EVENT_TRANSPORT_WANTED, generation);
	if (!event)
		return false;
	event->pid = tgid;
	event->reserved = 0;
	bpf_ringbuf_submit(event, BPF_RB_FORCE_WAKEUP);
	return true;
}

/* The TLS library of this process uses sockets itself: probes on its transport that wait for a need are not needed. */
static __always_inline void has_own_sockets(void)
{
	__u32 tgid = current_tgid();
	struct detached_process *process =
		config.has_ciphertext ? bpf_map_lookup_elem(&detached_processes, &tgid) : NULL;
	if (process)
		process->early = 0;
}

/* A call returns in which a socket call would have been seen, but none was. Verified once. */
__noinline int need_transport_probes(__u64 generation)
{
	__u32 tgid = current_tgid();
	struct detached_process new = {.needed = bpf_ktime_get_ns()}, *process;
	process = bpf_map_lookup_elem(&detached_processes, &tgid);
	if (process) {
		process->needed = new.needed;
		return 0;
	}
	if (!bpf_map_update_elem(&detached_processes, &tgid, &new, BPF_NOEXIST) &&
	    !want_transport_probes(tgid, generation))
		bpf_map_delete_elem(&detached_processes, &tgid);
	return 1;
}

#endif
