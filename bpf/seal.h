/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Sealing (docs/PROTOCOL.md 3.3): a frame whose outer headers stand, with room before the shim, becomes one in which
 * nothing behind the UDP header can be told from noise. What XDP and tc have in common.
 *
 *	| Ethernet | IPv6 | UDP | counter ^ mask (8) | tag (16) | shim, packet, padding: ciphertext |
 */
#ifndef MAYFLY_BPF_SEAL_H
#define MAYFLY_BPF_SEAL_H

#include "bpf/carry.h"
#include "bpf/jump.h"
#include "bpf/siphash.h"

_Static_assert((int)MF_SEALED_MOST == (int)AEAD_MOST, "what the loader lets through is what the cipher takes");

struct sealed_frame {
	struct ethhdr eth;
	struct ipv6hdr ip6;
	struct udphdr udp;
	struct mf_sealed sealed;
} __attribute__((packed, aligned(2)));

/* The nonce, and what is bound beside it: slot, and which of the two it comes from. The key stands for all else. */
static __always_inline void job_begin(struct aead_job *job, const struct mf_seal_key *key, __u64 counter, __u64 index)
{
	COPY(job->key, key->key, sizeof(job->key));
	job->nonce[0] = key->sender;
	job->nonce[1] = counter;
	job->nonce[2] = counter >> 32;
	job->associated[0] = index;
	job->associated[1] = key->sender;
}

static __always_inline void job_end(struct aead_job *job)
{
	__builtin_memset(job->key, 0, sizeof(job->key));
	__builtin_memset(job->stream, 0, sizeof(job->stream));
	__builtin_memset(&job->poly, 0, sizeof(job->poly));
	asm volatile("" ::: "memory");
}

/* Sum of what the UDP checksum covers, its field being zero. -1: not all there. */
static __always_inline __s64 sum_frame(struct sealed_frame *frame, void *end, __u32 udp_bytes)
{
	__s64 sum = sum_bytes(&frame->udp, end, udp_bytes);

	if (sum < 0)
		return -1;
	return sum + sum_address(&frame->ip6.saddr) + sum_address(&frame->ip6.daddr) + bpf_htons(udp_bytes) +
	       bpf_htons(IPPROTO_UDP);
}

/*
 * Seals `handed->bytes` from the shim on. 0 or the verdict that ends the packet. A counter is taken before it is used and
 * never given back.
 */
static __always_inline __u32 frame_seal(void *data, void *end, struct mf_scratch *scratch)
{
	struct mf_handed *handed = &scratch->handed;
	struct cursor cursor = { data, end };
	struct sealed_frame *frame = take(&cursor, sizeof(*frame));
	struct aead_job *job = &scratch->job;
	__u32 id = handed->association;
	struct mf_seal *seal = bpf_map_lookup_elem(&mf_seal, &id);
	__u64 counter;
	int failed;

	if (!frame || !seal)
		return MF_DROP_ROOM;
	counter = __sync_fetch_and_add(&seal->sent, 1);
	if (counter >= MF_COUNTER_END)
		return MF_DROP_KEY;
	job_begin(job, &seal->out, counter, handed->index);
	failed = aead_seal(cursor.at, end, handed->bytes, job);
	job_end(job);
	scratch->counter = bpf_cpu_to_be64(counter) ^ siphash_2_4(seal->out.mask, job->tag);
	return failed ? MF_DROP_ROOM : 0;
}

/*
 * Tag, counter and checksum of what has been sealed. handed->verdict or the one that ends the packet. Packet and length
 * are looked at anew: else the verifier (6.18) would go on from here once for every way that it has come.
 *
 * The association too is looked at again: while it still is what it was the key was its key (loader/association.c says so in
 * mf_assoc before it wipes one).
 */
static __always_inline __u32 frame_finish(void *data, void *end, struct mf_scratch *scratch)
{
	struct mf_handed *handed = &scratch->handed;
	struct cursor cursor = { data, end };
	struct sealed_frame *frame = take(&cursor, sizeof(*frame));
	__s64 sum;

	if (!frame)
		return MF_DROP_ROOM;
	COPY(&frame->sealed.counter, &scratch->counter, sizeof(scratch->counter));
	COPY(frame->sealed.tag, scratch->job.tag, sizeof(scratch->job.tag));
	frame->udp.check = 0;
	sum = sum_frame(frame, end, sizeof(struct udphdr) + MF_SEAL_BYTES + handed->bytes);
	if (sum < 0)
		return MF_DROP_ROOM;
	frame->udp.check = sum_finish_udp(sum);
	return handed_association(handed) ? handed->verdict : MF_DROP_NO_SLOT;
}

#endif
