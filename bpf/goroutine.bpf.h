/* SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause */
/*
 * Calls of Go's functions, on x86-64. They run on stacks of goroutines, which go on in other threads, and lie elsewhere when
 * they have grown or were shrunk: neither a thread nor a stack pointer tells whose call it is. The runtime keeps the goroutine
 * (struct g of src/runtime/runtime2.go) in a register, and how deep in its stack a call lies stays as it is when that is
 * copied, end to end (copystack() in src/runtime/stack.go).
 */
#ifndef SSLSNIFF_GOROUTINE_H
#define SSLSNIFF_GOROUTINE_H

#include "process.bpf.h"
#include "syscall_buffer.bpf.h"

/* struct g begins with it, in all versions that keep g in a register. */
struct goroutine_stack {
	__u64 low;
	__u64 high;
};

#define GOROUTINE_SHIFT    16
#define DEEPEST_CALL       (1 << 24) /* in bytes: a struct g has more than 256 */
#define FIRST_GOROUTINE    (1ULL << 32)
#define GOROUTINE_CONTEXTS (1ULL << 47) /* all are above this, all stack pointers below */

/*
 * What identifies a call at a stack pointer, if that lies in the stack of this goroutine: the number is greater for calls around
 * it, as stack pointers are. 0 when it does not: r14 is any number in code of others. The system's own g0 lies below
 * FIRST_GOROUTINE, or has another stack.
 */
__noinline __u64 goroutine_context(__u64 goroutine, __u64 stack_pointer)
{
	struct goroutine_stack stack = {};
	if (goroutine < FIRST_GOROUTINE || goroutine >= GOROUTINE_CONTEXTS ||
	    bpf_probe_read_user(&stack, sizeof(stack), (void *)goroutine) || stack_pointer <= stack.low ||
	    stack_pointer >= stack.high || stack.high - stack_pointer >= DEEPEST_CALL)
		return 0;
	return (goroutine << GOROUTINE_SHIFT) - (stack.high - stack_pointer);
}

static __always_inline __u64 context_at(const struct process *process, __u64 stack_pointer, __u64 goroutine)
{
	__u64 context = process->goroutines ? goroutine_context(goroutine, stack_pointer) : 0;
	return context ? context : stack_pointer;
}

/* Of the current system call; 0 where the kernel cannot tell. Verified once. */
__noinline __u64 syscall_context(void)
{
	__u32 tgid = current_tgid();
	struct process *process = bpf_map_lookup_elem(&processes, &tgid);
	__u64 stack_pointer = user_stack_pointer();
	return process && stack_pointer ? context_at(process, stack_pointer, user_goroutine()) : stack_pointer;
}

/* Where the stack of a goroutine ends now. */
static __always_inline __u64 top_of(__u64 goroutine)
{
	__u64 high = 0;
	bpf_probe_read_user(&high, sizeof(high), (void *)(goroutine + offsetof(struct goroutine_stack, high)));
	return high;
}

/* A tls.Conn begins with its net.Conn, an interface: no type, no transport. So it is in QUIC, which has its own records. */
static __always_inline bool has_transport(__u64 conn)
{
	__u64 type = 0;
	bpf_probe_read_user(&type, sizeof(type), (void *)conn);
	return type;
}

/*
 * The descriptor of a tls.Conn if its transport is a net.TCPConn or UnixConn: they point to a netFD (src/net/fd_unix.go), which
 * begins with a poll.FD, whose Sysfd lies behind its lock. Of other transports it is any number, so nothing may follow from
 * it alone.
 */
static __always_inline __u64 supposed_descriptor(__u64 conn)
{
	__u64 transport = 0, net_fd = 0, descriptor = 0;
	if (bpf_probe_read_user(&transport, sizeof(transport), (void *)(conn + 8)) ||
	    bpf_probe_read_user(&net_fd, sizeof(net_fd), (void *)transport) ||
	    bpf_probe_read_user(&descriptor, sizeof(descriptor), (void *)(net_fd + 16)))
		return ~0ULL;
	return descriptor;
}

#endif
