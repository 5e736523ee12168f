/* SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause */
/* Which processes are traced, and what they are. */
#ifndef SSLSNIFF_PROCESS_H
#define SSLSNIFF_PROCESS_H

#include "thread.bpf.h"
#include <bpf/bpf_core_read.h>

#define MAX_PATH_DEPTH 24
#define NAME_LENGTH    256

static __always_inline __u32 decide_verdict(__u32 tgid)
{
	char comm[COMM_LENGTH] = {};
	__u32 uid = (__u32)bpf_get_current_uid_gid();
	if (tgid == config.own_tgid)
		return VERDICT_IGNORED;
	if (config.everything)
		return VERDICT_MATCHED;
	if (config.filter_uids && bpf_map_lookup_elem(&wanted_uids, &uid))
		return VERDICT_MATCHED;
	if (config.filter_comms && !bpf_get_current_comm(comm, sizeof(comm)) &&
	    bpf_map_lookup_elem(&wanted_comms, comm))
		return VERDICT_MATCHED;
	return VERDICT_IGNORED;
}

/* The current process if it is traced, else NULL. */
static __always_inline struct process *traced_process(__u32 tgid)
{
	struct process *process = bpf_map_lookup_elem(&processes, &tgid);
	if (!process) {
		struct process new = {.verdict = decide_verdict(tgid)};
		if (bpf_map_update_elem(&processes, &tgid, &new, BPF_NOEXIST) && new.verdict != VERDICT_IGNORED)
			count_loss(LOSS_MAP_FULL, 0);
		process = bpf_map_lookup_elem(&processes, &tgid);
	}
	return process && process->verdict >= VERDICT_MATCHED ? process : NULL;
}

#define NAMES_LENGTH 1024
_Static_assert(EXE_LENGTH == NAMES_LENGTH && CGROUP_LENGTH == NAMES_LENGTH, "append_name() relies on it");

/*
 * Appends a name with its NUL; returns the new length. The mask changes nothing: it makes all lengths alike to the
 * verifier, which would follow each otherwise.
 */
static __always_inline __u64 append_name(char *names, __u64 length, const void *name)
{
	if (length < NAMES_LENGTH - NAME_LENGTH) {
		long added = bpf_probe_read_kernel_str(names + length, NAME_LENGTH, name);
		if (added > 1)
			length += added;
	}
	asm volatile("%0 &= 1023" : "+r"(length));
	return length;
}

/* The path of the executable, its last component first. */
static __always_inline __u32 read_exe(struct exec_event *event, struct task_struct *task)
{
	struct file *file = BPF_CORE_READ(task, mm, exe_file);
	struct dentry *dentry = BPF_CORE_READ(file, f_path.dentry), *parent;
	struct vfsmount *vfsmount = BPF_CORE_READ(file, f_path.mnt);
	struct mount *mount = (void *)vfsmount - bpf_core_field_offset(struct mount, mnt), *above;
	__u64 length = 0;
	if (!file)
		return 0;
	for (int i = 0; i < MAX_PATH_DEPTH; i++) {
		parent = BPF_CORE_READ(dentry, d_parent);
		if (dentry == parent || dentry == BPF_CORE_READ(mount, mnt.mnt_root)) {
			above = BPF_CORE_READ(mount, mnt_parent);
			if (above == mount)
				break;
			dentry = BPF_CORE_READ(mount, mnt_mountpoint);
			mount = above;
			continue;
		}
		length = append_name(event->exe, length, BPF_CORE_READ(dentry, d_name.name));
		dentry = parent;
	}
	return length;
}

/* The names of the cgroup, the innermost first. */
static __always_inline __u64 read_cgroup(struct exec_event *event, struct cgroup *cgroup, __u64 length)
{
	struct kernfs_node *node = BPF_CORE_READ(cgroup, kn);
	for (int i = 0; i < 8 && node; i++) {
		length = append_name(event->cgroup, length, BPF_CORE_READ(node, name));
		if (bpf_core_field_exists(node->parent))
			node = BPF_CORE_READ(node, parent);
		else
			node = BPF_CORE_READ((struct kernfs_node___rcu *)node, __parent);
	}
	return length;
}

static __always_inline __u32 read_cgroups(struct exec_event *event, struct task_struct *task)
{
	struct css_set *set = BPF_CORE_READ(task, cgroups);
	struct cgroup_subsys_state *memory = NULL;
	__u64 length = read_cgroup(event, BPF_CORE_READ(set, dfl_cgrp), 0);
	if (bpf_core_enum_value_exists(enum cgroup_subsys_id, memory_cgrp_id)) {
		__u64 index = bpf_core_enum_value(enum cgroup_subsys_id, memory_cgrp_id);
		bpf_core_read(&memory, sizeof(memory), &set->subsys[index]);
		length = read_cgroup(event, BPF_CORE_READ(memory, cgroup), length);
	}
	return length;
}

static __always_inline void describe_process(struct process_event *event)
{
	struct task_struct *task = (void *)bpf_get_current_task();
	event->pid = bpf_get_current_pid_tgid() >> 32;
	event->uid = BPF_CORE_READ(task, real_cred, uid.val);
	event->start_time = BPF_CORE_READ(task, group_leader, start_boottime);
	BPF_CORE_READ_INTO(&event->comm, task, group_leader, comm);
}

/* EVENT_PROCESS or EVENT_EXIT about the current process; false when the ring was full. */
static __always_inline bool emit_process(__u8 kind)
{
	struct process_event *event = RESERVE_EVENT(struct process_event, kind, 0);
	if (!event)
		return false;
	describe_process(event);
	submit_event(event);
	return true;
}

/* Not static: verified once, however it is reached. */
__noinline int emit_exec(void)
{
	struct task_struct *task = (void *)bpf_get_current_task();
	struct exec_event *event = RESERVE_EVENT(struct exec_event, EVENT_EXEC, 0);
	if (!event)
		return 0;
	describe_process(&event->process);
	event->exe_length = read_exe(event, task);
	event->cgroup_length = read_cgroups(event, task);
	submit_event(event);
	return 1;
}

static __always_inline bool announce_process(struct process *process)
{
	if (!process->announced)
		process->announced = emit_process(EVENT_PROCESS);
	return process->announced;
}

/* The child is traced before it runs. What matched by comm or uid is decided by its own first TLS call. */
static __always_inline void on_fork(struct task_struct *parent, struct task_struct *child)
{
	__u32 parent_tgid = BPF_CORE_READ(parent, tgid), child_tgid = BPF_CORE_READ(child, tgid);
	struct process new = {.verdict = VERDICT_TARGET};
	struct process *process;
	if (!config.children || parent_tgid == child_tgid)
		return;
	process = bpf_map_lookup_elem(&processes, &parent_tgid);
	if (process && process->verdict == VERDICT_TARGET &&
	    bpf_map_update_elem(&processes, &child_tgid, &new, BPF_ANY))
		count_loss(LOSS_MAP_FULL, 0);
}

/*
 * A new image: its connections are gone, and with another comm another decision may come. It is described now
 * because it may be gone when user space looks at /proc.
 */
static __always_inline void on_exec(void)
{
	__u32 tgid = bpf_get_current_pid_tgid() >> 32;
	struct process *process = bpf_map_lookup_elem(&processes, &tgid);
	__u32 verdict = process && process->verdict == VERDICT_TARGET ? VERDICT_TARGET : decide_verdict(tgid);
	struct process new = {.verdict = verdict};
	forget_current_thread();
	bpf_map_delete_elem(&bio_processes, &tgid);
	if (verdict >= VERDICT_MATCHED || (process && process->announced))
		emit_exec();
	if (process || verdict >= VERDICT_MATCHED)
		bpf_map_update_elem(&processes, &tgid, &new, BPF_ANY);
}

/* Every thread comes here. */
static __always_inline void on_exit(void)
{
	struct task_struct *task = (void *)bpf_get_current_task();
	__u32 tgid = bpf_get_current_pid_tgid() >> 32;
	struct process *process = bpf_map_lookup_elem(&processes, &tgid);
	if (!process)
		return;
	forget_current_thread();
	if (BPF_CORE_READ(task, signal, live.counter) > 0)
		return;
	if (process->verdict >= VERDICT_MATCHED)
		emit_process(EVENT_EXIT);
	bpf_map_delete_elem(&bio_processes, &tgid);
	bpf_map_delete_elem(&processes, &tgid);
}

#endif
