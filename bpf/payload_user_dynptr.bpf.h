/* SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause */
/* Linux 6.16: one record as long as the data, filled by one kfunc. */
extern int bpf_probe_read_user_dynptr(struct bpf_dynptr *record, __u64 offset, __u64 size,
                                      const void *from) __ksym __weak;
extern int bpf_probe_read_kernel_dynptr(struct bpf_dynptr *record, __u64 offset, __u64 size,
                                        const void *from) __ksym __weak;

#define PAYLOAD_HAS_LOOP_HELPER

static __always_inline __u32 put_data(const struct data_event *head, __u64 address, bool in_kernel)
{
	struct bpf_dynptr record;
	if (bpf_ringbuf_reserve_dynptr(&ring, sizeof(*head) + head->length, 0, &record)) {
		bpf_ringbuf_discard_dynptr(&record, BPF_RB_NO_WAKEUP);
		return LOSS_RING_FULL;
	}
	struct data_event *event = bpf_dynptr_data(&record, 0, sizeof(*event));
	long failed = in_kernel ? bpf_probe_read_kernel_dynptr(&record, sizeof(*event), head->length, (void *)address)
	                        : bpf_probe_read_user_dynptr(&record, sizeof(*event), head->length, (void *)address);
	if (!event || failed) {
		bpf_ringbuf_discard_dynptr(&record, BPF_RB_NO_WAKEUP);
		return LOSS_FAULT;
	}
	*event = *head;
	bpf_ringbuf_submit_dynptr(&record, wake_flags());
	return LOSS_NONE;
}
