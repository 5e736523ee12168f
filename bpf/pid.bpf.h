/* SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause */
/*
 * Process and thread ids as user space knows them: numbers of sslsniff's own PID namespace (pid_namespaces(7)).
 * Whatever user space reads or sets (events, the maps `processes`, `connections` and `detached_processes`) has these.
 * Processes outside of that namespace have no number in it: 0, which is no process and is never traced.
 *
 * bpf_get_ns_current_pid_tgid (Linux 5.7) is no help: it knows neither processes of namespaces inside of ours
 * nor other tasks than the current one.
 */
#ifndef SSLSNIFF_PID_H
#define SSLSNIFF_PID_H

#include "maps.bpf.h"
#include <bpf/bpf_core_read.h>

/* The number of a struct pid in the namespace that the configuration names; 0: it has none. */
static __always_inline __u32 number_in_namespace(const struct pid *pid)
{
	struct upid number = {};
	if (!pid || BPF_CORE_READ(pid, level) < config.pid_namespace_level)
		return 0;
	__u64 offset = bpf_core_field_offset(struct pid, numbers) + config.pid_namespace_level * sizeof(number);
	if (bpf_probe_read_kernel(&number, sizeof(number), (const void *)pid + offset))
		return 0;
	return (__u64)number.ns == config.pid_namespace ? number.nr : 0;
}

static __always_inline __u32 tgid_of(struct task_struct *task)
{
	if (!config.pid_namespace)
		return BPF_CORE_READ(task, tgid);
	return number_in_namespace(BPF_CORE_READ(task, group_leader, thread_pid));
}

static __always_inline __u32 current_tgid(void)
{
	if (!config.pid_namespace)
		return bpf_get_current_pid_tgid() >> 32;
	return tgid_of((struct task_struct *)bpf_get_current_task());
}

static __always_inline __u32 current_tid(void)
{
	if (!config.pid_namespace)
		return (__u32)bpf_get_current_pid_tgid();
	struct task_struct *task = (struct task_struct *)bpf_get_current_task();
	return number_in_namespace(BPF_CORE_READ(task, thread_pid));
}

#endif
