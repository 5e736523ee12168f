/* SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause */
/* Putting records into the ring buffer, waking its reader, counting what was lost. */
#ifndef SSLSNIFF_EMIT_H
#define SSLSNIFF_EMIT_H

#include "pid.bpf.h"

#define WAKE_INTERVAL 1000000 /* ns */

/*
 * The reader polls by itself every 20 ms; waking it costs more than the whole copy. So it is woken when much
 * waits, and at most once per millisecond.
 */
static __always_inline __u64 wake_flags(void)
{
	if (bpf_ringbuf_query(&ring, BPF_RB_AVAIL_DATA) < config.wake_bytes)
		return BPF_RB_NO_WAKEUP;
	__u64 now = bpf_ktime_get_ns();
	if (now - control.last_wake < WAKE_INTERVAL)
		return BPF_RB_NO_WAKEUP;
	control.last_wake = now;
	return BPF_RB_FORCE_WAKEUP;
}

/* In assembly, because clang would use an instruction with a result, which kernels before 5.12 do not have. */
static __always_inline void add_atomically(__u64 *to, __u64 amount)
{
	asm volatile("lock *(u64 *)(%0 + 0) += %1" : : "r"(to), "r"(amount) : "memory");
}

/* Atomic although per CPU: uprobe programs can be preempted. */
static __always_inline void count_loss(__u32 cause, __u64 bytes)
{
	struct loss_count *count = bpf_map_lookup_elem(&losses, &cause);
	if (!count)
		return;
	add_atomically(&count->events, 1);
	add_atomically(&count->bytes, bytes);
}

static __always_inline void fill_header(struct event_header *header, __u8 kind, __u64 generation)
{
	header->kind = kind;
	header->direction = 0;
	header->detail = 0;
	header->flags = 0;
	header->tid = current_tid();
	header->time = bpf_ktime_get_ns();
	header->generation = generation;
}

/* Room for a control record with its header filled, or NULL: then it is counted as lost. */
#define RESERVE_EVENT(type, kind, generation)                                                                          \
	({                                                                                                             \
		type *event_ = bpf_ringbuf_reserve(&ring, sizeof(type), 0);                                            \
		if (event_)                                                                                            \
			fill_header((struct event_header *)event_, kind, generation);                                  \
		else                                                                                                   \
			count_loss(LOSS_RING_FULL, 0);                                                                 \
		event_;                                                                                                \
	})

static __always_inline void submit_event(void *event)
{
	bpf_ringbuf_submit(event, wake_flags());
}

#endif
