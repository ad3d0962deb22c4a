/* SPDX-License-Identifier: GPL-2.0-only */
/* Which version of the cipher's key stream suits this processor (bpf/aead_asm.py). */
#ifndef MAYFLY_LOADER_CIPHER_H
#define MAYFLY_LOADER_CIPHER_H

#include <linux/types.h>

/*
 * For mf_multiplies. Intel's processors shift in two of their ports and multiply in a third; all others that were
 * measured (docs/benchmarks.md) lose a little by it.
 */
static inline __u32 mf_cipher_multiplies(void)
{
#ifdef __x86_64__
	return __builtin_cpu_is("intel") ? 1 : 0;
#else
	return 0;
#endif
}

#endif
