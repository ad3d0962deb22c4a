/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Two blocks of a packet at once, in plain C; aead_fast.h is the same in assembly.
 */
#ifndef MAYFLY_BPF_AEAD_PAIR_H
#define MAYFLY_BPF_AEAD_PAIR_H

#include "bpf/aead_step.h"
#include "bpf/chacha20.h"

/*
 * The next two blocks into the job's `stream`. A global function: the verifier goes through it once, not once
 * for every pair of blocks that a packet may have.
 */
__noinline int chacha20_pair(struct aead_job *job)
{
	if (!job)
		return -1;
	chacha20_block(job, 0, (__u32 *)job->stream);
	chacha20_block(job, 1, (__u32 *)job->stream + CHACHA20_WORDS);
	job->counter += 2;
	return 0;
}

/*
 * A pair of blocks. Global, as chacha20_pair(): `piece` may lie in a packet. The verifier then does not note
 * that a tc program writes to it; the direct writes of aead_edge() see to that (a clone is copied first).
 */
__noinline int aead_pair(struct aead_job *job, struct aead_piece *piece)
{
	__u64 h[4];

	if (!job || !piece)
		return -1;
	poly1305_load(&job->poly, h);
#pragma clang loop unroll(disable)
	for (__u64 i = 0; i < CHACHA20_PAIR / 8; i += 2)
		aead_step(job, h, piece->word + i, job->stream + i);
	poly1305_store(&job->poly, h);
	return 0;
}

#endif
