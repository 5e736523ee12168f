/* SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause */
/* The user buffer and stack of the system call that the current task is in. */
#ifndef SSLSNIFF_SYSCALL_BUFFER_H
#define SSLSNIFF_SYSCALL_BUFFER_H

#include "maps.bpf.h"
#include <bpf/bpf_core_read.h>
#include <bpf/bpf_tracing.h>

struct syscall_buffer {
	__u64 address;
	__u64 length;
};

struct syscall_arguments {
	__u64 number;
	__u64 second;
	__u64 third;
	__u64 fifth;
	__u64 stack_pointer;
	bool compat; /* of a 32-bit program: other numbers, other structures */
};

#if defined(__TARGET_ARCH_x86)
#define SYSCALL_NUMBER(regs) ((regs)->orig_rax)
#define SYSCALL_ARG2(regs)   ((regs)->rsi)
#define SYSCALL_ARG3(regs)   ((regs)->rdx)
#define SYSCALL_ARG5(regs)   ((regs)->r8)
#define SYSCALL_STACK(regs)  ((regs)->rsp)
#define SYSCALL_ARG1(regs)   ((regs)->rdi)
#define GOROUTINE(regs)      ((regs)->r14) /* ABIInternal of Go keeps its g there */
#define IS_COMPAT(regs)      ((regs)->cs == 0x23)
enum { READ = 0, WRITE = 1, READV = 19, WRITEV = 20, SENDTO = 44, RECVFROM = 45, SENDMSG = 46, RECVMSG = 47 };
#elif defined(__TARGET_ARCH_arm64)
struct arm64_regs { /* struct pt_regs begins with struct user_pt_regs */
	struct user_pt_regs user;
	__u64 orig_x0;
	__s32 syscallno;
};
#define SYSCALL_NUMBER(regs) (((struct arm64_regs *)(regs))->syscallno)
#define SYSCALL_ARG2(regs)   (((struct arm64_regs *)(regs))->user.regs[1])
#define SYSCALL_ARG3(regs)   (((struct arm64_regs *)(regs))->user.regs[2])
#define SYSCALL_ARG5(regs)   (((struct arm64_regs *)(regs))->user.regs[4])
#define SYSCALL_STACK(regs)  (((struct arm64_regs *)(regs))->user.sp)
#define SYSCALL_ARG1(regs)   (((struct arm64_regs *)(regs))->orig_x0)
#define GOROUTINE(regs)      (((struct arm64_regs *)(regs))->user.regs[28])
#define IS_COMPAT(regs)      (((struct arm64_regs *)(regs))->user.pstate & 0x10)
enum { READ = 63, WRITE = 64, READV = 65, WRITEV = 66, SENDTO = 206, RECVFROM = 207, SENDMSG = 211, RECVMSG = 212 };
#else
#error "no system call conventions for this architecture"
#endif

/*
 * Where bpf_task_pt_regs is missing: the user's registers lie at the top of the task's kernel stack. They are read one
 * by one, because all of them would take a third of the stack that programs have.
 */
#if defined(__TARGET_ARCH_x86)
#define THREAD_SIZE  16384 /* arch/x86/include/asm/page_64_types.h, without KASAN */
#define USER_SEGMENT 0x33

static __always_inline __u64 saved_register(__u64 registers, __u64 offset)
{
	__u64 value = 0;
	bpf_probe_read_kernel(&value, sizeof(value), (void *)(registers + offset));
	return value;
}

static __always_inline __u64 saved_registers(void)
{
	struct task_struct *task = (void *)bpf_get_current_task();
	return (__u64)BPF_CORE_READ(task, stack) + THREAD_SIZE - sizeof(struct pt_regs);
}

static __always_inline bool read_saved_syscall(struct syscall_arguments *call)
{
	__u64 registers = saved_registers();
	call->number = saved_register(registers, offsetof(struct pt_regs, orig_rax));
	call->second = saved_register(registers, offsetof(struct pt_regs, rsi));
	call->third = saved_register(registers, offsetof(struct pt_regs, rdx));
	call->fifth = saved_register(registers, offsetof(struct pt_regs, r8));
	call->stack_pointer = saved_register(registers, offsetof(struct pt_regs, rsp));
	call->compat = false;
	return saved_register(registers, offsetof(struct pt_regs, cs)) == USER_SEGMENT;
}

/* The same of others: its first argument, and the register that holds a goroutine. */
static __always_inline __u64 saved_first_argument(void)
{
	return saved_register(saved_registers(), offsetof(struct pt_regs, rdi));
}

static __always_inline __u64 saved_goroutine(void)
{
	return saved_register(saved_registers(), offsetof(struct pt_regs, r14));
}
#else
static __always_inline __u64 saved_first_argument(void)
{
	return 0;
}

static __always_inline __u64 saved_goroutine(void)
{
	return 0;
}

static __always_inline bool read_saved_syscall(struct syscall_arguments *call)
{
	return false;
}
#endif

static __always_inline void take_arguments(struct syscall_arguments *call, struct pt_regs *registers)
{
	call->number = SYSCALL_NUMBER(registers);
	call->second = SYSCALL_ARG2(registers);
	call->third = SYSCALL_ARG3(registers);
	call->fifth = SYSCALL_ARG5(registers);
	call->stack_pointer = SYSCALL_STACK(registers);
	call->compat = IS_COMPAT(registers);
	barrier(); /* all are read here, or the compiler would share loads with other pointers */
}

/*
 * False where the kernel cannot tell. Workers of io_uring carry the registers of whatever made them, but no stack (see
 * copy_thread() in arch/x86/kernel/process.c).
 */
static __always_inline bool read_syscall(struct syscall_arguments *call)
{
	if (!config.has_task_pt_regs)
		return read_saved_syscall(call);
	take_arguments(call, (struct pt_regs *)bpf_task_pt_regs(bpf_get_current_task_btf()));
	return call->stack_pointer != 0;
}

/* Where the user's stack is; 0 where the kernel cannot tell. */
static __always_inline __u64 user_stack_pointer(void)
{
	struct syscall_arguments call;
	if (config.has_task_pt_regs)
		return SYSCALL_STACK((struct pt_regs *)bpf_task_pt_regs(bpf_get_current_task_btf()));
	return read_saved_syscall(&call) ? call.stack_pointer : 0;
}

/* The first argument of the system call: its descriptor. Only where user_stack_pointer() tells. */
static __always_inline __u64 syscall_descriptor(void)
{
	if (config.has_task_pt_regs)
		return SYSCALL_ARG1((struct pt_regs *)bpf_task_pt_regs(bpf_get_current_task_btf()));
	return saved_first_argument();
}

/* What a program of Go has for its current goroutine; anything in code of others. */
static __always_inline __u64 user_goroutine(void)
{
	if (config.has_task_pt_regs)
		return GOROUTINE((struct pt_regs *)bpf_task_pt_regs(bpf_get_current_task_btf()));
	return saved_goroutine();
}

/* Empty in system calls that do not name a buffer this way (sendfile, io_uring). */
static __always_inline struct syscall_buffer buffer_of(const struct syscall_arguments *call)
{
	struct syscall_buffer buffer = {};
	struct iovec vector = {};
	void *vectors = NULL;
	switch ((__u32)call->number) {
	case READ:
	case WRITE:
	case SENDTO:
	case RECVFROM:
		buffer.address = call->second;
		buffer.length = call->third;
		return buffer;
	case READV:
	case WRITEV:
		vectors = (void *)call->second;
		break;
	case SENDMSG:
	case RECVMSG:
		bpf_probe_read_user(&vectors, sizeof(vectors), &((struct user_msghdr *)call->second)->msg_iov);
		break;
	default:
		return buffer;
	}
	if (!bpf_probe_read_user(&vector, sizeof(vector), vectors)) {
		buffer.address = (__u64)vector.iov_base;
		buffer.length = vector.iov_len;
	}
	return buffer;
}

#endif
