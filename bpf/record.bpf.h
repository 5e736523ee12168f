/* SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause */
/*
 * Payload seen record by record, inside the TLS library (tls_site.h, CALL_RECORD_READ and CALL_RECORD_WRITE): one probe has
 * all that is to be known, and only records that carry something cost anything. Which socket it is was learnt from the
 * calls around it.
 */
#ifndef SSLSNIFF_RECORD_H
#define SSLSNIFF_RECORD_H

#include "record_parts.bpf.h"

#define MAX_RECORDS_LENGTH (1 << 20) /* what OpenSSL writes at once: up to 32 records */

/* The handshake goes on behind early data. */
static __always_inline bool is_early(__u64 call)
{
	struct surroundings around = surroundings_of(call);
	struct frame *frame = innermost_frame(&around);
	return frame && frame->flags & SITE_EARLY;
}

/* Before it is encrypted. */
static __always_inline void on_alert_sent(__u64 handle, __u64 buffer, __u64 length)
{
	struct connection *connection = find_connection(handle);
	__u8 alert[ALERT_LENGTH];
	if (connection && length == ALERT_LENGTH && !bpf_probe_read_user(alert, sizeof(alert), (void *)buffer))
		note_alert(connection, alert[1], DIRECTION_SENT);
}

static __always_inline void on_record(struct pt_regs *ctx, const struct tls_site *site)
{
	__u64 keep = config.snaplen ? config.snaplen : WITHOUT_LIMIT;
	bool is_write = site->call == CALL_RECORD_WRITE;
	if (!calling_process())
		return;
	if (site->call == CALL_RECORD_PARTS) {
		on_record_parts(ctx, site);
		return;
	}
	__u64 type = value_of(ctx, &site->type) + site->first_type, length = value_of(ctx, &site->length);
	bool is_data = type == RECORD_APPLICATION_DATA && length &&
	               (length <= MAX_RECORDS_LENGTH || site->flags & SITE_GOROUTINE);
	if ((!is_data && !(type == RECORD_ALERT && is_write)) || value_of(ctx, &site->unread))
		return;
	__u64 handle = value_of(ctx, &site->handle), buffer = value_of(ctx, &site->buffer);
	if (!is_data) {
		on_alert_sent(handle, buffer, length);
		return;
	}
	struct connection *connection = handle ? use_connection(handle, site->library) : NULL;
	if (!connection)
		return;
	__u64 direction = is_write ? DIRECTION_SENT : DIRECTION_RECEIVED;
	if (site->uses_no_socket)
		use_without_socket(connection);
	else if (!(connection->flags & CONNECTION_HANDSHAKE_DONE) && !is_early(call_context(ctx, site)))
		finish_handshake_before(connection, handle, direction);
	if (!site->uses_no_socket && lacks_socket(connection))
		need_calls(0);
	if (connection->ahead[direction] < MAX_RECORDS_LENGTH && !(site->flags & SITE_GOROUTINE))
		connection->ahead[direction] += length;
	if (!is_write)
		direction |= how_received(connection);
	emit_payload(connection, handle, direction, buffer, length, keep);
}

#endif
