/* SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause */
/*
 * What happens at a socket call, for all backends. Each backend is a file (backend_*.bpf.h) that says when a call
 * begins and ends, or only that one has ended, and whose buffers it moved.
 */
#ifndef SSLSNIFF_SOCKET_CALLS_H
#define SSLSNIFF_SOCKET_CALLS_H

#include "cleartext.bpf.h"
#include "stream_state.bpf.h"
#include "syscall_transfer.bpf.h"

/* The same as on_socket_call(), verified once. */
__noinline int on_nested_call(__u64 socket, int result, __u32 direction)
{
	on_socket_call(socket, result, direction & 1);
	return 0;
}

/* The current transfer is over. A number goes in, so that it is verified once. */
__noinline int finish_transfer(__u64 is_wanted_as_cleartext, int result)
{
	struct transfer *transfer = current_transfer();
	if (!transfer || !transfer->socket || transfer->is_over)
		return 0;
	transfer->is_over = 1;
	forget_dropped(transfer);
	if (config.cleartext && is_wanted_as_cleartext) /* else its maps are not there */
		on_cleartext(transfer, result);
	return 1;
}

static __always_inline __u64 user_bytes(const struct transfer *transfer, int result)
{
	__u64 moved = result > 0 ? result : 0;
	if (is_in_kernel(transfer) || !transfer->address)
		return 0;
	return transfer->length < moved ? transfer->length : moved;
}

/* A call begins; `message` is the kernel's. */
static __always_inline void on_message_begun(struct sock *sk, __u64 identity, struct msghdr *message, __u32 flags,
                                             __u64 direction)
{
	struct transfer *transfer = use_current_transfer();
	if (!transfer)
		return;
	begin_transfer(transfer, sk, identity, direction, flags);
	*(volatile __u64 *)&transfer->message = (__u64)message;
	if (direction == DIRECTION_SENT) {
		transfer->name = (__u64)BPF_CORE_READ(message, msg_name);
		transfer->name_in_kernel = 1;
	}
	describe_by_iterator(transfer, __builtin_preserve_access_index(&message->msg_iter));
}

static __always_inline bool is_watched(struct sock *sk)
{
	return control.armed && (is_inside_call() || is_wanted_ciphertext(sk) || is_wanted_cleartext(sk));
}

/* What on_message_begun() announced has returned. */
static __always_inline void on_message_ended(int result, __u64 direction)
{
	struct transfer *transfer = control.armed ? current_transfer() : NULL;
	if (!transfer || !transfer->socket || transfer->is_over || transfer->direction != direction)
		return;
	struct sock *sk = (void *)transfer->socket;
	on_nested_call(transfer->socket, result, direction);
	finish_transfer(is_wanted_cleartext(sk), result);
	if (!transfer->is_message && is_wanted_ciphertext(sk)) /* behind the end of its cleartext */
		sample_ciphertext(transfer->socket, transfer->identity, transfer->address, user_bytes(transfer, result),
		                  direction);
}

/* One page of a stream is about to be sent (sendfile, splice). */
static __always_inline void on_page_begun(struct sock *sk, __u64 identity, __u64 page, __u32 offset)
{
	struct transfer *transfer = use_current_transfer();
	if (!transfer)
		return;
	begin_transfer(transfer, sk, identity, DIRECTION_SENT, 0);
	transfer->address = address_of_page(page);
	if (!transfer->address)
		return;
	transfer->address += offset;
	transfer->length = ~0U; /* the result tells */
	transfer->vector_count = 1;
	transfer->source = SOURCE_KERNEL;
}

static __always_inline void on_page_sent(struct sock *sk, __u64 identity, __u64 page, __u32 offset, int result)
{
	on_page_begun(sk, identity, page, offset);
	finish_transfer(1, result);
}

/* From a stream into a pipe: bytes that are only counted. */
static __always_inline void on_bytes_spliced(struct sock *sk, __u64 identity, int result)
{
	struct transfer *transfer = use_current_transfer();
	if (!transfer)
		return;
	begin_transfer(transfer, sk, identity, DIRECTION_RECEIVED, 0);
	finish_transfer(1, result);
}

static __always_inline void on_datagram_socket_destroyed(__u64 socket)
{
	on_socket_released(known_identity(socket));
	bpf_map_delete_elem(&socket_identities, &socket);
}

#endif
