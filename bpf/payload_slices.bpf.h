/* SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause */
/*
 * Linux 5.19: one record as long as the data. Only slices of constant size can be written, so it is filled by
 * 16 KiB at a time and then by powers of two.
 */
#define PAYLOAD_HAS_LOOP_HELPER
#define SLICE      16384
#define MAX_SLICES 16 /* of one record: 256 KiB; more make the verifier slow */

#define READ_SLICE(size)                                                                                               \
	do {                                                                                                           \
		void *slice_ = bpf_dynptr_data(&record, sizeof(struct data_event) + offset, size);                     \
		if (!slice_ || read_bytes(slice_, size, address + offset, in_kernel))                                  \
			goto fault;                                                                                    \
		offset += (size);                                                                                      \
	} while (0)

#define READ_REST(size)                                                                                                \
	do {                                                                                                           \
		if (length & (size))                                                                                   \
			READ_SLICE(size);                                                                              \
	} while (0)

static __always_inline __u32 put_data(const struct data_event *head, __u64 address, bool in_kernel)
{
	struct bpf_dynptr record;
	struct data_event *event;
	__u64 length = head->length, offset = 0;
	if (bpf_ringbuf_reserve_dynptr(&ring, sizeof(*head) + length, 0, &record)) {
		bpf_ringbuf_discard_dynptr(&record, BPF_RB_NO_WAKEUP);
		return LOSS_RING_FULL;
	}
	for (int i = 0; i < MAX_SLICES; i++) {
		if (offset + SLICE > length)
			break;
		READ_SLICE(SLICE);
	}
	READ_REST(8192);
	READ_REST(4096);
	READ_REST(2048);
	READ_REST(1024);
	READ_REST(512);
	READ_REST(256);
	READ_REST(128);
	READ_REST(64);
	READ_REST(32);
	READ_REST(16);
	READ_REST(8);
	READ_REST(4);
	READ_REST(2);
	READ_REST(1);
	event = bpf_dynptr_data(&record, 0, sizeof(*event));
	if (!event)
		goto fault;
	*event = *head;
	bpf_ringbuf_submit_dynptr(&record, wake_flags());
	return LOSS_NONE;
fault:
	bpf_ringbuf_discard_dynptr(&record, BPF_RB_NO_WAKEUP);
	return LOSS_FAULT;
}
