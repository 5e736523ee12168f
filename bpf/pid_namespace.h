/* SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause */
#ifndef SSLSNIFF_PID_NAMESPACE_H
#define SSLSNIFF_PID_NAMESPACE_H

#include <linux/types.h>

/* .bss of pid_namespace.bpf.c: a PID namespace. */
struct pid_namespace_place {
	__u64 address; /* of its struct pid_namespace; 0: not found */
	__u32 level;   /* 0: the initial one, 1: a child of that, and so on */
	__u32 reserved;
};

#endif
