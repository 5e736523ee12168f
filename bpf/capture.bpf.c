// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * The programs of live capture. Built once for each payload strategy (PAYLOAD); the loader chooses the object and, in it,
 * the programs that this kernel has (src/capture/live/). User space attaches socket and process programs first, then
 * probes, then sets control.armed.
 */
#include "tls_returns.bpf.h"
#include "transport_calls.bpf.h"
#include "record.bpf.h"
#include "socket_calls.bpf.h"

char LICENSE[] SEC("license") = "Dual BSD/GPL";

#ifdef PAYLOAD_HAS_LOOP_HELPER
extern void bpf_preempt_disable(void) __ksym __weak;
extern void bpf_preempt_enable(void) __ksym __weak;
#else /* kernels this object is for do not even have the instruction */
#define bpf_preempt_disable() (void)0
#define bpf_preempt_enable()  (void)0
#endif

/*
 * Uprobe programs are preemptible, and from Linux 6.13 their stack may be one per CPU that a preempting task's
 * program would share.
 */
#define WITHOUT_PREEMPTION(body)                                                                                       \
	do {                                                                                                           \
		if (config.has_preempt_kfuncs)                                                                         \
			bpf_preempt_disable();                                                                         \
		body;                                                                                                  \
		if (config.has_preempt_kfuncs)                                                                         \
			bpf_preempt_enable();                                                                          \
	} while (0)

static __always_inline const struct tls_site *site_of(__u32 number)
{
	return bpf_map_lookup_elem(&tls_sites, &number);
}

/* NULL, too, when the other probe at this place counts. */
static __always_inline const struct tls_site *site_of_call(struct pt_regs *ctx)
{
	__u64 cookie = bpf_get_attach_cookie(ctx);
	return is_seen_by_other_probe(cookie) ? NULL : site_of(cookie);
}

SEC("uprobe")
int tls_entry(struct pt_regs *ctx)
{
	WITHOUT_PREEMPTION(const struct tls_site *site = site_of_call(ctx); if (site) on_entry(ctx, site));
	return 0;
}

SEC("uprobe")
int tls_return(struct pt_regs *ctx)
{
	WITHOUT_PREEMPTION(const struct tls_site *site = site_of_call(ctx); if (site) on_return(ctx, site));
	return 0;
}

SEC("uprobe")
int tls_record(struct pt_regs *ctx)
{
	WITHOUT_PREEMPTION(const struct tls_site *site = site_of_call(ctx); if (site) on_record(ctx, site));
	return 0;
}

/* ---- where libraries read and write memory, of processes that need it ---- */

SEC("uprobe")
int transport_entry(struct pt_regs *ctx)
{
	const struct tls_site *site = site_of(bpf_get_attach_cookie(ctx));
	if (site)
		WITHOUT_PREEMPTION(on_transport_entry(ctx, site));
	return 0;
}

SEC("uprobe")
int transport_return(struct pt_regs *ctx)
{
	const struct tls_site *site = site_of(bpf_get_attach_cookie(ctx));
	if (site)
		WITHOUT_PREEMPTION(on_transport_return(ctx, site));
	return 0;
}

#include "sites_without_cookie.bpf.h"

/* ---- sockets: one of the backends is loaded ---- */

#include "backend_tracepoint.bpf.h"
#include "backend_fentry.bpf.h"
#include "backend_kprobe.bpf.h"

SEC("tp_btf/inet_sock_set_state")
int BPF_PROG(socket_state_changed, struct sock *sk, int old_state, int new_state)
{
	if (new_state == TCP_CLOSE)
		on_socket_closed(sk);
	return 0;
}

/* ---- streams without TLS ---- */

SEC("tp_btf/inet_sock_set_state")
int BPF_PROG(cleartext_state, struct sock *sk, int old_state, int new_state)
{
	on_stream_state(sk, old_state, new_state);
	return 0;
}

SEC("tp_btf/tcp_destroy_sock")
int BPF_PROG(cleartext_destroyed, struct sock *sk)
{
	on_stream_destroyed(sk);
	return 0;
}

/* ---- processes ---- */

SEC("tp_btf/sched_process_fork")
int BPF_PROG(process_forked, struct task_struct *parent, struct task_struct *child)
{
	on_fork(parent, child);
	return 0;
}

SEC("tp_btf/sched_process_exec")
int BPF_PROG(process_executed, struct task_struct *task, int old_tid)
{
	on_exec(old_tid);
	return 0;
}

SEC("tp_btf/task_rename")
int BPF_PROG(process_renamed, struct task_struct *task, const char *name)
{
	on_rename(task, name);
	return 0;
}

SEC("tp_btf/sched_process_exit")
int BPF_PROG(process_exited)
{
	on_exit();
	forget_transfer();
	return 0;
}
