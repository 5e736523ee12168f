/* SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause */
/*
 * Payload seen record by record, inside the TLS library (tls_site.h, CALL_RECORD_READ and CALL_RECORD_WRITE): one probe has
 * all that is to be known, and only records that carry something cost anything. Which socket it is was learnt from the
 * calls around it.
 */
#ifndef SSLSNIFF_RECORD_H
#define SSLSNIFF_RECORD_H

#include "tls_calls.bpf.h"

#define RECORD_APPLICATION_DATA 0x17
#define MAX_RECORDS_LENGTH      (1 << 20) /* what is written at once: up to 32 records */

struct record_view {
	__u64 handle;
	__u64 buffer;
	__u64 length;
	__u32 type;
};

#if defined(__TARGET_ARCH_x86)
/* As x86 numbers them. All are read, or the compiler would compute on ctx. */
static __always_inline __u64 register_of(struct pt_regs *ctx, __u8 number)
{
	__u64 rax = ctx->rax, rcx = ctx->rcx, rbx = ctx->rbx, rbp = ctx->rbp;
	__u64 r8 = ctx->r8, r9 = ctx->r9, r12 = ctx->r12, r13 = ctx->r13, r14 = ctx->r14, r15 = ctx->r15;
	barrier_var(rax);
	barrier_var(rcx);
	barrier_var(rbx);
	barrier_var(rbp);
	barrier_var(r8);
	barrier_var(r9);
	barrier_var(r12);
	barrier_var(r13);
	barrier_var(r14);
	barrier_var(r15);
	switch (number) {
	case 0:
		return rax;
	case 1:
		return rcx;
	case 3:
		return rbx;
	case 5:
		return rbp;
	case 8:
		return r8;
	case 9:
		return r9;
	case 12:
		return r12;
	case 13:
		return r13;
	case 14:
		return r14;
	case 15:
		return r15;
	default:
		return 0;
	}
}
#else
static __always_inline __u64 register_of(struct pt_regs *ctx, __u8 number)
{
	return 0;
}
#endif

/* memcpy(to the reader, from the record, length); false when the bytes stay unread. */
static __always_inline bool view_record_read(struct pt_regs *ctx, const struct tls_site *site, struct record_view *view)
{
	__u64 stack = PT_REGS_SP(ctx), record = register_of(ctx, site->record);
	__u32 peek = 1;
	__u8 type = 0;
	view->buffer = PT_REGS_PARM2(ctx);
	view->length = PT_REGS_PARM3(ctx);
	if (bpf_probe_read_user(&peek, sizeof(peek), (void *)(stack + site->peek)) || peek ||
	    bpf_probe_read_user(&view->handle, sizeof(view->handle), (void *)(stack + site->handle)))
		return false;
	/* little endian: of an int, too, the first byte tells */
	bpf_probe_read_user(&type, sizeof(type), (void *)(record + site->type));
	view->type = type;
	return true;
}

static __always_inline bool view_record(struct pt_regs *ctx, const struct tls_site *site, struct record_view *view)
{
	if (site->call == CALL_RECORD_READ)
		return view_record_read(ctx, site, view);
	view->handle = PT_REGS_PARM1(ctx);
	view->type = (__u32)PT_REGS_PARM2(ctx);
	view->buffer = PT_REGS_PARM3(ctx);
	view->length = PT_REGS_PARM4(ctx);
	return true;
}

/* The handshake goes on behind early data. */
static __always_inline bool is_early(__u64 stack_pointer)
{
	struct surroundings around = surroundings_of(stack_pointer);
	struct frame *frame = innermost_frame(&around);
	return frame && frame->flags & SITE_EARLY;
}

/* Before it is encrypted. */
static __always_inline void on_alert_sent(const struct record_view *view)
{
	struct connection *connection = find_connection(view->handle);
	__u8 alert[ALERT_LENGTH];
	if (connection && view->length == ALERT_LENGTH &&
	    !bpf_probe_read_user(alert, sizeof(alert), (void *)view->buffer))
		note_alert(connection, alert[1], DIRECTION_SENT);
}

static __always_inline void on_record(struct pt_regs *ctx, const struct tls_site *site)
{
	__u64 keep = config.snaplen ? config.snaplen : WITHOUT_LIMIT;
	struct record_view view = {};
	if (!calling_process() || !view_record(ctx, site, &view))
		return;
	if (view.type != RECORD_APPLICATION_DATA || !view.length || view.length > MAX_RECORDS_LENGTH) {
		if (view.type == RECORD_ALERT && site->call == CALL_RECORD_WRITE)
			on_alert_sent(&view);
		return;
	}
	struct connection *connection = use_connection(view.handle, site->library);
	if (!connection)
		return;
	__u64 direction = site->call == CALL_RECORD_WRITE ? DIRECTION_SENT : DIRECTION_RECEIVED;
	if (!(connection->flags & CONNECTION_HANDSHAKE_DONE) && !is_early(PT_REGS_SP(ctx)))
		finish_handshake_before(connection, view.handle, direction);
	if (lacks_socket(connection))
		need_calls(0);
	if (connection->ahead[direction] < MAX_RECORDS_LENGTH)
		connection->ahead[direction] += view.length;
	emit_payload(connection, view.handle, direction, view.buffer, view.length, keep);
}

#endif
