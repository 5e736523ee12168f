/* SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause */
/*
 * Copying plaintext out of the process. Each strategy is a file that defines
 *
 *	__u32 put_data(const struct data_event *head, __u64 address, bool in_kernel)
 *
 * which copies head->length (1 ... config.fragment_bytes) bytes from `address`, the user's unless `in_kernel`, into
 * one record behind a copy of `head`, and returns enum loss. One object is built of each (PAYLOAD); the loader takes what the kernel can.
 */
#ifndef SSLSNIFF_PAYLOAD_H
#define SSLSNIFF_PAYLOAD_H

#include "connection.bpf.h"

#define PAYLOAD_USER_DYNPTR 1
#define PAYLOAD_SLICES      2
#define PAYLOAD_CLASSES     3

static __always_inline long read_bytes(void *to, __u64 length, __u64 from, bool in_kernel)
{
	return in_kernel ? bpf_probe_read_kernel(to, length, (void *)from)
	                 : bpf_probe_read_user(to, length, (void *)from);
}

#if PAYLOAD == PAYLOAD_USER_DYNPTR
#include "payload_user_dynptr.bpf.h"
#elif PAYLOAD == PAYLOAD_SLICES
#include "payload_slices.bpf.h"
#else
#include "payload_classes.bpf.h"
#endif

#define WITHOUT_LIMIT (~0ULL)

/* Added to a direction. */
#define MORE_FOLLOWS 2  /* the next bytes continue the same message */
#define FROM_KERNEL  4  /* the bytes are not the user's */
#define OF_MESSAGE   8  /* not of a stream: fragments belong together */
#define WAITED       16 /* the call that received them waits until something comes */
_Static_assert(WAITED >> 3 == DATA_WAITS, "copy_fragment() relies on it");

#define O_NONBLOCK 0x800

/* Reading from this socket waits, unless the call says otherwise. */
static __always_inline bool is_waiting_socket(const struct sock *sk)
{
	struct file *file = BPF_CORE_READ(sk, sk_socket, file);
	unsigned int flags = O_NONBLOCK;
	return file && !bpf_core_read(&flags, sizeof(flags), &file->f_flags) && !(flags & O_NONBLOCK);
}

/* To be added to the direction of what a TLS call has received. */
static __always_inline __u64 how_received(const struct connection *connection)
{
	return connection->socket && is_waiting_socket((void *)connection->socket) ? WAITED : 0;
}

/* The mask must survive the optimiser for the verifier to see it. */
static __always_inline __u64 bounded_direction(__u64 direction)
{
	asm volatile("%0 &= 1" : "+r"(direction));
	return direction;
}

/* One record with the next `length` bytes of a stream; `snipped` more follow that are left out. */
__noinline int copy_fragment(__u64 handle, __u64 direction, __u64 user, __u64 length, __u64 snipped)
{
	struct data_event head;
	struct connection *connection = find_connection(handle);
	if (!connection || !length)
		return 0;
	barrier_var(length);
	if (length > config.fragment_bytes)
		length = config.fragment_bytes;
	bool in_kernel = direction & FROM_KERNEL, more = direction & MORE_FOLLOWS;
	__u8 waits = (direction & WAITED) >> 3;
	direction = bounded_direction(direction);
	fill_header(&head.header, EVENT_DATA, connection->generation);
	head.header.direction = direction;
	head.header.flags = waits;
	if (more)
		head.header.flags |= DATA_MORE;
	head.header.detail = connection->missing[direction];
	head.position = connection->position[direction];
	head.length = length;
	head.snipped = snipped > 0xffffffff ? 0xffffffff : snipped;
	__u32 cause = put_data(&head, user, in_kernel);
	if (cause)
		count_loss(cause, length);
	else if (snipped)
		cause = LOSS_SNAPLEN;
	connection->missing[direction] = cause;
	connection->position[direction] += length + snipped;
	return 1;
}

/* Nothing of it changes while it is copied, or the verifier would follow every iteration. */
struct copying {
	__u64 handle;
	__u64 direction;
	__u64 user;
	__u64 length;
	__u64 snipped;
};

/* Fragment `index`; 1 when there is none. */
static __always_inline long copy_nth(__u64 index, const struct copying *copying)
{
	__u64 offset = index * config.fragment_bytes, left = copying->length - offset;
	if (offset >= copying->length)
		return 1;
	__u64 before_last = copying->direction | (copying->direction & OF_MESSAGE ? MORE_FOLLOWS : 0);
	if (left > config.fragment_bytes)
		copy_fragment(copying->handle, before_last, copying->user + offset, config.fragment_bytes, 0);
	else
		copy_fragment(copying->handle, copying->direction, copying->user + offset, left, copying->snipped);
	return 0;
}

#ifdef PAYLOAD_HAS_LOOP_HELPER /* a callback makes kernels before 5.13 refuse the whole object */
#define MAX_FRAGMENTS (1 << 20)

static long copy_callback(__u32 index, struct copying *copying)
{
	return copy_nth(index, copying);
}

static __always_inline void copy_all(struct copying *copying)
{
	bpf_loop(MAX_FRAGMENTS, copy_callback, copying, 0);
}
#else
#define CHUNK_FRAGMENTS 32
#define MAX_FRAGMENTS   (CHUNK_FRAGMENTS * CHUNK_FRAGMENTS)

/* The verifier follows each iteration: 32 here and 32 below instead of 1,024, which takes it seconds. */
__noinline int copy_chunk(__u64 handle, __u64 direction, __u64 user, __u64 length, __u64 snipped)
{
	struct copying copying = {handle, direction, user, length, snipped};
	for (__u64 i = 0; i < CHUNK_FRAGMENTS; i++)
		if (copy_nth(i, &copying))
			break;
	return 0;
}

static __always_inline void copy_all(struct copying *copying)
{
	__u64 chunk = (__u64)CHUNK_FRAGMENTS * config.fragment_bytes;
	__u64 before_last = copying->direction | (copying->direction & OF_MESSAGE ? MORE_FOLLOWS : 0);
	for (__u64 i = 0; i < CHUNK_FRAGMENTS; i++) {
		__u64 offset = i * chunk, left = copying->length - offset;
		if (offset >= copying->length)
			break;
		if (left > chunk)
			copy_chunk(copying->handle, before_last, copying->user + offset, chunk, 0);
		else
			copy_chunk(copying->handle, copying->direction, copying->user + offset, left, copying->snipped);
	}
}
#endif

static __always_inline void emit_parts(const struct connection *connection, __u64 handle, __u64 direction, __u64 user,
                                       __u64 length, __u64 keep)
{
	struct copying copying = {
		.handle = handle,
		.direction = direction,
		.user = user,
		.length = length < keep ? length : keep,
		.snipped = length < keep ? 0 : length - keep,
	};
	__u64 greatest = (__u64)MAX_FRAGMENTS * config.fragment_bytes;
	is_announced(connection, handle); /* if not now, then with the next event */
	if (copying.length > greatest) {  /* more than a program may copy */
		count_loss(LOSS_RING_FULL, copying.length - greatest);
		copying.snipped += copying.length - greatest;
		copying.length = greatest;
	} else if (copying.snipped) {
		count_loss(LOSS_SNAPLEN, copying.snipped);
	}
	if (copying.length <= config.fragment_bytes)
		copy_fragment(handle, direction, user, copying.length, copying.snipped);
	else
		copy_all(&copying);
}

#ifndef PAYLOAD_HAS_LOOP_HELPER
/* Its loops are long to the verifier: verified once. */
__noinline int emit_all_parts(__u64 handle, __u64 direction, __u64 user, __u64 length, __u64 keep)
{
	struct connection *connection = find_connection(handle);
	if (connection)
		emit_parts(connection, handle, direction, user, length, keep);
	return 0;
}
#endif

/* The next `length` bytes of a stream, at `user`; all but `keep` of them are left out by the snap length. */
static __always_inline void emit_payload(struct connection *connection, __u64 handle, __u64 direction, __u64 user,
                                         __u64 length, __u64 keep)
{
#ifdef PAYLOAD_HAS_LOOP_HELPER
	emit_parts(connection, handle, direction, user, length, keep);
#else
	emit_all_parts(handle, direction, user, length, keep);
#endif
}

#endif
