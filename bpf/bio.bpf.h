/* SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause */
/*
 * Entry and return of BIO_read and BIO_write: the ciphertext side of the TLS library. Only calls made by the library
 * itself count; the program's own, outside of TLS calls, may be about any connection.
 */
#ifndef SSLSNIFF_BIO_H
#define SSLSNIFF_BIO_H

#include "socket.bpf.h"

#define RECORD_BODY_LEAST 16 /* octets compared */

__noinline int emit_library_record(__u64 handle, __u64 address, __u64 length, __u32 direction)
{
	struct connection *connection = find_connection(handle);
	long failed;
	if (!connection || length < RECORD_BODY_LEAST)
		return 0;
	if (wants_hello(connection))
		sample_hello(handle, address, length, direction);
	if (!is_announced(connection, handle))
		return 0;
	struct library_record_event *event =
		RESERVE_EVENT(struct library_record_event, EVENT_LIBRARY_RECORD, connection->generation);
	if (!event)
		return 0;
	__builtin_memset(&event->length, 0, sizeof(*event) - sizeof(event->header));
	event->header.direction = direction;
	if (length >= RECORD_SAMPLE) {
		event->length = RECORD_SAMPLE;
		failed = bpf_probe_read_user(event->octets, RECORD_SAMPLE, (void *)address);
	} else {
		event->length = RECORD_BODY_LEAST;
		failed = bpf_probe_read_user(event->octets, RECORD_BODY_LEAST, (void *)address);
	}
	if (failed)
		event->length = 0;
	submit_event(event);
	connection->library_records++;
	return 1;
}

static __always_inline void on_bio_entry(struct pt_regs *ctx, __u32 function)
{
	__u64 stack_pointer = PT_REGS_SP(ctx), buffer = PT_REGS_PARM2(ctx), length = PT_REGS_PARM3(ctx);
	__u64 done = PT_REGS_PARM4(ctx);
	struct thread *thread = control.armed ? current_thread() : NULL;
	struct connection *connection;
	struct frame *frame;
	if (!thread)
		return;
	unwind(thread, stack_pointer);
	frame = top_frame(thread);
	if (!frame)
		return;
	__u64 handle = frame->handle;
	__u32 library = frame->library;
	connection = find_or_make_connection(handle, library);
	if (!connection || !lacks_socket(connection))
		return;
	bool counted = function == TLS_FN_BIO_READ_INTERNAL || function == TLS_FN_BIO_WRITE_INTERNAL;
	if (!counted)
		length = (int)length > 0 ? (__u32)length : 0;
	if (function == TLS_FN_BIO_WRITE || function == TLS_FN_BIO_WRITE_INTERNAL) {
		emit_library_record(handle, buffer, length, DIRECTION_SENT);
		return;
	}
	if (thread->depth >= MAX_FRAMES)
		return;
	frame = push_frame(thread, stack_pointer);
	if (!frame)
		return;
	frame->handle = handle;
	frame->library = library;
	frame->function = function;
	frame->buffer = buffer;
	frame->length = length;
	frame->done = counted ? done : 0;
}

static __always_inline void on_bio_return(struct pt_regs *ctx)
{
	struct thread *thread = control.armed ? current_thread() : NULL;
	if (!thread)
		return;
	struct frame *frame = pop_frame(thread, PT_REGS_SP(ctx));
	if (!frame || (frame->function != TLS_FN_BIO_READ && frame->function != TLS_FN_BIO_READ_INTERNAL))
		return;
	emit_library_record(frame->handle, frame->buffer, octets_moved(frame, (int)PT_REGS_RC(ctx)),
	                    DIRECTION_RECEIVED);
}

#endif
