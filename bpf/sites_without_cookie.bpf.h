/* SPDX-License-Identifier: GPL-2.0 OR BSD-3-Clause */
/*
 * Programs for kernels before 5.15, which have no attach cookies: entry_N and bio_entry_N are for entry N of tls_sites,
 * tls_return_0 and bio_return_0 for sites whose stack pointer is that of the function's first instruction. Only loaded
 * there. Libraries are not told apart.
 */
#ifndef PAYLOAD_HAS_LOOP_HELPER
#define ENTRY(number)                                                                                                  \
	SEC("uprobe") int entry_##number(struct pt_regs *ctx)                                                          \
	{                                                                                                              \
		const struct tls_site *site = site_of(number);                                                         \
		if (site)                                                                                              \
			on_entry(ctx, site);                                                                           \
		return 0;                                                                                              \
	}

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
ENTRY(25)
ENTRY(26)
ENTRY(27)
ENTRY(28)
ENTRY(29)
ENTRY(30)
ENTRY(31)
ENTRY(32)

/* Entries 33 to 40: BIO_read and BIO_write. */
#define BIO_ENTRY(number)                                                                                              \
	SEC("uprobe") int bio_entry_##number(struct pt_regs *ctx)                                                      \
	{                                                                                                              \
		const struct tls_site *site = site_of(number);                                                         \
		if (site)                                                                                              \
			on_bio_entry(ctx, site);                                                                       \
		return 0;                                                                                              \
	}

BIO_ENTRY(33)
BIO_ENTRY(34)
BIO_ENTRY(35)
BIO_ENTRY(36)
BIO_ENTRY(37)
BIO_ENTRY(38)
BIO_ENTRY(39)
BIO_ENTRY(40)

SEC("uprobe")
int tls_return_0(struct pt_regs *ctx)
{
	const struct tls_site *site = site_of(0);
	return site ? on_return(ctx, site) : 0;
}

SEC("uprobe")
int bio_return_0(struct pt_regs *ctx)
{
	const struct tls_site *site = site_of(0);
	if (site)
		on_bio_return(ctx, site);
	return 0;
}
#endif
