/* SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause */
/* Reads what tls_site.h describes: arguments, registers, and memory that they point to. */
#ifndef SSLSNIFF_VALUE_H
#define SSLSNIFF_VALUE_H

#include "kernel_types.h"
#include <bpf/bpf_helpers.h>
#include "tls_site.h"

/* One load for each: the compiler would compute on ctx, which the verifier refuses. */
#define CASE_REGISTER(number, field)                                                                                   \
	case number:                                                                                                   \
		asm volatile("%0 = *(u64 *)(%1 + %2)" : "=r"(content) : "r"(ctx), "i"(offsetof(REGISTERS, field)));    \
		return content

static __always_inline __u64 register_at(struct pt_regs *ctx, __u64 place)
{
	__u64 content = 0;
	switch (place) {
#if defined(__TARGET_ARCH_x86)
#define REGISTERS struct pt_regs
		CASE_REGISTER(1, rdi);
		CASE_REGISTER(2, rsi);
		CASE_REGISTER(3, rdx);
		CASE_REGISTER(4, rcx);
		CASE_REGISTER(5, r8);
		CASE_REGISTER(6, r9);
		CASE_REGISTER(PLACE_REGISTER + 0, rax);
		CASE_REGISTER(PLACE_REGISTER + 1, rcx);
		CASE_REGISTER(PLACE_REGISTER + 2, rdx);
		CASE_REGISTER(PLACE_REGISTER + 3, rbx);
		CASE_REGISTER(PLACE_REGISTER + 4, rsp);
		CASE_REGISTER(PLACE_REGISTER + 5, rbp);
		CASE_REGISTER(PLACE_REGISTER + 6, rsi);
		CASE_REGISTER(PLACE_REGISTER + 7, rdi);
		CASE_REGISTER(PLACE_REGISTER + 8, r8);
		CASE_REGISTER(PLACE_REGISTER + 9, r9);
		CASE_REGISTER(PLACE_REGISTER + 10, r10);
		CASE_REGISTER(PLACE_REGISTER + 11, r11);
		CASE_REGISTER(PLACE_REGISTER + 12, r12);
		CASE_REGISTER(PLACE_REGISTER + 13, r13);
		CASE_REGISTER(PLACE_REGISTER + 14, r14);
		CASE_REGISTER(PLACE_REGISTER + 15, r15);
#elif defined(__TARGET_ARCH_arm64)
#define REGISTERS struct user_pt_regs
		CASE_REGISTER(1, regs[0]);
		CASE_REGISTER(2, regs[1]);
		CASE_REGISTER(3, regs[2]);
		CASE_REGISTER(4, regs[3]);
		CASE_REGISTER(5, regs[4]);
		CASE_REGISTER(6, regs[5]);
#endif
	default:
		return 0;
	}
}

/* 0, too, of memory that cannot be read. One function: its stack is its own, and what calls it stays small. */
static __noinline __u64 value_of(struct pt_regs *ctx, const struct tls_value *value)
{
	__u64 content = register_at(ctx, value->place & (PLACE_IN_MEMORY - 1)), bytes = value->bytes;
	if (value->place & PLACE_IN_MEMORY) {
		__u64 address = content + value->offset;
		content = 0;
		if (bytes > sizeof(content))
			return 0;
		bpf_probe_read_user(&content, bytes, (void *)address);
		return content; /* little endian, as all that BPF programs of ours run on */
	}
	return (content & ~0ULL >> ((sizeof(content) - bytes) * 8 & 63)) + value->offset;
}

#endif
