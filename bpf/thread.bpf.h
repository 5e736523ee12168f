/* SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause */
/*
 * What is known of a thread that has made TLS calls: there is such state only for threads of traced processes. It
 * lies with the task where the kernel has such storage and its lookup cannot fail (the object for Linux 6.16; it takes
 * a tenth of the time), else in a hash.
 */
#ifndef SSLSNIFF_THREAD_H
#define SSLSNIFF_THREAD_H

#include "emit.bpf.h"

#define MAX_FRAMES  4
#define MAX_THREADS 16384

/* A TLS call that has not returned yet. */
struct frame {
	__u64 handle;
	__u64 buffer;
	__u64 length;
	__u64 done; /* address of the size_t that tells how much was moved; 0: the return value does */
	__u64 stack_pointer;
	__u32 function; /* enum tls_function */
	__u32 library;
	__u32 covered; /* a call nested in this one emitted its payload */
	__u32 reserved;
};

struct thread {
	__u64 depth;
	__u64 socket; /* struct sock of the socket call that runs now, as a number */
	struct frame frames[MAX_FRAMES];
};

#if PAYLOAD == 1 /* Linux 6.16 */

struct {
	__uint(type, BPF_MAP_TYPE_TASK_STORAGE);
	__uint(map_flags, BPF_F_NO_PREALLOC);
	__type(key, int);
	__type(value, struct thread);
} threads SEC(".maps");

static __always_inline struct thread *current_thread(void)
{
	return bpf_task_storage_get(&threads, bpf_get_current_task_btf(), NULL, 0);
}

static __always_inline struct thread *make_current_thread(void)
{
	return bpf_task_storage_get(&threads, bpf_get_current_task_btf(), NULL, BPF_LOCAL_STORAGE_GET_F_CREATE);
}

static __always_inline void forget_current_thread(void)
{
	bpf_task_storage_delete(&threads, bpf_get_current_task_btf());
}

#else

/* pid_tgid -> */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, MAX_THREADS);
	__type(key, __u64);
	__type(value, struct thread);
} threads SEC(".maps");

static __always_inline struct thread *current_thread(void)
{
	__u64 id = bpf_get_current_pid_tgid();
	return bpf_map_lookup_elem(&threads, &id);
}

static __always_inline struct thread *make_current_thread(void)
{
	static const struct thread empty = {};
	__u64 id = bpf_get_current_pid_tgid();
	bpf_map_update_elem(&threads, &id, &empty, BPF_NOEXIST);
	return bpf_map_lookup_elem(&threads, &id);
}

static __always_inline void forget_current_thread(void)
{
	__u64 id = bpf_get_current_pid_tgid();
	bpf_map_delete_elem(&threads, &id);
}

#endif

#endif
