/* SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause */
/*
 * Payload of libraries that use no socket and have no call that tells when a connection begins: each record is seen where
 * it is encrypted, with its number among those of its keys (tls_site.h, CALL_RECORD_PARTS). The handle is the object with
 * the keys, whose memory may serve another connection's later.
 */
#ifndef SSLSNIFF_RECORD_PARTS_H
#define SSLSNIFF_RECORD_PARTS_H

#include "tls_returns.bpf.h"
#include "transfer.bpf.h"

#define RECORD_APPLICATION_DATA 0x17

#define MAX_RECORD_PARTS  64
#define RECORD_FIRST_TYPE 0x14

/* As it lies in the program's memory. */
struct record_parts {
	__u64 list;  /* 0: the bytes lie together */
	__u64 count; /* of the list; else their address */
	__u64 first; /* of all that the list names; else how many bytes there are */
	__u64 end;
};

static __always_inline __u64 length_of_parts(const struct record_parts *parts)
{
	return parts->list ? parts->end - parts->first : parts->first;
}

/* What lies between `first` and `end` of the part that this entry of a list names, behind `passed` bytes. Its length. */
__noinline __u64 emit_part(__u64 handle, __u64 entry, __u64 passed, __u64 first, __u64 end)
{
	struct {
		__u64 address, length;
	} part = {};
	if (bpf_probe_read_user(&part, sizeof(part), (void *)entry))
		return 0;
	__u64 from = passed < first ? first - passed : 0, before = passed < first ? 0 : passed - first;
	__u64 to = end - passed < part.length ? end - passed : part.length;
	__u64 keep = !config.snaplen ? WITHOUT_LIMIT : config.snaplen > before ? config.snaplen - before : 0;
	if (from < to)
		copy_vector(handle, DIRECTION_SENT, part.address + from, to - from, keep);
	return part.length;
}

static __always_inline void emit_record_parts(struct connection *connection, __u64 handle,
                                              const struct record_parts *parts)
{
	__u64 passed = 0, list = parts->list, count = parts->count, first = parts->first, end = parts->end;
	if (!list) {
		emit_payload(connection, handle, DIRECTION_SENT, count, first,
		             config.snaplen ? config.snaplen : WITHOUT_LIMIT);
		return;
	}
	for (__u64 i = 0; i < MAX_RECORD_PARTS && i < count && passed < end; i++)
		passed += emit_part(handle, list + i * 16, passed, first, end);
	if (passed >= end)
		return;
	skip_bytes(connection, DIRECTION_SENT, end - (passed > first ? passed : first), LOSS_NO_BUFFER);
	emit_gap(handle, DIRECTION_SENT);
}

/*
 * The connection of a record with this number; NULL: there is no room. The end of a handshake comes before all payload, but
 * the first record of new keys may be payload itself, and the peer may have spoken first.
 */
static __always_inline struct connection *connection_of_record(__u64 handle, __u32 library, __u64 number, bool is_data)
{
	struct connection *connection = use_connection(handle, library);
	if (!connection || number)
		return connection;
	if (connection->position[DIRECTION_SENT] || (!is_data && connection->position[DIRECTION_RECEIVED]) ||
	    is_bound_by_ciphertext(connection))
		renew_connection(connection, handle); /* other keys at the same place */
	if (!connection->position[DIRECTION_RECEIVED])
		connection->flags |= CONNECTION_NEW;
	return connection;
}

static __always_inline void note_close_notify(struct connection *connection, const struct record_parts *parts)
{
	__u8 alert[ALERT_LENGTH];
	if (!parts->list && parts->first == sizeof(alert) &&
	    !bpf_probe_read_user(alert, sizeof(alert), (void *)parts->count) && alert[1] == CLOSE_NOTIFY)
		connection->flags |= CONNECTION_SHUTDOWN_SENT;
}

static __always_inline void use_without_socket(struct connection *connection)
{
	connection->flags |= CONNECTION_HANDSHAKE_DONE;
	if (config.has_ciphertext && lacks_socket(connection))
		need_transport_probes(connection->generation);
}

static __always_inline void on_record_parts(struct pt_regs *ctx, const struct tls_site *site)
{
	struct record_parts parts = {};
	__u64 type = value_of(ctx, &site->type) + site->first_type, handle = value_of(ctx, &site->handle);
	__u64 number = value_of(ctx, &site->number);
	if (!handle || bpf_probe_read_user(&parts, sizeof(parts), (void *)value_of(ctx, &site->buffer)))
		return;
	__u64 length = length_of_parts(&parts);
	if (type < RECORD_FIRST_TYPE || type > RECORD_APPLICATION_DATA || !length || length > RECORD_LENGTH)
		return;
	bool is_data = type == RECORD_APPLICATION_DATA;
	struct connection *connection = is_data || !number
	                                        ? connection_of_record(handle, site->library, number, is_data)
	                                        : find_connection(handle);
	if (!connection)
		return;
	if (type == RECORD_ALERT)
		note_close_notify(connection, &parts);
	if (!is_data)
		return;
	use_without_socket(connection);
	emit_record_parts(connection, handle, &parts);
}

#endif
