/* SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause */
/* What is told of a socket: what tells it from others, its addresses, and whether it can carry TLS at all. */
#ifndef SSLSNIFF_SOCKET_IDENTITY_H
#define SSLSNIFF_SOCKET_IDENTITY_H

#include "connection.bpf.h"
#include <bpf/bpf_endian.h>

#define AF_UNIX     1
#define AF_INET     2
#define AF_INET6    10
#define SOCK_STREAM 1
#define IPPROTO_UDP 17

static __always_inline bool can_carry_tls(struct sock *sk)
{
	__u16 family = BPF_CORE_READ(sk, __sk_common.skc_family);
	if (family == AF_INET || family == AF_INET6)
		return BPF_CORE_READ(sk, sk_protocol) == IPPROTO_TCP;
	return family == AF_UNIX && BPF_CORE_READ(sk, sk_type) == SOCK_STREAM;
}

static __always_inline bool is_datagram_socket(struct sock *sk)
{
	__u16 family = BPF_CORE_READ(sk, __sk_common.skc_family);
	return (family == AF_INET || family == AF_INET6) && BPF_CORE_READ(sk, sk_protocol) == IPPROTO_UDP;
}

static __always_inline void read_address(struct bind_event *event, struct sock *sk)
{
	if (event->family == AF_INET) {
		BPF_CORE_READ_INTO((__u32 *)event->local, sk, __sk_common.skc_rcv_saddr);
		BPF_CORE_READ_INTO((__u32 *)event->remote, sk, __sk_common.skc_daddr);
	} else if (event->family == AF_INET6) {
		BPF_CORE_READ_INTO((struct in6_addr *)event->local, sk, __sk_common.skc_v6_rcv_saddr);
		BPF_CORE_READ_INTO((struct in6_addr *)event->remote, sk, __sk_common.skc_v6_daddr);
	} else {
		return;
	}
	event->local_port = BPF_CORE_READ(sk, __sk_common.skc_num);
	event->remote_port = bpf_ntohs(BPF_CORE_READ(sk, __sk_common.skc_dport));
}

/* The verifier does not let a pointer pass for a number. */
static __always_inline __u64 address_of(const void *object)
{
	__u64 address = 0;
	bpf_probe_read_kernel(&address, sizeof(address), &object);
	return address;
}

/*
 * What tells a socket from others for as long as it lives: the kernel's cookie. Where programs cannot have the kernel
 * make one (Linux before 5.12, kprobes), a number that we give it.
 */
static __always_inline __u64 number_of(__u64 socket)
{
	__u64 *known = bpf_map_lookup_elem(&socket_identities, &socket);
	if (known)
		return *known;
	__u64 fresh = new_generation();
	bpf_map_update_elem(&socket_identities, &socket, &fresh, BPF_NOEXIST);
	known = bpf_map_lookup_elem(&socket_identities, &socket);
	return known ? *known : 0;
}

/* 0 when it has none. */
static __always_inline __u64 known_identity(__u64 socket)
{
	if (config.has_socket_cookie)
		return BPF_CORE_READ((struct sock *)socket, __sk_common.skc_cookie.counter);
	__u64 *known = bpf_map_lookup_elem(&socket_identities, &socket);
	return known ? *known : 0;
}

/* Where the kernel hands out a struct sock: kprobes only know an address. */
static __always_inline __u64 identity_of(struct sock *sk)
{
	return config.has_socket_cookie ? bpf_get_socket_cookie(sk) : number_of((__u64)sk);
}

static __always_inline void describe_socket(struct bind_event *event, struct sock *sk, __u64 identity)
{
	__builtin_memset(&event->cookie, 0, sizeof(*event) - sizeof(event->header));
	event->cookie = identity;
	event->netns = BPF_CORE_READ(sk, __sk_common.skc_net.net, ns.inum);
	event->family = BPF_CORE_READ(sk, __sk_common.skc_family);
	event->protocol = BPF_CORE_READ(sk, sk_protocol);
	event->connect_us = connect_time_of(identity);
	read_address(event, sk);
}

#endif
