/* SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause */
/*
 * What a socket call moves: its buffers, and how far they have been copied. One for each thread, in a map: a backend
 * fills it (syscall_transfer.bpf.h, iov_iter.bpf.h), programs stay within the stack of old kernels, and nothing is
 * shared with a task that preempts us.
 */
#ifndef SSLSNIFF_TRANSFER_H
#define SSLSNIFF_TRANSFER_H

#include "payload.bpf.h"
#include "syscall_buffer.bpf.h"

#define MAX_VECTORS       1024 /* UIO_MAXIOV */
#define MSG_TRUNC         0x20
#define MSG_DONTWAIT      0x40
#define LONGEST_BEGINNING 6

enum transfer_source {
	SOURCE_NONE,         /* bytes without a buffer that we know */
	SOURCE_BUFFER,       /* address and length, of the user */
	SOURCE_KERNEL,       /* address and length, of the kernel */
	SOURCE_USER_VECTORS, /* struct iovec, in the user's memory */
	SOURCE_IOVEC,        /* the same, as the kernel copied them */
	SOURCE_KVEC,         /* buffers of the kernel */
	SOURCE_BVEC,         /* pages */
};

/* Addresses in network order, IPv4 in the first four bytes; ports in host order. family 0: unknown. */
struct peer {
	__u16 family;
	__u16 port;
	__u32 reserved;
	__u8 address[16];
};

struct transfer {
	__u64 socket;   /* address of the struct sock, as a number; 0: nothing is being moved */
	__u64 identity; /* of the socket */
	__u64 message;  /* struct msghdr of the kernel; 0: unknown */
	__u64 name;     /* struct sockaddr of the receiver; 0: none was given */
	/* the only or first buffer that is not empty */
	__u64 address;
	__u64 length;
	__u64 vectors;
	__u64 vector_count;
	__u64 offset; /* of the first byte in the first vector */
	/* how far it was copied */
	__u64 handle;
	__u64 left;
	__u64 keep;   /* bytes that the snap length leaves */
	__u32 source; /* enum transfer_source */
	__u32 flags;  /* MSG_... */
	__u32 direction;
	__u8 is_message;     /* its buffers belong together */
	__u8 name_in_kernel; /* where `name` points to */
	__u8 is_over;        /* the call has returned */
	__u8 is_seen;        /* and the first of two programs for that has seen it (backend_tracepoint.bpf.h) */
	__u8 ends_in_gap;    /* the last bytes of a stream so far were not copied */
	__u8 waits;          /* it received what it waited for */
	struct peer peer;
};

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, MAX_THREADS);
	__type(key, __u64);
	__type(value, struct transfer);
} transfers SEC(".maps");

static __always_inline struct transfer *current_transfer(void)
{
	__u64 id = bpf_get_current_pid_tgid();
	return bpf_map_lookup_elem(&transfers, &id);
}

/* A thread ends. */
static __always_inline void forget_transfer(void)
{
	__u64 id = bpf_get_current_pid_tgid();
	bpf_map_delete_elem(&transfers, &id);
}

/* Of the current thread, as an earlier call left it. NULL when the map is full. */
static __always_inline struct transfer *use_current_transfer(void)
{
	static const struct transfer empty = {};
	__u64 id = bpf_get_current_pid_tgid();
	struct transfer *transfer = bpf_map_lookup_elem(&transfers, &id);
	if (transfer)
		return transfer;
	if (bpf_map_update_elem(&transfers, &id, &empty, BPF_NOEXIST)) {
		count_loss(LOSS_MAP_FULL, 0);
		return NULL;
	}
	return bpf_map_lookup_elem(&transfers, &id);
}

static __always_inline void begin_transfer(struct transfer *transfer, struct sock *sk, __u64 identity, __u64 direction,
                                           __u32 flags)
{
	__builtin_memset(transfer, 0, sizeof(*transfer));
	/* The verifier does not let a pointer pass for a number. */
	*(volatile __u64 *)&transfer->socket = (__u64)sk;
	transfer->identity = identity;
	transfer->direction = direction;
	transfer->flags = flags;
	transfer->is_message = BPF_CORE_READ(sk, sk_protocol) != IPPROTO_TCP;
}

/* What was received from a stream with MSG_TRUNC has no buffer: the program has the kernel drop it (tcp(7)). */
static __always_inline void forget_dropped(struct transfer *transfer)
{
	if (transfer->is_message || transfer->direction != DIRECTION_RECEIVED || !(transfer->flags & MSG_TRUNC))
		return;
	transfer->source = SOURCE_NONE;
	transfer->address = 0;
	transfer->length = 0;
	transfer->vector_count = 0;
}

static __always_inline bool is_in_kernel(const struct transfer *transfer)
{
	return transfer->source == SOURCE_KERNEL || transfer->source == SOURCE_KVEC || transfer->source == SOURCE_BVEC;
}

/* Bytes of a stream that are not copied. */
static __always_inline void skip_bytes(struct connection *connection, __u64 direction, __u64 length, __u32 cause)
{
	direction = bounded_direction(direction);
	connection->position[direction] += length;
	connection->missing[direction] = cause;
	count_loss(cause, length);
}

/* Tells of the bytes that were skipped so far: the next ones may come much later, or never. */
__noinline int emit_gap(__u64 handle, __u32 direction)
{
	struct connection *connection = find_connection(handle);
	direction = bounded_direction(direction);
	if (!connection || !is_announced(connection, handle))
		return 0;
	struct data_event *event = RESERVE_EVENT(struct data_event, EVENT_DATA, connection->generation);
	if (!event) /* then with the next bytes */
		return 0;
	event->header.direction = direction;
	event->header.detail = connection->missing[direction];
	event->position = connection->position[direction];
	event->length = 0;
	event->snipped = 0;
	submit_event(event);
	return 1;
}

/* The buffer of one vector. `keep` of its bytes are wanted. False when they were skipped. */
static __always_inline bool copy_vector(__u64 handle, __u64 direction, __u64 address, __u64 length, __u64 keep)
{
	struct connection *connection = find_connection(handle);
	if (!connection)
		return true;
	if (!address)
		skip_bytes(connection, direction, length, LOSS_NO_BUFFER);
	else if (keep)
		emit_payload(connection, handle, direction, address, length, keep);
	else
		skip_bytes(connection, direction, length, LOSS_SNAPLEN);
	return address && keep;
}

struct page {
	unsigned long flags;
} __attribute__((preserve_access_index));

#define PAGE_SIZE_X86 4096

/* struct bio_vec, the same on every kernel, and as long as struct iovec */
struct page_vector {
	__u64 page;
	__u32 length;
	__u32 offset;
};

/* Where a page lies in the kernel's direct mapping; 0 when we do not know where that is. */
static __always_inline __u64 address_of_page(__u64 page)
{
	__u64 pages = 0, memory = 0, size = bpf_core_type_size(struct page);
	if (!config.vmemmap_base || !size ||
	    bpf_probe_read_kernel(&pages, sizeof(pages), (void *)config.vmemmap_base) ||
	    bpf_probe_read_kernel(&memory, sizeof(memory), (void *)config.page_offset_base))
		return 0;
	return memory + (page - pages) / size * PAGE_SIZE_X86;
}

static __always_inline bool read_vector(const struct transfer *transfer, __u64 index, struct iovec *vector)
{
	struct page_vector pages;
	const void *at = (const void *)(transfer->vectors + index * sizeof(*vector));
	switch (transfer->source) {
	case SOURCE_BUFFER:
	case SOURCE_KERNEL:
		vector->iov_base = (void *)transfer->address;
		vector->iov_len = transfer->length;
		return index == 0;
	case SOURCE_USER_VECTORS:
		return !bpf_probe_read_user(vector, sizeof(*vector), at);
	case SOURCE_IOVEC:
	case SOURCE_KVEC:
		return !bpf_probe_read_kernel(vector, sizeof(*vector), at);
	case SOURCE_BVEC:
		if (bpf_probe_read_kernel(&pages, sizeof(pages), at))
			return false;
		vector->iov_len = pages.length;
		vector->iov_base = (void *)address_of_page(pages.page);
		if (vector->iov_base)
			vector->iov_base += pages.offset;
		return true;
	default:
		return false;
	}
}

#define FIRST_VECTORS 4 /* looked at for the beginning of a call: Erlang's first one is empty */

/* The buffer behind the first one that is not empty. */
static __always_inline bool find_second_buffer(const struct transfer *transfer, struct iovec *second)
{
	bool any = false;
	if (transfer->offset || transfer->source == SOURCE_BVEC)
		return false;
	for (__u64 i = 0; i < FIRST_VECTORS && i < transfer->vector_count; i++) {
		if (!read_vector(transfer, i, second))
			return false;
		if (second->iov_len && any)
			return true;
		any = any || second->iov_len;
	}
	return false;
}

/* The first bytes of a call whose first buffer holds fewer of them: a record's header apart from its body, for instance. */
static __noinline bool read_divided_beginning(const struct transfer *transfer, __u8 *bytes, __u32 length)
{
	struct iovec second = {};
	if (is_in_kernel(transfer) || !find_second_buffer(transfer, &second) ||
	    transfer->length + (__u64)second.iov_len < length)
		return false;
	for (__u32 i = 0; i < LONGEST_BEGINNING && i < length; i++) {
		__u64 address =
			i < transfer->length ? transfer->address + i : (__u64)second.iov_base + i - transfer->length;
		if (bpf_probe_read_user(bytes + i, 1, (void *)address))
			return false;
	}
	return true;
}

/* The first bytes of a call, LONGEST_BEGINNING at most; false when they are not all there. */
static __always_inline bool read_beginning(const struct transfer *transfer, void *bytes, __u32 length)
{
	if (!transfer->address)
		return false;
	if (transfer->length < length)
		return read_divided_beginning(transfer, bytes, length);
	if (is_in_kernel(transfer))
		return !bpf_probe_read_kernel(bytes, length, (void *)transfer->address);
	return !bpf_probe_read_user(bytes, length, (void *)transfer->address);
}

/* Copies vector `index`; 1 when there is nothing more to do. */
__noinline int copy_next_vector(__u64 index)
{
	struct transfer *transfer = current_transfer();
	struct iovec vector;
	if (!transfer || index >= transfer->vector_count || !transfer->left || !read_vector(transfer, index, &vector))
		return 1;
	__u64 address = (__u64)vector.iov_base, length = vector.iov_len;
	if (index == 0 && transfer->offset) {
		if (transfer->offset >= length)
			return 0;
		length -= transfer->offset;
		if (address)
			address += transfer->offset;
	}
	if (length > transfer->left)
		length = transfer->left;
	if (!length)
		return 0;
	transfer->left -= length;
	__u64 direction = transfer->direction;
	if (transfer->is_message)
		direction |= transfer->left ? OF_MESSAGE | MORE_FOLLOWS : OF_MESSAGE;
	if (is_in_kernel(transfer))
		direction |= FROM_KERNEL;
	if (transfer->waits)
		direction |= WAITED;
	transfer->ends_in_gap = !copy_vector(transfer->handle, direction, address, length, transfer->keep);
	transfer->keep -= length < transfer->keep ? length : transfer->keep;
	return 0;
}

/* The next `moved` bytes of a connection. A message may have been longer than the buffers it was received in. */
static __always_inline void copy_transfer(struct transfer *transfer, __u64 handle, __u64 moved)
{
	transfer->handle = handle;
	transfer->left = moved;
	transfer->waits = transfer->direction == DIRECTION_RECEIVED && !(transfer->flags & MSG_DONTWAIT) &&
	                  is_waiting_socket((void *)transfer->socket);
	transfer->keep = config.snaplen ? config.snaplen : WITHOUT_LIMIT;
	for (__u64 i = 0; i < MAX_VECTORS; i++)
		if (copy_next_vector(i))
			break;
	struct connection *connection = find_connection(handle);
	if (!connection || transfer->is_message)
		return;
	if (transfer->left)
		skip_bytes(connection, transfer->direction, transfer->left, LOSS_NO_BUFFER);
	if (transfer->left || transfer->ends_in_gap)
		emit_gap(handle, transfer->direction);
}

#endif
