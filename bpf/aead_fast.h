/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * aead_pair.h in assembly, which aead_asm.py writes and explains.
 * They use the stack from r10 down: the C around them must have nothing there, and has not.
 */
#ifndef MAYFLY_BPF_AEAD_FAST_H
#define MAYFLY_BPF_AEAD_FAST_H

#include <bpf/bpf_helpers.h>

#include "bpf/aead_asm.h"
#include "bpf/aead_step.h"

#define AEAD_AT(name, member) _Static_assert(__builtin_offsetof(struct aead_job, member) == AEAD_ASM_##name, #member)

AEAD_AT(STREAM, stream);
AEAD_AT(SUM, poly.sum);
AEAD_AT(KEY, poly.key);
AEAD_AT(FOLDED, poly.key_folded);
_Static_assert(__builtin_offsetof(struct aead_job, state) == 0, "state");

__noinline int chacha20_pair(struct aead_job *job)
{
	register struct aead_job *in_r1 asm("r1") = job;

	if (!job)
		return -1;
	if (mf_multiplies)
		asm volatile(CHACHA20_PAIR_MULTIPLY_ASM
			     : "+r"(in_r1) : : "r0", "r2", "r3", "r4", "r5", "r6", "r7", "r8", "r9", "memory");
	else
		asm volatile(CHACHA20_PAIR_SHIFT_ASM
			     : "+r"(in_r1) : : "r0", "r2", "r3", "r4", "r5", "r6", "r7", "r8", "r9", "memory");
	in_r1->counter += 2;
	return 0;
}

__noinline int aead_pair(struct aead_job *job, struct aead_piece *piece)
{
	register struct aead_job *in_r1 asm("r1") = job;
	register struct aead_piece *in_r2 asm("r2") = piece;

	if (!job || !piece)
		return -1;
	if (job->sealing)
		asm volatile(AEAD_SEAL_ASM : "+r"(in_r1), "+r"(in_r2)
			     : : "r0", "r3", "r4", "r5", "r6", "r7", "r8", "r9", "memory");
	else
		asm volatile(AEAD_OPEN_ASM : "+r"(in_r1), "+r"(in_r2)
			     : : "r0", "r3", "r4", "r5", "r6", "r7", "r8", "r9", "memory");
	return 0;
}

#endif
