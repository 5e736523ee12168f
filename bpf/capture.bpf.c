// SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause
/*
 * The programs of live capture. Built once for each payload strategy (PAYLOAD); the loader chooses the object and,
 * in it, the programs that this kernel has (src/capture/live/). The order in which user space attaches them
 * matters: socket and process programs, then return probes, then entry probes, then control.armed.
 */
#include "openssl.bpf.h"
#include "socket.bpf.h"
#include "bio.bpf.h"
#include "ciphertext.bpf.h"
#ifdef PAYLOAD_HAS_LOOP_HELPER
#include "cleartext.bpf.h"
#endif

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

SEC("uprobe")
int tls_entry(struct pt_regs *ctx)
{
	__u64 cookie = bpf_get_attach_cookie(ctx);
	WITHOUT_PREEMPTION(on_entry(ctx, COOKIE_FUNCTION(cookie), COOKIE_LIBRARY(cookie)));
	return 0;
}

/* The frame tells which function returns. */
SEC("uretprobe")
int tls_return(struct pt_regs *ctx)
{
	WITHOUT_PREEMPTION(on_return(ctx));
	return 0;
}

#include "probes_without_cookie.bpf.h"

/* ---- BIO_read and BIO_write, of processes that need it ---- */

SEC("uprobe")
int bio_entry(struct pt_regs *ctx)
{
	__u64 cookie = bpf_get_attach_cookie(ctx);
	WITHOUT_PREEMPTION(on_bio_entry(ctx, COOKIE_FUNCTION(cookie)));
	return 0;
}

SEC("uretprobe")
int bio_return(struct pt_regs *ctx)
{
	WITHOUT_PREEMPTION(on_bio_return(ctx));
	return 0;
}

/* ---- sockets: one of these backends is loaded ---- */

/* Gives the socket a cookie, which only these program types can. */
static __always_inline void on_traced_socket_call(struct sock *sk, int result, __u64 direction)
{
	if (config.has_socket_cookie && control.armed && is_inside_call())
		bpf_get_socket_cookie(sk);
	on_socket_call(sk, result, direction);
}

SEC("tp_btf/sock_send_length") /* Linux 6.3 */
int BPF_PROG(socket_sent, struct sock *sk, int result, int flags)
{
	on_traced_socket_call(sk, result, DIRECTION_SENT);
	if (config.has_ciphertext)
		sample_ciphertext(sk, result, DIRECTION_SENT);
	return 0;
}

SEC("tp_btf/sock_recv_length")
int BPF_PROG(socket_received, struct sock *sk, int result, int flags)
{
	on_traced_socket_call(sk, result, DIRECTION_RECEIVED);
	if (config.has_ciphertext)
		sample_ciphertext(sk, result, DIRECTION_RECEIVED);
	return 0;
}

SEC("fexit/tcp_sendmsg")
int BPF_PROG(fexit_sendmsg, struct sock *sk, struct msghdr *message, __u64 size, int result)
{
	on_traced_socket_call(sk, result, DIRECTION_SENT);
	return 0;
}

/* The number of arguments differs by version, so nothing behind the first is used: the return value's place is
 * not known, and the length neither. */
SEC("fentry/tcp_recvmsg")
int BPF_PROG(fentry_recvmsg, struct sock *sk)
{
	on_traced_socket_call(sk, 0, DIRECTION_RECEIVED);
	return 0;
}

SEC("kprobe/tcp_sendmsg")
int BPF_KPROBE(kprobe_sendmsg, struct sock *sk, struct msghdr *message, __u64 size)
{
	on_socket_call(sk, size, DIRECTION_SENT);
	return 0;
}

SEC("kprobe/tcp_recvmsg")
int BPF_KPROBE(kprobe_recvmsg, struct sock *sk)
{
	on_socket_call(sk, 0, DIRECTION_RECEIVED);
	return 0;
}

/* Once for each successful receive, when its data is in the user's buffer. */
SEC("tp_btf/tcp_rcv_space_adjust")
int BPF_PROG(receive_space_adjusted, struct sock *sk)
{
	on_traced_socket_call(sk, HELLO_LENGTH, DIRECTION_RECEIVED);
	return 0;
}

SEC("tp_btf/inet_sock_set_state")
int BPF_PROG(socket_state_changed, struct sock *sk, int old_state, int new_state)
{
	if (new_state == TCP_CLOSE)
		on_socket_closed(sk);
	return 0;
}

/* ---- cleartext: loaded when it is wanted, on kernels that have what it needs (Linux 6.3) ---- */

#ifdef PAYLOAD_HAS_LOOP_HELPER
SEC("tp_btf/sock_send_length")
int BPF_PROG(cleartext_sent, struct sock *sk, int result, int flags)
{
	on_cleartext(sk, result, flags, DIRECTION_SENT);
	return 0;
}

SEC("tp_btf/sock_recv_length")
int BPF_PROG(cleartext_received, struct sock *sk, int result, int flags)
{
	on_cleartext(sk, result, flags, DIRECTION_RECEIVED);
	return 0;
}

SEC("cgroup/recvmsg4")
int cleartext_sender4(struct bpf_sock_addr *context)
{
	on_sender_told(context, AF_INET);
	return 1;
}

SEC("cgroup/recvmsg6")
int cleartext_sender6(struct bpf_sock_addr *context)
{
	on_sender_told(context, AF_INET6);
	return 1;
}

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

SEC("cgroup/sock_release")
int cleartext_released(struct bpf_sock *socket)
{
	on_socket_released(bpf_get_socket_cookie(socket));
	return 1;
}
#endif

/* ---- processes ---- */

SEC("tp_btf/sched_process_fork")
int BPF_PROG(process_forked, struct task_struct *parent, struct task_struct *child)
{
	on_fork(parent, child);
	return 0;
}

SEC("tp_btf/sched_process_exec")
int BPF_PROG(process_executed)
{
	on_exec();
	return 0;
}

SEC("tp_btf/sched_process_exit")
int BPF_PROG(process_exited)
{
	on_exit();
	return 0;
}
