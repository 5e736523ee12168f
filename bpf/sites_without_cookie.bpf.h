/* SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause */
/*
 * Programs for kernels before 5.15, which have no attach cookies: entry_N and transport_entry_N are slots for entry N of
 * tls_sites, tls_return_0 and transport_return_0 are for sites whose stack pointer is that of the function's first
 * instruction. Only loaded there. Libraries are not told apart.
 */
#ifndef PAYLOAD_HAS_LOOP_HELPER
#define TLS_SLOT(number)                                                                                               \
	SEC("uprobe") int entry_##number(struct pt_regs *ctx)                                                          \
	{                                                                                                              \
		const struct tls_site *site = site_of(number);                                                         \
		if (site)                                                                                              \
			on_entry(ctx, site);                                                                           \
		return 0;                                                                                              \
	}

#define TRANSPORT_SLOT(number)                                                                                         \
	SEC("uprobe") int transport_entry_##number(struct pt_regs *ctx)                                                \
	{                                                                                                              \
		const struct tls_site *site = site_of(number);                                                         \
		if (site)                                                                                              \
			on_transport_entry(ctx, site);                                                                 \
		return 0;                                                                                              \
	}

/* src/capture/live/site_table.cpp knows how many there are. */
TLS_SLOT(1)
TLS_SLOT(2)
TLS_SLOT(3)
TLS_SLOT(4)
TLS_SLOT(5)
TLS_SLOT(6)
TLS_SLOT(7)
TLS_SLOT(8)
TLS_SLOT(9)
TLS_SLOT(10)
TLS_SLOT(11)
TLS_SLOT(12)
TLS_SLOT(13)
TLS_SLOT(14)
TLS_SLOT(15)
TLS_SLOT(16)
TLS_SLOT(17)
TLS_SLOT(18)
TLS_SLOT(19)
TLS_SLOT(20)
TLS_SLOT(21)
TLS_SLOT(22)
TLS_SLOT(23)
TLS_SLOT(24)
TLS_SLOT(25)
TLS_SLOT(26)
TLS_SLOT(27)
TLS_SLOT(28)
TLS_SLOT(29)
TLS_SLOT(30)
TLS_SLOT(31)
TLS_SLOT(32)
TLS_SLOT(33)
TLS_SLOT(34)
TLS_SLOT(35)
TLS_SLOT(36)
TLS_SLOT(37)
TLS_SLOT(38)
TLS_SLOT(39)
TLS_SLOT(40)

TRANSPORT_SLOT(41)
TRANSPORT_SLOT(42)
TRANSPORT_SLOT(43)
TRANSPORT_SLOT(44)
TRANSPORT_SLOT(45)
TRANSPORT_SLOT(46)
TRANSPORT_SLOT(47)
TRANSPORT_SLOT(48)

SEC("uprobe")
int tls_return_0(struct pt_regs *ctx)
{
	const struct tls_site *site = site_of(0);
	return site ? on_return(ctx, site) : 0;
}

SEC("uprobe")
int transport_return_0(struct pt_regs *ctx)
{
	const struct tls_site *site = site_of(0);
	if (site)
		on_transport_return(ctx, site);
	return 0;
}
#endif
