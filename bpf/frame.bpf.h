/* SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause */
/*
 * The TLS calls that each thread is inside of. Calls nest when one SSL object is the transport of another (TLS in
 * TLS), and when the library calls its own functions. A frame is known by the user stack pointer, so calls left by
 * longjmp, or whose entry was not seen, never shift the others.
 */
#ifndef SSLSNIFF_FRAME_H
#define SSLSNIFF_FRAME_H

#include "thread.bpf.h"
#include <bpf/bpf_tracing.h>
#include "tls_function.h"

/* What a call pops from the stack before its return probe is reached. */
#if defined(__TARGET_ARCH_x86)
#define RETURN_ADDRESS_SIZE 8
#else
#define RETURN_ADDRESS_SIZE 0
#endif

/* The mask must survive the optimiser for the verifier to see it. */
static __always_inline struct frame *frame_at(struct thread *thread, __u64 index)
{
	asm volatile("%0 &= 3" : "+r"(index));
	return &thread->frames[index];
}

static __always_inline struct frame *top_frame(struct thread *thread)
{
	if (thread->depth == 0 || thread->depth > MAX_FRAMES)
		return NULL;
	return frame_at(thread, thread->depth - 1);
}

/* Drops the frames of functions that have returned, given a stack pointer of whoever runs now. */
static __always_inline void unwind(struct thread *thread, __u64 stack_pointer)
{
	for (int i = 0; i < MAX_FRAMES; i++) {
		struct frame *frame = top_frame(thread);
		if (!frame || frame->stack_pointer > stack_pointer)
			break;
		thread->depth--;
	}
}

/* A new frame; NULL when too many are nested. */
static __always_inline struct frame *push_frame(struct thread *thread, __u64 stack_pointer)
{
	unwind(thread, stack_pointer);
	__u64 depth = thread->depth;
	if (depth >= MAX_FRAMES) {
		count_loss(LOSS_FRAME_LIMIT, 0);
		return NULL;
	}
	thread->depth = depth + 1;
	struct frame *frame = frame_at(thread, depth);
	frame->stack_pointer = stack_pointer;
	frame->covered = 0;
	return frame;
}

/* The frame of the call that returns now, dropped with all above it; NULL when its entry was not seen. */
static __always_inline struct frame *pop_frame(struct thread *thread, __u64 stack_pointer)
{
	__u64 entered_at = stack_pointer - RETURN_ADDRESS_SIZE;
	unwind(thread, entered_at - 1);
	struct frame *frame = top_frame(thread);
	if (!frame || frame->stack_pointer != entered_at)
		return NULL;
	thread->depth--;
	return frame;
}

static __always_inline bool is_inside_call(void)
{
	struct thread *thread = current_thread();
	return thread && thread->depth;
}

/* Whether a call on this SSL object is running on the thread. */
static __always_inline bool inside_call_on(struct thread *thread, __u64 handle)
{
	for (__u64 i = 0; i < MAX_FRAMES; i++)
		if (i < thread->depth && frame_at(thread, i)->handle == handle)
			return true;
	return false;
}

#endif
