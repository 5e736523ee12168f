/* SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause */
/*
 * The TLS calls that have begun and not returned. A frame is known by its context (call_context()), exactly. Nothing is
 * assumed about the order of returns or about threads: fibers interleave on a thread and move between threads, exceptions,
 * longjmp and cancellation leave calls that never return.
 *
 * Frames lie in blocks of the process's stacks, so that the calls around a given stack pointer are found. Calls nest
 * when one connection is the transport of another (TLS in TLS), and when a library calls its own functions. What never
 * returned is overwritten by the next calls at that place of the stack, or falls out of the map, which keeps the blocks
 * used last.
 */
#ifndef SSLSNIFF_FRAME_H
#define SSLSNIFF_FRAME_H

#include "goroutine.bpf.h"
#include "value.bpf.h"

#define STACK_BLOCK_SHIFT 15 /* 32 KiB: from a TLS call down to its socket call there are some 10 */
#define BLOCK_FRAMES      4  /* calls nested within one block */
#define MAX_STACK_BLOCKS  16384

struct frame {
	__u64 context;        /* 0: free */
	__u64 goroutine;      /* address of its struct g; 0: runs on the stack of a thread or fiber */
	__u64 stack_top;      /* of a goroutine, when the call began */
	__u64 return_address; /* lies at its stack pointer for as long as the call runs */
	__u64 handle;
	__u64 buffer;
	__u64 length;
	__u64 done; /* address of the integer that tells how much was moved; 0: the result does */
	__u32 library;
	__u8 call;   /* enum tls_call */
	__u8 result; /* enum tls_result */
	__u8 result_bytes;
	__u8 done_bytes;
	__u8 flags;   /* SITE_... */
	__u8 covered; /* a call nested in this one emitted its payload */
	__u8 watched; /* counted in struct process */
	__u8 foreign; /* a socket call within it moved something else than TLS */
	__u8 moved;   /* so did the last one, or call of its transport: the library does not wait for the peer */
	__u8 slice;   /* see struct tls_site */
	__u8 reserved[2];
};

struct stack_block {
	struct frame frames[BLOCK_FRAMES];
	__u64 next; /* slot to overwrite when all are taken */
};

struct stack_key {
	__u64 block;
	__u32 tgid;
	__u32 reserved;
};

struct {
	__uint(type, BPF_MAP_TYPE_LRU_HASH);
	__uint(max_entries, MAX_STACK_BLOCKS);
	__type(key, struct stack_key);
	__type(value, struct stack_block);
} stacks SEC(".maps");

/*
 * Whose call it is, and which of its calls: the stack pointer at its function's first instruction, or what stands for it where
 * stacks move (goroutine.bpf.h). All that has to do with a call finds it by this number.
 */
static __always_inline __u64 call_context(struct pt_regs *ctx, const struct tls_site *site)
{
	return PT_REGS_SP(ctx) + site->stack;
}

static __always_inline struct stack_key stack_key_of(__u64 context)
{
	struct stack_key key = {.block = context >> STACK_BLOCK_SHIFT, .tgid = current_tgid()};
	return key;
}

/* The mask must survive the optimiser for the verifier to see it. */
static __always_inline struct frame *frame_in(struct stack_block *block, __u64 index)
{
	asm volatile("%0 &= 3" : "+r"(index));
	return &block->frames[index];
}

static __always_inline __u64 return_address_at(__u64 stack_pointer)
{
	__u64 address = 0;
#if defined(__TARGET_ARCH_x86)
	bpf_probe_read_user(&address, sizeof(address), (void *)stack_pointer);
#endif
	return address;
}

/*
 * A return probe of another tracer has replaced the return address by that of its trampoline, which lies in the page that
 * the kernel maps at the top of the process's memory (xol_add_vma() in kernel/events/uprobes.c).
 */
static __always_inline bool is_trampoline(__u64 address)
{
	return address >> 12 == 0x7fffffffe;
}

/* How deep in its goroutine's stack it is. */
static __always_inline __u64 depth_of(const struct frame *frame)
{
	return (frame->goroutine << GOROUTINE_SHIFT) - frame->context;
}

/* What the stack pointer would be now at the first instruction. */
static __always_inline __u64 stack_pointer_of(const struct frame *frame)
{
	return frame->goroutine ? top_of(frame->goroutine) - depth_of(frame) : frame->context;
}

/* False of a call that was left without a return, once its stack was used for something else. */
static __always_inline bool is_running(const struct frame *frame)
{
	__u64 address = return_address_at(stack_pointer_of(frame));
	return address == frame->return_address || is_trampoline(address);
}

/* The frame of the call with this context; NULL when its beginning was not seen. */
static __always_inline struct frame *find_frame(__u64 context)
{
	struct stack_key key = stack_key_of(context);
	struct stack_block *block = bpf_map_lookup_elem(&stacks, &key);
	if (!block)
		return NULL;
	for (__u64 i = 0; i < BLOCK_FRAMES; i++)
		if (frame_in(block, i)->context == context)
			return frame_in(block, i);
	return NULL;
}

/*
 * An address that the call with this context was given, of memory that may lie in the stack it runs on: as that has moved
 * since. Verified once.
 */
__noinline __u64 moved_with_stack(__u64 context, __u64 address)
{
	struct frame *frame = find_frame(context);
	if (!frame || !frame->goroutine || address >= frame->stack_top || address < frame->stack_top - depth_of(frame))
		return address;
	return address + top_of(frame->goroutine) - frame->stack_top;
}

static __always_inline void drop_frame(struct frame *frame)
{
	if (frame->watched)
		unwatch_process();
	frame->watched = 0;
	frame->context = 0;
}

static __always_inline struct stack_block *make_block(const struct stack_key *key)
{
	static const struct stack_block empty = {};
	struct stack_block *block = bpf_map_lookup_elem(&stacks, key);
	if (block)
		return block;
	bpf_map_update_elem(&stacks, key, &empty, BPF_NOEXIST);
	block = bpf_map_lookup_elem(&stacks, key);
	if (!block)
		count_loss(LOSS_MAP_FULL, 0);
	return block;
}

/* A new frame, NULL when the map is full. What was at the same place of the stack has ended. */
static __always_inline struct frame *push_frame(__u64 context, __u64 stack_pointer, __u64 goroutine)
{
	struct stack_key key = stack_key_of(context);
	struct stack_block *block = make_block(&key);
	struct frame *frame = NULL;
	if (!block)
		return NULL;
	for (__u64 i = 0; i < BLOCK_FRAMES; i++) {
		__u64 taken = frame_in(block, i)->context;
		if (taken == context) {
			frame = frame_in(block, i);
			break;
		}
		if (!taken)
			frame = frame_in(block, i);
	}
	if (!frame) {
		frame = frame_in(block, block->next++);
		if (is_running(frame))
			count_loss(LOSS_FRAME_LIMIT, 0);
	}
	if (frame->context)
		drop_frame(frame);
	frame->context = context;
	frame->goroutine = context > GOROUTINE_CONTEXTS ? goroutine : 0;
	frame->stack_top = frame->goroutine ? stack_pointer + depth_of(frame) : 0;
	frame->return_address = return_address_at(stack_pointer);
	frame->covered = 0;
	frame->foreign = 0;
	frame->moved = 0;
	return frame;
}

/* The blocks in which calls around a context have their frames. */
struct surroundings {
	struct stack_block *own;
	struct stack_block *above;
	__u64 context;
};

#define SURROUNDING_FRAMES (2 * BLOCK_FRAMES)

static __always_inline struct surroundings surroundings_of(__u64 context)
{
	struct stack_key key = stack_key_of(context);
	struct surroundings around = {.own = bpf_map_lookup_elem(&stacks, &key), .context = context};
	key.block++;
	around.above = bpf_map_lookup_elem(&stacks, &key);
	return around;
}

/* Frame `index` of them if it is of a call around the context, else NULL. */
static __always_inline struct frame *surrounding_frame(const struct surroundings *around, __u64 index)
{
	struct stack_block *block = index < BLOCK_FRAMES ? around->own : around->above;
	if (!block)
		return NULL;
	struct frame *frame = frame_in(block, index);
	return frame->context > around->context && is_running(frame) ? frame : NULL;
}

/* The innermost call around the context; NULL: there is none. */
static __always_inline struct frame *innermost_frame(const struct surroundings *around)
{
	struct frame *innermost = NULL;
	for (__u64 i = 0; i < SURROUNDING_FRAMES; i++) {
		struct frame *frame = surrounding_frame(around, i);
		if (frame && (!innermost || frame->context < innermost->context))
			innermost = frame;
	}
	return innermost;
}

/*
 * The same by numbers, verified once and with a stack of their own: kernels before 6.13 give all functions that call each
 * other 512 bytes together. Calls are told by their contexts; 0: there is none.
 */
__noinline __u64 innermost_call(__u64 context)
{
	struct surroundings around = surroundings_of(context);
	struct frame *frame = innermost_frame(&around);
	return frame ? frame->context : 0;
}

__noinline __u64 surrounding_call(__u64 context, __u64 index)
{
	struct surroundings around = surroundings_of(context);
	struct frame *frame = surrounding_frame(&around, index);
	return frame ? frame->context : 0;
}

/* Whether the current system call is made by a TLS call. Verified once. */
__noinline int is_inside_call(void)
{
	struct process *process = traced_process(current_tgid());
	__u64 context = process && process->calls_tls ? syscall_context() : 0;
	return context && innermost_call(context);
}

#endif
