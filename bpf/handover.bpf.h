/* SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause */
/*
 * A socket that turns from cleartext into TLS (STARTTLS, CONNECT, PostgreSQL's SSLRequest ...), and back. Each part is a
 * connection of its own, with one handle but a new generation; all have the socket's cookie.
 */
#ifndef SSLSNIFF_HANDOVER_H
#define SSLSNIFF_HANDOVER_H

#include "hello.bpf.h"
#include "socket_identity.bpf.h"
#include "transfer.bpf.h"

#define SOCK_DONE  1  /* enum sock_flags: FIN came */
#define TEXT_BYTES 32 /* that are hardly ever text by chance */
#define TEXT_LEAST 4

/* It counts in copied_seq like a byte. */
static __always_inline bool has_read_fin(struct sock *sk)
{
	struct tcp_sock *tcp = (struct tcp_sock *)sk;
	return BPF_CORE_READ(sk, __sk_common.skc_flags) & (1UL << SOCK_DONE) &&
	       BPF_CORE_READ(tcp, copied_seq) == BPF_CORE_READ(tcp, rcv_nxt);
}

/* What was received meanwhile by ways that are not seen (splice). `moved`: seen just now. */
static __always_inline void skip_unseen(struct connection *connection, struct sock *sk, __u32 moved)
{
	__u32 now = BPF_CORE_READ((struct tcp_sock *)sk, copied_seq);
	__u32 unseen = now - moved - connection->copied_seq;
	if (unseen && has_read_fin(sk))
		unseen--;
	if (connection->copied_seq && unseen && unseen < (1U << 31))
		skip_bytes(connection, DIRECTION_RECEIVED, unseen, LOSS_NO_BUFFER);
	connection->copied_seq = now;
}

/*
 * TLS begins on a socket: its cleartext, if it carried any that was told of, is over. `received`: bytes of TLS that the
 * current call has received. Verified once.
 */
__noinline int end_cleartext(__u64 socket, __u64 identity, __u64 received)
{
	__u64 handle = stream_handle(identity);
	struct connection *connection = config.cleartext ? find_connection(handle) : NULL;
	if (!connection || !(connection->flags & CONNECTION_OPENED) || connection->flags & CONNECTION_CLOSED)
		return 0;
	if (connection->flags & CONNECTION_UNDECODED) { /* it looked like TLS of others: it is ours */
		connection->flags |= CONNECTION_UNCOVERED & connection->flags ? 0 : CONNECTION_COVERED;
	} else {
		skip_unseen(connection, (void *)socket, received);
		connection->flags |= CONNECTION_TLS_BEGAN;
	}
	close_connection(handle);
	return 1;
}

/* The next part of a socket whose former one is closed. */
static __always_inline void begin_next_part(struct connection *connection)
{
	connection->generation = new_generation();
	connection->flags =
		(connection->flags & (CONNECTION_CLEARTEXT | CONNECTION_CLIENT | CONNECTION_SERVER)) | CONNECTION_NEW;
	connection->position[DIRECTION_SENT] = connection->position[DIRECTION_RECEIVED] = 0;
	connection->missing[DIRECTION_SENT] = connection->missing[DIRECTION_RECEIVED] = 0;
	connection->handshake_time = 0;
	connection->hello_tries = 0;
	connection->error = 0;
	connection->copied_seq = 0;
}

/* What the current transfer has moved is text, as far as it was looked at. Verified once. */
__noinline int is_text(__u64 moved)
{
	__u8 bytes[TEXT_BYTES];
	struct transfer *transfer = current_transfer();
	if (!transfer || !transfer->address)
		return 0;
	__u64 length = transfer->length < moved ? transfer->length : moved;
	barrier_var(length);
	if (length < TEXT_LEAST)
		return 0;
	if (length > TEXT_BYTES)
		length = TEXT_BYTES;
	__builtin_memset(bytes, ' ', sizeof(bytes));
	long failed = is_in_kernel(transfer) ? bpf_probe_read_kernel(bytes, length, (void *)transfer->address)
	                                     : bpf_probe_read_user(bytes, length, (void *)transfer->address);
	if (failed)
		return 0;
	for (int i = 0; i < TEXT_BYTES; i++)
		if ((bytes[i] < ' ' || bytes[i] > '~') && bytes[i] != '\r' && bytes[i] != '\n' && bytes[i] != '\t')
			return 0;
	return 1;
}

/* The current transfer begins with a TLS record. */
__noinline int is_record(__u64 moved)
{
	__u8 header[RECORD_HEADER];
	struct transfer *transfer = current_transfer();
	return transfer && moved >= RECORD_HEADER && read_beginning(transfer, header, RECORD_HEADER) &&
	       is_record_header(header);
}

/*
 * Of a transfer behind TLS that a socket carried: it may be the rest of that. Without close_notify of both sides only
 * text is certainly none of it.
 */
static __always_inline bool is_cleartext_again(const struct connection *connection, __u64 moved)
{
	return connection->flags & CONNECTION_TLS_OVER ? !is_record(moved) : is_text(moved);
}

/* Both sides have said close_notify on the TLS connection with this socket. Verified once. */
__noinline int end_tls(__u64 socket)
{
	__u64 identity = known_identity(socket);
	struct connection *connection = config.cleartext && identity ? find_connection(stream_handle(identity)) : NULL;
	if (connection && connection->flags & CONNECTION_CLOSED)
		connection->flags |= CONNECTION_TLS_OVER;
	bpf_map_delete_elem(&bound_sockets, &socket);
	return 0;
}

#endif
