/* SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause */
/* All maps but those of one purpose. Every one is bounded and preallocated: uprobes of old kernels must not allocate. */
#ifndef SSLSNIFF_MAPS_H
#define SSLSNIFF_MAPS_H

#include "kernel_types.h"
#include <bpf/bpf_helpers.h>
#include "state.h"
#include "tls_site.h"

#define MAX_CONNECTIONS        65536
#define MAX_THREADS            16384
#define MAX_DETACHED_PROCESSES 4096
#define MAX_SAMPLED_SOCKETS    16384
#define MAX_LINKED             1024

/* Alone in their sections, by whose names user space finds them. */
const volatile struct capture_config config SEC(".rodata.config") = {};
struct capture_control control = {};
struct capture_counters counters SEC(".data.counters") = {};

/* By the last bits of tgid: a process known not to be traced, as every socket call of the host asks; else 0 (process.bpf.h). */
#define IGNORED_SLOTS 8192
__u32 ignored_processes[IGNORED_SLOTS] SEC(".data.ignored") = {};

struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, 64 << 20); /* user space sets it */
} ring SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, LOSS_COUNT);
	__type(key, __u32);
	__type(value, struct loss_count);
} losses SEC(".maps");

/* cookie of a probe -> what is there */
struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, MAX_TLS_SITES);
	__type(key, __u32);
	__type(value, struct tls_site);
} tls_sites SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, MAX_PROCESSES);
	__type(key, __u32);
	__type(value, struct process);
} processes SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, MAX_CONNECTIONS);
	__type(key, struct connection_key);
	__type(value, struct connection);
} connections SEC(".maps");

/* address of a struct sock -> the connection bound to it; removed when the socket closes */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, MAX_CONNECTIONS);
	__type(key, __u64);
	__type(value, struct connection_key);
} bound_sockets SEC(".maps");

/* address of a struct sock -> number that we gave it, where there are no cookies */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, MAX_CONNECTIONS);
	__type(key, __u64);
	__type(value, __u64);
} socket_identities SEC(".maps");

/* struct newcomer. Apart from `ring`, because it is read first: a process runs without probes until then */
struct {
	__uint(type, BPF_MAP_TYPE_RINGBUF);
	__uint(max_entries, NEWCOMERS_BYTES);
} newcomers SEC(".maps");

/* processes that have probes of their own, set by user space: tgid -> any */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, MAX_LINKED);
	__type(key, __u32);
	__type(value, __u8);
} linked_processes SEC(".maps");

/* processes with connections whose TLS library does not touch the socket itself */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, MAX_DETACHED_PROCESSES);
	__type(key, __u32);
	__type(value, struct detached_process);
} detached_processes SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, MAX_SAMPLED_SOCKETS);
	__type(key, __u64);
	__type(value, struct sampled_socket);
} sampled_sockets SEC(".maps");

/* generation of a connection whose socket user space found by its ciphertext -> any */
struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, MAX_CONNECTIONS);
	__type(key, __u64);
	__type(value, __u8);
} ciphertext_bound SEC(".maps");

/* comm, padded with NUL -> any */
struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 256);
	__type(key, char[COMM_LENGTH]);
	__type(value, __u8);
} wanted_comms SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_HASH);
	__uint(max_entries, 256);
	__type(key, __u32);
	__type(value, __u8);
} wanted_uids SEC(".maps");

#endif
