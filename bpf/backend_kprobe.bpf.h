/* SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause */
/* Kprobes on the same functions as backend_fentry.bpf.h, where there are no trampolines. Each program has several. */

static __always_inline void on_kprobe_begun(struct sock *sk, struct msghdr *message, __u32 flags, __u64 direction)
{
	if (is_watched(sk))
		on_message_begun(sk, number_of((__u64)sk), message, flags, direction);
}

SEC("kprobe")
int BPF_KPROBE(kprobe_sendmsg, struct sock *sk, struct msghdr *message)
{
	on_kprobe_begun(sk, message, 0, DIRECTION_SENT);
	return 0;
}

SEC("kretprobe")
int BPF_KRETPROBE(kretprobe_sendmsg, int result)
{
	on_message_ended(result, DIRECTION_SENT);
	return 0;
}

SEC("kprobe")
int BPF_KPROBE(kprobe_recvmsg, struct sock *sk, struct msghdr *message, __u64 length, __u64 fourth, __u64 fifth)
{
	__u32 flags = fourth;
	if (config.recvmsg_arguments == 6)
		flags = (__u32)fifth | (fourth ? MSG_DONTWAIT : 0); /* it was an argument of its own */
	on_kprobe_begun(sk, message, flags, DIRECTION_RECEIVED);
	return 0;
}

SEC("kretprobe")
int BPF_KRETPROBE(kretprobe_recvmsg, int result)
{
	on_message_ended(result, DIRECTION_RECEIVED);
	return 0;
}

SEC("kprobe")
int BPF_KPROBE(kprobe_sendpage, struct sock *sk, __u64 page, int offset)
{
	if (control.armed && is_wanted_cleartext(sk))
		on_page_begun(sk, number_of((__u64)sk), page, offset);
	return 0;
}

SEC("kprobe")
int BPF_KPROBE(kprobe_splice_read, struct socket *socket)
{
	struct sock *sk = BPF_CORE_READ(socket, sk);
	struct transfer *transfer;
	if (!control.armed || !sk || !is_wanted_cleartext(sk) || !(transfer = use_current_transfer()))
		return 0;
	begin_transfer(transfer, sk, number_of((__u64)sk), DIRECTION_RECEIVED, 0);
	return 0;
}

SEC("kprobe")
int BPF_KPROBE(kprobe_destroy_sock, struct sock *sk)
{
	on_datagram_socket_destroyed((__u64)sk);
	return 0;
}
