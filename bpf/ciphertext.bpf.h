/* SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause */
/* Samples of what sockets of processes with detached transports carry, until user space knows whose they are. */
#ifndef SSLSNIFF_CIPHERTEXT_H
#define SSLSNIFF_CIPHERTEXT_H

#include "socket.bpf.h"

#define SAMPLE_LEAST       24
#define MAX_RECORD_SAMPLES 4096 /* of one socket */
#define MAX_LONG_SAMPLES   64
#define LONG_INTERVAL      2000000 /* ns */

struct short_sample {
	struct socket_sample_event head;
	__u8 bytes[SHORT_SAMPLE];
};

struct long_sample {
	struct socket_sample_event head;
	__u8 bytes[LONG_SAMPLE];
};

static __always_inline void describe_sample(struct socket_sample_event *event, struct sock *sk, __u64 identity,
                                            __u32 direction)
{
	fill_header(&event->socket.header, EVENT_SOCKET_SAMPLE, 0);
	event->socket.header.direction = direction;
	describe_socket(&event->socket, sk, identity);
	event->pid = current_tgid();
}

/* Records begin where the buffer does: the first is enough. */
static __always_inline void send_short_sample(struct sock *sk, __u64 identity, __u64 address, __u64 length,
                                              __u32 direction)
{
	struct short_sample *sample = bpf_ringbuf_reserve(&ring, sizeof(*sample), 0);
	if (!sample) {
		count_loss(LOSS_RING_FULL, 0);
		return;
	}
	describe_sample(&sample->head, sk, identity, direction);
	barrier_var(length);
	if (length > SHORT_SAMPLE)
		length = SHORT_SAMPLE;
	sample->head.length = length;
	if (bpf_probe_read_user(sample->bytes, length, (void *)address))
		sample->head.length = 0;
	submit_event(sample);
}

/* They begin anywhere: user space has to look for them. Never at the cost of payload. */
static __always_inline void send_long_sample(struct sock *sk, __u64 identity, __u64 address, __u64 length,
                                             __u32 direction)
{
	if (bpf_ringbuf_query(&ring, BPF_RB_AVAIL_DATA) > bpf_ringbuf_query(&ring, BPF_RB_RING_SIZE) / 8)
		return;
	struct long_sample *sample = bpf_ringbuf_reserve(&ring, sizeof(*sample), 0);
	if (!sample)
		return;
	describe_sample(&sample->head, sk, identity, direction);
	barrier_var(length);
	if (length > LONG_SAMPLE)
		length = LONG_SAMPLE;
	sample->head.length = length;
	if (bpf_probe_read_user(sample->bytes, length, (void *)address))
		sample->head.length = 0;
	submit_event(sample);
}

static __always_inline struct sampled_socket *sampled_socket(__u64 identity)
{
	static const struct sampled_socket none = {};
	struct sampled_socket *socket = bpf_map_lookup_elem(&sampled_sockets, &identity);
	if (socket)
		return socket;
	bpf_map_update_elem(&sampled_sockets, &identity, &none, BPF_NOEXIST);
	return bpf_map_lookup_elem(&sampled_sockets, &identity);
}

/* Whether what the current task moves through a socket, outside of TLS calls, is to be looked at. */
static __always_inline bool is_wanted_ciphertext(struct sock *sk)
{
	__u32 tgid = current_tgid();
	return config.has_ciphertext && bpf_map_lookup_elem(&detached_processes, &tgid) && !is_inside_call() &&
	       can_carry_tls(sk);
}

/* `length` bytes at `address`, of the user. Verified once. */
__noinline int sample_ciphertext(__u64 socket, __u64 identity, __u64 address, __u64 length, __u32 direction)
{
	__u32 tgid = current_tgid();
	struct detached_process *process = bpf_map_lookup_elem(&detached_processes, &tgid);
	struct sampled_socket *sampled = sampled_socket(identity);
	__u8 header[RECORD_HEADER];
	__u64 now = bpf_ktime_get_ns();
	if (!process || !sampled || length < SAMPLE_LEAST ||
	    bpf_probe_read_user(header, sizeof(header), (void *)address))
		return 0;
	if (is_record_header(header)) {
		if (sampled->records >= MAX_RECORD_SAMPLES)
			return 0;
		sampled->records++;
		send_short_sample((void *)socket, identity, address, length, direction);
	} else if (process->attached && process->needed && sampled->long_samples < MAX_LONG_SAMPLES &&
	           now - sampled->last_long >= LONG_INTERVAL) {
		sampled->long_samples++;
		sampled->last_long = now;
		send_long_sample((void *)socket, identity, address, length, direction);
	}
	return 1;
}

#endif
