/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * 16 bytes through key stream and Poly1305.
 */
#ifndef MAYFLY_BPF_AEAD_STEP_H
#define MAYFLY_BPF_AEAD_STEP_H

#include "bpf/aead_job.h"
#include "bpf/poly1305.h"

struct aead_piece {
	__u64 word[CHACHA20_PAIR / 8];
};

/* 16 bytes through the key stream; what is or was ciphertext is authenticated. */
static __always_inline void aead_step(const struct aead_job *job, __u64 h[4], __u64 *word, const __u64 *stream)
{
	__u64 low = word[0], high = word[1];

	word[0] = low ^ stream[0];
	word[1] = high ^ stream[1];
	poly1305_block(&job->poly, h, low ^ (stream[0] & job->sealing), high ^ (stream[1] & job->sealing),
		       POLY1305_WHOLE);
}

#endif
