/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The replay window (RFC 4303 section 3.4.3): which counters have been opened. A ring of words, each of which says
 * itself which 32 counters it stands for, so that nothing is ever cleared and no lock is needed: a word is read, and
 * swapped if it is still what was read. Of two CPUs with the same counter one finds it marked.
 *
 *	window[c / 32 % MF_REPLAY_WORDS]:   | c / 32 (32 bits) | bit c % 32: opened |
 *
 * A word gives way to a newer one of its place, MF_REPLAY_WORDS * 32 counters ahead at the least.
 */
#ifndef MAYFLY_BPF_REPLAY_H
#define MAYFLY_BPF_REPLAY_H

#include "bpf/seal_key.h"
#include "bpf/verdict.h"

enum { REPLAY_TRIES = 16 /* more than CPUs can be at one word again and again */ };

static inline __u32 replay_block(__u64 counter)
{
	return counter >> 5; /* all of it: counters end below 2^37 */
}

/* What a word says of a counter of its place. */
static inline int replay_has(__u64 word, __u64 counter)
{
	__u32 newest = word >> 32, block = replay_block(counter);

	return block < newest || (block == newest && word >> (counter & 31) & 1);
}

static inline __u64 replay_with(__u64 word, __u64 counter)
{
	__u64 block = replay_block(counter), bit = 1ULL << (counter & 31);

	return word >> 32 == block ? word | bit : block << 32 | bit;
}

static inline __u64 *replay_word(struct mf_seal *seal, __u64 counter)
{
	__u32 place = replay_block(counter) % MF_REPLAY_WORDS;

	asm volatile("" : "+r"(place)); /* the verifier knows nothing of remainders */
	return &seal->window[place < MF_REPLAY_WORDS ? place : 0];
}

/* Before anything is spent on the packet: could it be a new one? MF_IN_DELIVERED or the verdict. */
static inline __u32 replay_look(struct mf_seal *seal, __u64 counter)
{
	__u64 heard = *(volatile __u64 *)&seal->heard;

	if (counter >= MF_COUNTER_END || counter > heard + MF_COUNTER_AHEAD)
		return MF_DROP_COUNTER;
	return replay_has(*(volatile __u64 *)replay_word(seal, counter), counter) ? MF_DROP_REPLAY : MF_IN_DELIVERED;
}

/* After its tag was found right: marks it, once. `counter` is below MF_COUNTER_END. */
static inline __u32 replay_mark(struct mf_seal *seal, __u64 counter)
{
	__u64 *place = replay_word(seal, counter);

	for (int i = 0; i < REPLAY_TRIES; i++) {
		__u64 before = *(volatile __u64 *)place;

		if (replay_has(before, counter))
			return MF_DROP_REPLAY;
		if (__sync_val_compare_and_swap(place, before, replay_with(before, counter)) != before)
			continue;
		if (*(volatile __u64 *)&seal->heard < counter)
			*(volatile __u64 *)&seal->heard = counter;
		return MF_IN_DELIVERED;
	}
	return MF_DROP_REPLAY;
}

#endif
