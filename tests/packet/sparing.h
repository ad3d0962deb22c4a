/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * How much of what is much: with MF_NTH=N in the environment one of N random packets, every Nth length. Emulated
 * processors need it; the default is all.
 */
#ifndef MAYFLY_TESTS_PACKET_SPARING_H
#define MAYFLY_TESTS_PACKET_SPARING_H

#include <linux/types.h>
#include <stdlib.h>

static inline __u32 sparing_nth(void)
{
	const char *nth = getenv("MF_NTH");
	long value = nth ? atol(nth) : 1;

	return value < 1 ? 1 : value;
}

/* So many of `all`. */
static inline __u32 sparing_count(__u32 all)
{
	return (all + sparing_nth() - 1) / sparing_nth();
}

/* From one length to the next: odd, so that all remainders of a block of the cipher come up. */
static inline __u32 sparing_step(void)
{
	return sparing_nth() > 1 ? sparing_nth() | 1 : 1;
}

#endif
