/* SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause */
/*
 * Who passes the probes: everybody who uses the library, as long as those who are not captured pass few; then each
 * captured process has probes of its own, by links that the kernel filters by process, so that nobody else pays for them.
 * A child keeps the breakpoints of its parent, but not the programs: when one comes, there are probes for everybody
 * again, until user space has given the newcomers their own.
 */
#ifndef SSLSNIFF_PROBE_SCOPE_H
#define SSLSNIFF_PROBE_SCOPE_H

#include "emit.bpf.h"

/* Of a call that passes probes of both kinds, one counts. */
static __always_inline bool is_seen_by_other_probe(__u64 cookie)
{
	__u32 tgid = current_tgid();
	if (control.everybody == EVERYBODY_HAS_NONE)
		return false;
	bool linked = bpf_map_lookup_elem(&linked_processes, &tgid);
	return linked != !!(cookie & COOKIE_BY_PROCESS);
}

/* Not static: verified once, however it is reached. Where there are probes for everybody nothing is urgent. */
__noinline int emit_newcomer(__u32 tgid, __u32 cause)
{
	if (!config.tells_newcomers)
		return 0;
	struct newcomer *newcomer = bpf_ringbuf_reserve(&newcomers, sizeof(*newcomer), 0);
	if (!newcomer) {
		count_loss(LOSS_MAP_FULL, 0);
		return 0;
	}
	newcomer->pid = tgid;
	newcomer->cause = cause;
	bool has_probes = control.everybody == EVERYBODY_HAS_PROBES;
	bpf_ringbuf_submit(newcomer, has_probes ? BPF_RB_NO_WAKEUP : BPF_RB_FORCE_WAKEUP);
	return 1;
}

/* The links of a process are of no use any more. */
static __always_inline void unlink_process(__u32 tgid)
{
	if (bpf_map_lookup_elem(&linked_processes, &tgid))
		bpf_map_delete_elem(&linked_processes, &tgid);
}

#endif
