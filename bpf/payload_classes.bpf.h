/* SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause */
/* Linux 5.8: records have a constant size, so the smallest of four that holds the data. */
#define GREATEST_CLASS 16384

/* The length must be clamped in the very register that the helper gets, or old verifiers lose the bound. */
#define PUT_CLASS(size)                                                                                                \
	do {                                                                                                           \
		struct class_##size {                                                                                  \
			struct data_event head;                                                                        \
			__u8 bytes[size];                                                                              \
		} *record = bpf_ringbuf_reserve(&ring, sizeof(*record), 0);                                            \
		if (!record)                                                                                           \
			return LOSS_RING_FULL;                                                                         \
		barrier_var(length);                                                                                   \
		if (length > (size))                                                                                   \
			length = (size);                                                                               \
		if (read_bytes(record->bytes, length, address, in_kernel)) {                                           \
			bpf_ringbuf_discard(record, BPF_RB_NO_WAKEUP);                                                 \
			return LOSS_FAULT;                                                                             \
		}                                                                                                      \
		__builtin_memcpy(&record->head, head, sizeof(*head));                                                  \
		bpf_ringbuf_submit(record, wake_flags());                                                              \
		return LOSS_NONE;                                                                                      \
	} while (0)

static __always_inline __u32 put_data(const struct data_event *head, __u64 address, bool in_kernel)
{
	__u64 length = head->length;
	if (length <= 256)
		PUT_CLASS(256);
	else if (length <= 1024)
		PUT_CLASS(1024);
	else if (length <= 4096)
		PUT_CLASS(4096);
	else
		PUT_CLASS(16384);
}
