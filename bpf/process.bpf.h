/* SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause */
/* Which processes are traced, and what they are. */
#ifndef SSLSNIFF_PROCESS_H
#define SSLSNIFF_PROCESS_H

#include "probe_scope.bpf.h"

#define MAX_PATH_DEPTH 24
#define NAME_LENGTH    256

/* One of the processes that this capture consists of. */
static __always_inline bool is_own(__u32 tgid)
{
	return tgid == config.own_tgids[0] || tgid == config.own_tgids[1];
}

/* By the name of the process, not of the thread that happens to run. */
static __always_inline __u32 decide_verdict(__u32 tgid, __u32 uid)
{
	struct task_struct *task = (void *)bpf_get_current_task();
	char comm[COMM_LENGTH] = {};
	if (!tgid || is_own(tgid))
		return VERDICT_IGNORED;
	if (config.everything)
		return VERDICT_MATCHED;
	if (config.filter_uids && bpf_map_lookup_elem(&wanted_uids, &uid))
		return VERDICT_MATCHED;
	if (config.filter_comms) {
		BPF_CORE_READ_STR_INTO(&comm, task, group_leader, comm);
		if (bpf_map_lookup_elem(&wanted_comms, comm))
			return VERDICT_MATCHED;
	}
	return VERDICT_IGNORED;
}

/* Where filters by comm or uid decide, user space has to be told of whom they find. */
static __always_inline void announce_match(__u32 tgid, __u32 verdict)
{
	if (verdict == VERDICT_MATCHED)
		emit_newcomer(tgid, NEWCOMER_MATCHED);
}

static __always_inline __u32 current_uid(void)
{
	return (__u32)bpf_get_current_uid_gid();
}

/*
 * Decides about a process that is not known, or whose user changed. Verified once, and with a stack of its own: kernels
 * before 6.13 give all functions that call each other 512 bytes together.
 */
__noinline int decide_process(__u32 tgid)
{
	struct process *process = bpf_map_lookup_elem(&processes, &tgid);
	__u32 uid = current_uid(), verdict = decide_verdict(tgid, uid);
	struct process new = {.uid = uid, .verdict = verdict, .since = bpf_ktime_get_ns()};
	if (process) {
		process->uid = uid;
		process->verdict = verdict;
		announce_match(tgid, verdict);
	} else if (!bpf_map_update_elem(&processes, &tgid, &new, BPF_NOEXIST)) {
		announce_match(tgid, verdict);
	} else if (verdict != VERDICT_IGNORED) {
		count_loss(LOSS_MAP_FULL, 0);
	}
	return 1;
}

/* What is known of `tgid` may no longer be so. */
static __always_inline void forget_ignored(__u32 tgid)
{
	__u32 slot = tgid % IGNORED_SLOTS;
	if (ignored_processes[slot] == tgid)
		ignored_processes[slot] = 0;
}

/* Without a look at a map. Where users decide, they may change at any time; so may what user space adds. */
static __always_inline bool is_known_to_be_ignored(__u32 tgid)
{
	return tgid && ignored_processes[tgid % IGNORED_SLOTS] == tgid && !config.filter_uids && !config.adds_targets;
}

static __always_inline void remember_ignored(__u32 tgid)
{
	struct process *process = bpf_map_lookup_elem(&processes, &tgid);
	if (!process || process->verdict >= VERDICT_MATCHED)
		return;
	ignored_processes[tgid % IGNORED_SLOTS] = tgid;
	if (*(volatile __u32 *)&process->verdict >= VERDICT_MATCHED)
		forget_ignored(tgid); /* another thread gave it another name just now */
}

/* The current process if it is traced, else NULL. */
static __always_inline struct process *traced_process(__u32 tgid)
{
	struct process *process = bpf_map_lookup_elem(&processes, &tgid);
	if (!process) {
		decide_process(tgid);
		process = bpf_map_lookup_elem(&processes, &tgid);
	} else if (config.filter_uids && process->verdict == VERDICT_IGNORED && process->uid != current_uid()) {
		/* Servers become another user when they have forked their workers; nothing but this tells. */
		decide_process(tgid);
	}
	return process && process->verdict >= VERDICT_MATCHED ? process : NULL;
}

/*
 * Calls in progress within which socket calls have to be looked at are counted for each process, so that the many socket
 * calls of connections that are settled cost little. Frames that never return leave the count too high: that costs time,
 * nothing else.
 */
static __always_inline void watch_process(struct process *process)
{
	add_atomically(&process->watched, 1);
}

static __always_inline void unwatch_process(void)
{
	__u32 tgid = current_tgid();
	struct process *process = bpf_map_lookup_elem(&processes, &tgid);
	if (process && process->watched)
		add_atomically(&process->watched, -1);
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
	event->pid = current_tgid();
	event->uid = BPF_CORE_READ(task, real_cred, uid.val);
	event->start_time = BPF_CORE_READ(task, group_leader, start_boottime);
	BPF_CORE_READ_INTO(&event->comm, task, group_leader, comm);
}

static __always_inline void emit_exit(void)
{
	struct process_event *event = RESERVE_EVENT(struct process_event, EVENT_EXIT, 0);
	if (!event)
		return;
	describe_process(event);
	submit_event(event);
}

/* Not static: verified once, however it is reached. */
__noinline int emit_exec(void)
{
	struct task_struct *task = (void *)bpf_get_current_task();
	struct exec_event *event = RESERVE_EVENT(struct exec_event, EVENT_EXEC, 0);
	if (!event)
		return 0;
	describe_process(&event->process);
	if (control.armed_at)
		event->process.header.flags = PROCESS_AFTER_CAPTURE;
	event->exe_length = read_exe(event, task);
	event->cgroup_length = read_cgroups(event, task);
	submit_event(event);
	return 1;
}

/* Comes deep in the stack, of which there is little: /proc tells the rest. False when the ring was full. */
static __always_inline bool emit_process(bool is_new)
{
	struct exec_event *event = RESERVE_EVENT(struct exec_event, EVENT_PROCESS, 0);
	if (!event)
		return false;
	describe_process(&event->process);
	if (control.armed_at && (is_new || event->process.start_time >= control.armed_at))
		event->process.header.flags = PROCESS_AFTER_CAPTURE;
	event->exe_length = 0;
	event->cgroup_length = read_cgroups(event, (void *)bpf_get_current_task());
	submit_event(event);
	return true;
}

static __always_inline bool announce_process(struct process *process)
{
	if (!process->announced)
		process->announced = emit_process(process->is_new);
	return process->announced;
}

/* User space sweeps what is of nobody any longer: going through the map here would cost the process that ends. */
static __always_inline void leave_connections(const struct process *process)
{
	if (process->connections)
		add_atomically(&counters.left_behind, process->connections);
}

/* The child is traced before it runs; it has the comm and the uid of its parent. */
static __always_inline void on_fork(struct task_struct *parent, struct task_struct *child)
{
	__u32 parent_tgid = tgid_of(parent), child_tgid = tgid_of(child);
	struct process new = {.uid = current_uid(), .since = bpf_ktime_get_ns()};
	struct process *process;
	if (parent_tgid == child_tgid)
		return;
	process = bpf_map_lookup_elem(&processes, &parent_tgid);
	if (!process || process->verdict < VERDICT_MATCHED)
		return;
	if (process->verdict == VERDICT_TARGET ? !config.children : config.everything)
		return;
	new.verdict = process->verdict;
	forget_ignored(child_tgid);
	if (bpf_map_update_elem(&processes, &child_tgid, &new, BPF_ANY)) {
		count_loss(LOSS_MAP_FULL, 0);
		return;
	}
	emit_newcomer(child_tgid, NEWCOMER_FORKED);
}

/* Links by process are of the task that was the first of its threads: when another takes its place, they end. */
static __always_inline void on_first_task_lost(__u32 tgid)
{
	unlink_process(tgid);
	emit_newcomer(tgid, NEWCOMER_WITHOUT_TASK);
}

/*
 * A new image: its connections are gone, and with another comm another decision may come. It is described now
 * because it may be gone when user space looks at /proc. `old_tid`: the thread's, before it became the first one.
 */
static __always_inline void on_exec(__u32 old_tid)
{
	__u32 tgid = current_tgid();
	struct process *process = bpf_map_lookup_elem(&processes, &tgid);
	struct process new = {.uid = current_uid(), .since = bpf_ktime_get_ns(), .is_new = control.armed_at != 0};
	new.verdict = process && process->verdict == VERDICT_TARGET ? VERDICT_TARGET : decide_verdict(tgid, new.uid);
	bpf_map_delete_elem(&detached_processes, &tgid);
	if (new.verdict >= VERDICT_MATCHED || (process && process->announced))
		emit_exec();
	if (process)
		leave_connections(process);
	if (process || new.verdict >= VERDICT_MATCHED)
		bpf_map_update_elem(&processes, &tgid, &new, BPF_ANY);
	forget_ignored(tgid);
	announce_match(tgid, new.verdict);
	if (new.verdict >= VERDICT_MATCHED && old_tid != (__u32)bpf_get_current_pid_tgid())
		on_first_task_lost(tgid);
}

/* Of the first thread, which names the process. exec comes here too, and is decided by on_exec() again. */
static __always_inline void on_rename(struct task_struct *task, const char *name)
{
	__u32 tgid = tgid_of(task);
	struct process new = {.verdict = VERDICT_MATCHED, .uid = BPF_CORE_READ(task, real_cred, uid.val)};
	char comm[COMM_LENGTH] = {};
	struct process *process;
	if (BPF_CORE_READ(task, pid) != BPF_CORE_READ(task, tgid) || !tgid || is_own(tgid))
		return;
	bpf_probe_read_kernel_str(comm, sizeof(comm), name);
	if (!bpf_map_lookup_elem(&wanted_comms, comm))
		return;
	process = bpf_map_lookup_elem(&processes, &tgid);
	if (process && process->verdict >= VERDICT_MATCHED)
		return;
	if (process)
		process->verdict = VERDICT_MATCHED;
	else
		bpf_map_update_elem(&processes, &tgid, &new, BPF_ANY);
	forget_ignored(tgid);
	announce_match(tgid, VERDICT_MATCHED);
}

/* Every thread comes here. */
static __always_inline void on_exit(void)
{
	struct task_struct *task = (void *)bpf_get_current_task();
	__u64 id = bpf_get_current_pid_tgid();
	__u32 tgid = current_tgid();
	struct process *process = bpf_map_lookup_elem(&processes, &tgid);
	if (!process)
		return;
	if (BPF_CORE_READ(task, signal, live.counter) > 0) {
		if (id >> 32 == (__u32)id && process->verdict >= VERDICT_MATCHED)
			on_first_task_lost(tgid);
		return;
	}
	if (process->verdict >= VERDICT_MATCHED)
		emit_exit();
	leave_connections(process);
	forget_ignored(tgid);
	unlink_process(tgid);
	bpf_map_delete_elem(&detached_processes, &tgid);
	bpf_map_delete_elem(&processes, &tgid);
}

#endif
