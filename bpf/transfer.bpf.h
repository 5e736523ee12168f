/* SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause */
/* What the running system call moves through a socket: the user's buffers, copied in order. */
#ifndef SSLSNIFF_TRANSFER_H
#define SSLSNIFF_TRANSFER_H

#include "payload.bpf.h"
#include "syscall_buffer.bpf.h"

#if defined(__TARGET_ARCH_x86)
enum { RECVMMSG = 299, SENDMMSG = 307, PREADV2 = 327, PWRITEV2 = 328 };
#else
enum { RECVMMSG = 243, SENDMMSG = 269, PREADV2 = 286, PWRITEV2 = 287 };
#endif

#define MAX_VECTORS  1024 /* UIO_MAXIOV */
#define MMSGHDR_SIZE 64
#define MORE_FOLLOWS 2 /* added to a direction */

/* Buffers of one message. Without vectors, `address` and `length` name the only one. */
struct transfer {
	__u64 address;
	__u64 length;
	__u64 vectors;
	__u64 vector_count;
	__u64 name; /* struct sockaddr of the receiver; 0: none was given */
};

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

/* False when the system call moves octets without a buffer that it names. */
static __always_inline bool read_transfer(struct transfer *transfer, int result)
{
	struct syscall_arguments call;
	if (!read_syscall(&call) || call.compat)
		return false;
	switch ((__u32)call.number) {
	case SENDTO:
		transfer->name = call.fifth;
		/* fallthrough */
	case READ:
	case WRITE:
	case RECVFROM:
		transfer->address = call.second;
		transfer->length = call.third;
		return true;
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
		return false;
	}
	struct iovec first = {};
	if (transfer->vectors && !bpf_probe_read_user(&first, sizeof(first), (void *)transfer->vectors)) {
		transfer->address = (__u64)first.iov_base;
		transfer->length = first.iov_len;
	}
	return transfer->vectors != 0;
}

/* Octets of a stream that are not copied. */
static __always_inline void skip_octets(struct connection *connection, __u64 direction, __u64 length, __u32 cause)
{
	direction = bounded_direction(direction);
	connection->position[direction] += length;
	connection->missing[direction] = cause;
	count_loss(cause, length);
}

/* Verified once: the buffer of one vector. `keep` of its octets are wanted. */
__noinline int copy_vector(__u64 handle, __u64 direction, __u64 user, __u64 length, __u64 keep)
{
	struct connection *connection = find_connection(handle);
	if (!connection || !length)
		return 0;
	if (direction & MORE_FOLLOWS)
		connection->flags |= CONNECTION_MORE;
	else
		connection->flags &= ~CONNECTION_MORE;
	if (keep)
		emit_payload(connection, handle, bounded_direction(direction), user, length, keep);
	else
		skip_octets(connection, direction, length, LOSS_SNAPLEN);
	return 1;
}

struct scattering {
	__u64 handle;
	__u64 direction;
	__u64 vectors;
	__u64 count;
	__u64 left;
	__u64 keep;
	bool message; /* its buffers belong together */
};

static long copy_nth_vector(__u32 index, struct scattering *scattering)
{
	struct iovec vector;
	__u64 handle = scattering->handle, direction = scattering->direction;
	if (index >= scattering->count || !scattering->left)
		return 1;
	if (bpf_probe_read_user(&vector, sizeof(vector), (void *)(scattering->vectors + index * sizeof(vector))))
		return 1;
	__u64 length = vector.iov_len < scattering->left ? vector.iov_len : scattering->left;
	if (!length)
		return 0;
	scattering->left -= length;
	if (scattering->message && scattering->left)
		direction |= MORE_FOLLOWS;
	copy_vector(handle, direction, (__u64)vector.iov_base, length, scattering->keep);
	scattering->keep -= length < scattering->keep ? length : scattering->keep;
	return 0;
}

/* The next `moved` octets of a stream. A message may have been longer than the buffers it was received in. */
static __always_inline void copy_transfer(struct connection *connection, __u64 handle, __u64 direction,
                                          const struct transfer *transfer, __u64 moved, bool message)
{
	struct scattering scattering = {
		.handle = handle,
		.direction = direction,
		.vectors = transfer->vectors,
		.count = transfer->vector_count,
		.left = moved,
		.keep = config.snaplen ? config.snaplen : WITHOUT_LIMIT,
		.message = message,
	};
	if (moved <= transfer->length || !transfer->vectors) {
		__u64 length = moved < transfer->length ? moved : transfer->length;
		copy_vector(handle, direction, transfer->address, length, scattering.keep);
		scattering.left -= length;
	} else {
		bpf_loop(MAX_VECTORS, copy_nth_vector, &scattering, 0);
	}
	if (scattering.left && !message)
		skip_octets(connection, direction, scattering.left, LOSS_NO_BUFFER);
}

#endif
