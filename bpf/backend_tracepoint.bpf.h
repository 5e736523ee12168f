/* SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause */
/*
 * Linux 6.3: the tracepoints behind sock_sendmsg and sock_recvmsg. They do not tell the buffers: those are read from the
 * arguments of the system call. What sendfile, splice and io_uring move is only counted, unless the entry programs of
 * backend_fentry.bpf.h are there too (config.has_entries), which look where the kernel itself has its buffers.
 */

/* A function of its own, like whatever of this needs much stack: the programs also call down to copy_fragment(). */
__noinline int sample_system_call(__u64 socket, __u64 identity, int result, __u32 direction)
{
	struct syscall_arguments system_call;
	if (!read_syscall(&system_call))
		return 0;
	struct syscall_buffer buffer = buffer_of(&system_call);
	if (buffer.length > (__u64)result)
		buffer.length = result;
	return sample_ciphertext(socket, identity, buffer.address, buffer.length, direction);
}

/* The transfer; NULL: not wanted. */
static __always_inline struct transfer *on_system_call(struct sock *sk, int result, __u32 flags, __u64 direction)
{
	if (!control.armed || !is_wanted_cleartext(sk))
		return NULL;
	struct transfer *transfer = use_current_transfer();
	if (!transfer)
		return NULL;
	if (!config.has_entries || transfer->socket != address_of(sk) || transfer->is_over ||
	    transfer->direction != direction) {
		begin_transfer(transfer, sk, bpf_get_socket_cookie(sk), direction, flags);
		describe_by_syscall(result);
	}
	finish_transfer(1, result);
	return transfer;
}

static __always_inline void on_call_within_tls(struct sock *sk, int result, __u64 direction)
{
	if (!control.armed || !is_inside_call())
		return;
	if (config.has_socket_cookie)
		bpf_get_socket_cookie(sk); /* gives it one, which only these program types can */
	on_nested_call(address_of(sk), result, direction);
}

/* Comes behind what is told of the socket's cleartext, which may be over by this call. */
static __always_inline void on_call_outside(struct sock *sk, int result, __u64 direction)
{
	if (control.armed && result >= SAMPLE_LEAST && is_wanted_ciphertext(sk))
		sample_system_call(address_of(sk), bpf_get_socket_cookie(sk), result, direction);
}

static __always_inline void on_call_traced(struct sock *sk, int result, __u64 direction)
{
	on_call_within_tls(sk, result, direction);
	on_call_outside(sk, result, direction);
}

SEC("tp_btf/sock_send_length")
int BPF_PROG(socket_sent, struct sock *sk, int result, int flags)
{
	if (needs_look(sk))
		on_call_traced(sk, result, DIRECTION_SENT);
	return 0;
}

SEC("tp_btf/sock_recv_length")
int BPF_PROG(socket_received, struct sock *sk, int result, int flags)
{
	if (needs_look(sk))
		on_call_traced(sk, result, DIRECTION_RECEIVED);
	return 0;
}

static __always_inline void on_cleartext_call(struct sock *sk, int result, __u32 flags, __u64 direction)
{
	if (!needs_look(sk))
		return;
	on_call_within_tls(sk, result, direction);
	struct transfer *transfer = on_system_call(sk, result, flags, direction);
	if (transfer)
		transfer->is_seen = 1;
	on_call_outside(sk, result, direction);
}

/* The same and cleartext: instead of those, when it is wanted. */

SEC("tp_btf/sock_send_length")
int BPF_PROG(cleartext_sent, struct sock *sk, int result, int flags)
{
	on_cleartext_call(sk, result, flags, DIRECTION_SENT);
	return 0;
}

SEC("tp_btf/sock_recv_length")
int BPF_PROG(cleartext_received, struct sock *sk, int result, int flags)
{
	on_cleartext_call(sk, result, flags, DIRECTION_RECEIVED);
	return 0;
}

/*
 * Where tasks can be preempted in these programs (seen on Linux 7.2), the kernel passes over a program for as long as a
 * task that was preempted in it waits on that CPU. A second program, attached behind the first, then does its work.
 */

/* How often it did: nothing was lost, though the kernel has counted that it passed over the first (missed_runs.cpp). */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u64);
} seen_again SEC(".maps");

static __always_inline void on_same_call(struct sock *sk, int result, __u32 flags, __u64 direction)
{
	/* Comes first, as a look may no longer be needed after what the first program did. */
	struct transfer *transfer = current_transfer();
	if (transfer && transfer->is_seen) {
		transfer->is_seen = 0;
		return;
	}
	if (!needs_look(sk) || !is_wanted_cleartext(sk))
		return;
	on_call_within_tls(sk, result, direction);
	bool is_wanted = on_system_call(sk, result, flags, direction);
	on_call_outside(sk, result, direction);
	if (!is_wanted)
		return;
	__u32 first = 0;
	__u64 *count = bpf_map_lookup_elem(&seen_again, &first);
	if (count)
		__sync_fetch_and_add(count, 1);
}

SEC("tp_btf/sock_send_length")
int BPF_PROG(cleartext_sent_again, struct sock *sk, int result, int flags)
{
	on_same_call(sk, result, flags, DIRECTION_SENT);
	return 0;
}

SEC("tp_btf/sock_recv_length")
int BPF_PROG(cleartext_received_again, struct sock *sk, int result, int flags)
{
	on_same_call(sk, result, flags, DIRECTION_RECEIVED);
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

SEC("cgroup/sock_release")
int cleartext_released(struct bpf_sock *socket)
{
	on_socket_released(bpf_get_socket_cookie(socket));
	return 1;
}
