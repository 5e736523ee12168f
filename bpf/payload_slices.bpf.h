/* SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause */
/*
 * Linux 5.19: one record as long as the data. Only slices of constant size can be written, so it is filled by
 * 16 KiB at a time and then by powers of two.
 */
#define PAYLOAD_HAS_LOOP_HELPER
#define SLICE      16384
#define MAX_SLICES 16 /* of one record: 256 KiB; more make the verifier slow */

#define READ_SLICE(size)                                                                                               \
	if (length & (size)) {                                                                                         \
		void *slice_ = bpf_dynptr_data(&record, sizeof(*event) + offset, size);                                \
		if (!slice_ || bpf_probe_read_user(slice_, size, (void *)(user + offset)))                             \
			fault = true;                                                                                  \
		offset += (size);                                                                                      \
	}

static __always_inline __u32 put_data(const struct data_event *head, __u64 user)
{
	struct bpf_dynptr record;
	__u32 length = head->length, offset = 0;
	bool fault = false;
	if (bpf_ringbuf_reserve_dynptr(&ring, sizeof(*head) + length, 0, &record)) {
		bpf_ringbuf_discard_dynptr(&record, BPF_RB_NO_WAKEUP);
		return LOSS_RING_FULL;
	}
	struct data_event *event = bpf_dynptr_data(&record, 0, sizeof(*event));
	if (event)
		*event = *head;
	for (int i = 0; i < MAX_SLICES; i++) {
		if (offset + SLICE > length)
			break;
		void *slice = bpf_dynptr_data(&record, sizeof(*event) + offset, SLICE);
		if (!slice || bpf_probe_read_user(slice, SLICE, (void *)(user + offset)))
			fault = true;
		offset += SLICE;
	}
	READ_SLICE(8192)
	READ_SLICE(4096)
	READ_SLICE(2048)
	READ_SLICE(1024)
	READ_SLICE(512)
	READ_SLICE(256)
	READ_SLICE(128)
	READ_SLICE(64)
	READ_SLICE(32)
	READ_SLICE(16)
	READ_SLICE(8)
	READ_SLICE(4)
	READ_SLICE(2)
	READ_SLICE(1)
	if (fault || !event) {
		bpf_ringbuf_discard_dynptr(&record, BPF_RB_NO_WAKEUP);
		return LOSS_FAULT;
	}
	bpf_ringbuf_submit_dynptr(&record, wake_flags());
	return LOSS_NONE;
}
