/* SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause */
/*
 * Where payload is seen record by record, the calls that move it need no probes, except to learn which socket a connection
 * has, and to see hellos of handshakes that reads and writes make. User space attaches those probes at the beginning and
 * takes them away when nothing needed them for a while; the kernel side asks for them here.
 */
#ifndef SSLSNIFF_CALL_NEED_H
#define SSLSNIFF_CALL_NEED_H

#include "detached_transport.bpf.h"

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct call_need);
} call_needs SEC(".maps");

/* Whether the probes are attached; written by user space. */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u32);
} calls_attached SEC(".maps");

/* Verified once. `kept`: for good. */
__noinline int need_calls(__u32 kept)
{
	__u32 first = 0;
	struct call_need *need = bpf_map_lookup_elem(&call_needs, &first);
	__u32 *attached = bpf_map_lookup_elem(&calls_attached, &first);
	if (!need || !attached)
		return 0;
	need->last = bpf_ktime_get_ns();
	if (kept)
		need->kept = 1;
	if (*attached) {
		need->asked = 0;
		return 0;
	}
	if (need->asked)
		return 0;
	struct event_header *event = RESERVE_EVENT(struct event_header, EVENT_CALLS_WANTED, 0);
	if (!event)
		return 0;
	need->asked = 1;
	bpf_ringbuf_submit(event, BPF_RB_FORCE_WAKEUP); /* bytes of the handshake are near */
	return 1;
}

/* A connection begins. What the program does next is known if it made a handshake before. */
static __always_inline void need_calls_of(const struct process *process)
{
	if (!process->handshakes)
		need_calls(0);
}

#endif
