/* SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause */
/*
 * BPF trampolines on the socket functions of TCP and UDP: x86-64 from Linux 5.5 on, arm64 from 6.0 on. Calls that have
 * begun before are not seen when they return. With config.has_entries, only entries are attached, and the tracepoints
 * tell the rest.
 */

static __always_inline void on_begun(struct sock *sk, struct msghdr *message, __u32 flags, __u64 direction)
{
	if (config.has_entries ? control.armed && is_wanted_cleartext(sk) && !is_named_by_syscall() : is_watched(sk))
		on_message_begun(sk, identity_of(sk), message, flags, direction);
}

/* The last arguments of the receiving functions went away one by one. All are read in a way of their own, or the
 * compiler would compute on ctx. */
static __always_inline __u32 receive_flags(unsigned long long *ctx)
{
	__u32 flags, nonblock;
	if (config.recvmsg_arguments == 6) {
		flags = ctx[4];
		barrier_var(flags);
		nonblock = ctx[3]; /* apart from the flags */
		barrier_var(nonblock);
		if (nonblock)
			flags |= MSG_DONTWAIT;
	} else {
		flags = ctx[3];
		barrier_var(flags);
	}
	return flags;
}

static __always_inline int receive_result(unsigned long long *ctx)
{
	int result;
	if (config.recvmsg_arguments == 6) {
		result = ctx[6];
		barrier_var(result);
	} else if (config.recvmsg_arguments == 5) {
		result = ctx[5];
		barrier_var(result);
	} else {
		result = ctx[4];
		barrier_var(result);
	}
	return result;
}

#define SENDING(function)                                                                                              \
	SEC("fentry/" #function)                                                                                       \
	int BPF_PROG(fentry_##function, struct sock *sk, struct msghdr *message)                                       \
	{                                                                                                              \
		on_begun(sk, message, 0, DIRECTION_SENT);                                                              \
		return 0;                                                                                              \
	}                                                                                                              \
	SEC("fexit/" #function)                                                                                        \
	int BPF_PROG(fexit_##function, struct sock *sk, struct msghdr *message, __u64 size, int result)                \
	{                                                                                                              \
		on_message_ended(result, DIRECTION_SENT);                                                              \
		return 0;                                                                                              \
	}

#define RECEIVING(function)                                                                                            \
	SEC("fentry/" #function)                                                                                       \
	int BPF_PROG(fentry_##function, struct sock *sk, struct msghdr *message)                                       \
	{                                                                                                              \
		on_begun(sk, message, receive_flags(ctx), DIRECTION_RECEIVED);                                         \
		return 0;                                                                                              \
	}                                                                                                              \
	SEC("fexit/" #function)                                                                                        \
	int BPF_PROG(fexit_##function)                                                                                 \
	{                                                                                                              \
		on_message_ended(receive_result(ctx), DIRECTION_RECEIVED);                                             \
		return 0;                                                                                              \
	}

SENDING(tcp_sendmsg)
RECEIVING(tcp_recvmsg)
SENDING(udp_sendmsg)
RECEIVING(udp_recvmsg)
SENDING(udpv6_sendmsg)
RECEIVING(udpv6_recvmsg)

/* before Linux 6.5, for sendfile and splice */
SEC("fexit/tcp_sendpage")
int BPF_PROG(fexit_tcp_sendpage, struct sock *sk, struct page *page, int offset, __u64 size, int flags, int result)
{
	if (control.armed && is_wanted_cleartext(sk))
		on_page_sent(sk, identity_of(sk), address_of(page), offset, result);
	return 0;
}

SEC("fexit/tcp_splice_read")
int BPF_PROG(fexit_tcp_splice_read, struct socket *socket, void *position, void *pipe, __u64 length, int flags,
             long result)
{
	struct sock *sk = socket->sk;
	if (control.armed && sk && is_wanted_cleartext(sk))
		on_bytes_spliced(sk, identity_of(sk), result);
	return 0;
}

SEC("fentry/udp_destroy_sock")
int BPF_PROG(fentry_udp_destroy_sock, struct sock *sk)
{
	on_datagram_socket_destroyed((__u64)sk);
	return 0;
}

SEC("fentry/udpv6_destroy_sock")
int BPF_PROG(fentry_udpv6_destroy_sock, struct sock *sk)
{
	on_datagram_socket_destroyed((__u64)sk);
	return 0;
}
