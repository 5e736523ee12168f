// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/* Run once by user space, in its own context: finds the PID namespace of who runs it. */
#include "kernel_types.h"
#include <bpf/bpf_helpers.h>
#include <bpf/bpf_core_read.h>
#include "pid_namespace.h"

char LICENSE[] SEC("license") = "Dual BSD/GPL";

struct pid_namespace_place place = {};

/* Of a type that a test run accepts since before Linux 5.8, and that needs no capability but CAP_BPF. */
SEC("socket")
int find_pid_namespace(struct __sk_buff *packet)
{
	struct task_struct *task = (struct task_struct *)bpf_get_current_task();
	const struct pid *pid = BPF_CORE_READ(task, thread_pid);
	struct upid number = {};
	__u32 level = BPF_CORE_READ(pid, level);
	__u64 offset = bpf_core_field_offset(struct pid, numbers) + level * sizeof(number);
	if (bpf_probe_read_kernel(&number, sizeof(number), (const void *)pid + offset))
		return 0;
	place.address = (__u64)number.ns;
	place.level = level;
	return 0;
}
