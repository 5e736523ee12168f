/* SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause */
/*
 * Entry probes for kernels before 5.15, which have no attach cookies: one program for each function, found by
 * its name entry_N, N being enum tls_function. Only loaded there. The library is not known then.
 */
#ifndef PAYLOAD_HAS_LOOP_HELPER
#define ENTRY(number)                                                                                                  \
	SEC("uprobe") int entry_##number(struct pt_regs *ctx)                                                          \
	{                                                                                                              \
		on_entry(ctx, number, 0);                                                                              \
		return 0;                                                                                              \
	}

/* TLS_FN_READ ... TLS_FN_SET_ACCEPT_STATE */
ENTRY(1)
ENTRY(2)
ENTRY(3)
ENTRY(4)
ENTRY(5)
ENTRY(6)
ENTRY(7)
ENTRY(8)
ENTRY(9)
ENTRY(10)
ENTRY(11)
ENTRY(12)
ENTRY(13)
ENTRY(14)
ENTRY(15)
ENTRY(16)
ENTRY(17)
ENTRY(18)
ENTRY(19)
ENTRY(20)
ENTRY(21)
ENTRY(22)
ENTRY(23)
ENTRY(24)

#define BIO_ENTRY(number)                                                                                              \
	SEC("uprobe") int entry_##number(struct pt_regs *ctx)                                                          \
	{                                                                                                              \
		on_bio_entry(ctx, number);                                                                             \
		return 0;                                                                                              \
	}

/* TLS_FN_BIO_READ ... TLS_FN_BIO_WRITE_INTERNAL */
BIO_ENTRY(25)
BIO_ENTRY(26)
BIO_ENTRY(27)
BIO_ENTRY(28)
#endif
