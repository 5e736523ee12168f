/* SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause */
/* The buffers of a socket call as the running system call names them: for tracepoints, which do not tell. */
#ifndef SSLSNIFF_SYSCALL_TRANSFER_H
#define SSLSNIFF_SYSCALL_TRANSFER_H

#include "transfer.bpf.h"

#if defined(__TARGET_ARCH_x86)
enum { RECVMMSG = 299, SENDMMSG = 307, PREADV2 = 327, PWRITEV2 = 328 };
#else
enum { RECVMMSG = 243, SENDMMSG = 269, PREADV2 = 286, PWRITEV2 = 287 };
#endif

#define MMSGHDR_SIZE 64

/* Which message of a sendmmsg or recvmmsg comes next. */
struct batch {
	__u64 messages;
	__u64 next;
};

struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, MAX_THREADS);
	__type(key, __u64);
	__type(value, struct batch);
} batches SEC(".maps");

/*
 * The kernel does not tell which message of the call this is, so they are counted. A call ends with its last
 * message or with an error; one that a time limit ended is noticed when other arguments come.
 */
static __always_inline __u64 next_message(const struct syscall_arguments *call, int result)
{
	__u64 id = bpf_get_current_pid_tgid(), index = 0;
	struct batch *known = bpf_map_lookup_elem(&batches, &id);
	if (known && known->messages == call->second && known->next < call->third)
		index = known->next;
	struct batch batch = {.messages = call->second, .next = result < 0 ? 0 : index + 1};
	bpf_map_update_elem(&batches, &id, &batch, BPF_ANY);
	return call->second + index * MMSGHDR_SIZE;
}

static __always_inline void take_message(struct transfer *transfer, __u64 message)
{
	struct user_msghdr header = {};
	if (bpf_probe_read_user(&header, sizeof(header), (void *)message))
		return;
	transfer->name = header.msg_namelen ? (__u64)header.msg_name : 0;
	transfer->vectors = (__u64)header.msg_iov;
	transfer->vector_count = header.msg_iovlen;
}

static __always_inline void take_vectors(struct transfer *transfer)
{
	struct iovec first = {};
	if (!transfer->vectors)
		return;
	transfer->source = SOURCE_USER_VECTORS;
	for (__u64 i = 0; i < FIRST_VECTORS && i < transfer->vector_count; i++) {
		if (!read_vector(transfer, i, &first))
			return;
		transfer->address = (__u64)first.iov_base;
		transfer->length = first.iov_len;
		if (first.iov_len)
			return;
	}
}

/* Whether the running system call tells the buffers of a socket call. */
static __always_inline bool is_named_by_syscall(void)
{
	struct syscall_arguments call;
	if (!read_syscall(&call) || call.compat)
		return false;
	switch ((__u32)call.number) {
	case READ:
	case WRITE:
	case SENDTO:
	case RECVFROM:
	case READV:
	case WRITEV:
	case PREADV2:
	case PWRITEV2:
	case SENDMSG:
	case RECVMSG:
	case SENDMMSG:
	case RECVMMSG:
		return true;
	default:
		return false;
	}
}

/*
 * Completes the current transfer. Leaves SOURCE_NONE when the system call moves bytes without a buffer that it names
 * (sendfile, io_uring).
 */
__noinline int describe_by_syscall(int result)
{
	struct transfer *transfer = current_transfer();
	struct syscall_arguments call;
	if (!config.cleartext || !transfer || !read_syscall(&call) || call.compat)
		return 0;
	switch ((__u32)call.number) {
	case SENDTO:
		transfer->name = call.fifth;
		/* fallthrough */
	case READ:
	case WRITE:
	case RECVFROM:
		transfer->address = call.second;
		transfer->length = call.third;
		transfer->vector_count = 1;
		transfer->source = SOURCE_BUFFER;
		return 1;
	case READV:
	case WRITEV:
	case PREADV2:
	case PWRITEV2:
		transfer->vectors = call.second;
		transfer->vector_count = call.third;
		break;
	case SENDMSG:
	case RECVMSG:
		take_message(transfer, call.second);
		break;
	case SENDMMSG:
	case RECVMMSG:
		take_message(transfer, next_message(&call, result));
		break;
	default:
		return 0;
	}
	take_vectors(transfer);
	return 1;
}

#endif
