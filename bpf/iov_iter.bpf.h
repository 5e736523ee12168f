/* SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause */
/*
 * The buffers of a socket call from struct msghdr and its struct iov_iter, as each generation of the kernel lays them
 * out. To be read when the call begins: it moves the iterator along; the arrays that it points to stay as they are.
 */
#ifndef SSLSNIFF_IOV_ITER_H
#define SSLSNIFF_IOV_ITER_H

#include "transfer.bpf.h"

#pragma clang attribute push(__attribute__((preserve_access_index)), apply_to = record)

/* only the names matter: the values are those of the running kernel */
enum iter_type {
	ITER_IOVEC,
	ITER_KVEC,
	ITER_BVEC,
	ITER_UBUF, /* Linux 6.0 */
};

struct iov_iter {
	__u8 iter_type;
	__u64 iov_offset;
	__u64 count;
	const struct iovec *__iov;
	const void *kvec;
	const void *bvec;
	void *ubuf;
	__u64 nr_segs;
};

struct iov_iter___before_5_14 {
	unsigned int type; /* with the direction in its lowest bit */
};

struct iov_iter___before_6_4 {
	const struct iovec *iov;
};

struct msghdr {
	void *msg_name;
	int msg_namelen;
	struct iov_iter msg_iter;
};

#pragma clang attribute pop

static __always_inline __u32 type_of(struct iov_iter *iterator)
{
	if (bpf_core_field_exists(iterator->iter_type))
		return BPF_CORE_READ(iterator, iter_type);
	return BPF_CORE_READ((struct iov_iter___before_5_14 *)iterator, type) & ~1U;
}

#define IS_TYPE(type, name)                                                                                            \
	(bpf_core_enum_value_exists(enum iter_type, name) && (type) == bpf_core_enum_value(enum iter_type, name))

static __always_inline __u64 vectors_of(struct iov_iter *iterator)
{
	if (bpf_core_field_exists(iterator->__iov))
		return (__u64)BPF_CORE_READ(iterator, __iov);
	return (__u64)BPF_CORE_READ((struct iov_iter___before_6_4 *)iterator, iov);
}

/* The beginning of the first vector; of pages it is not looked at. */
static __always_inline void take_first_vector(struct transfer *transfer)
{
	struct iovec first = {};
	__u64 offset = transfer->offset; /* in the first one alone */
	for (__u64 i = 0; i < FIRST_VECTORS && i < transfer->vector_count; i++, offset = 0) {
		if (!read_vector(transfer, i, &first))
			return;
		if (offset >= first.iov_len)
			continue;
		transfer->address = (__u64)first.iov_base + offset;
		transfer->length = first.iov_len - offset;
		return;
	}
}

static __always_inline void describe_by_iterator(struct transfer *transfer, struct iov_iter *iterator)
{
	__u32 type = type_of(iterator);
	transfer->offset = BPF_CORE_READ(iterator, iov_offset);
	transfer->vector_count = BPF_CORE_READ(iterator, nr_segs);
	if (IS_TYPE(type, ITER_UBUF)) {
		transfer->source = SOURCE_BUFFER;
		transfer->address = (__u64)BPF_CORE_READ(iterator, ubuf) + transfer->offset;
		transfer->length = BPF_CORE_READ(iterator, count);
		transfer->offset = 0;
		transfer->vector_count = 1;
		return;
	}
	if (IS_TYPE(type, ITER_BVEC)) {
		transfer->source = SOURCE_BVEC;
		transfer->vectors = (__u64)BPF_CORE_READ(iterator, bvec);
		return;
	}
	if (IS_TYPE(type, ITER_IOVEC)) {
		transfer->source = SOURCE_IOVEC;
		transfer->vectors = vectors_of(iterator);
	} else if (IS_TYPE(type, ITER_KVEC)) {
		transfer->source = SOURCE_KVEC;
		transfer->vectors = (__u64)BPF_CORE_READ(iterator, kvec);
	} else {
		return;
	}
	take_first_vector(transfer);
}

#endif
