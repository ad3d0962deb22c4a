/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Opening what was sealed (docs/PROTOCOL.md 3.3), behind the way in (bpf/in.h), which has seen that ends and ports are right.
 * Noise ends at its counter: what no key has masked is a number that the peer is nowhere near.
 */
#ifndef MAYFLY_BPF_OPEN_H
#define MAYFLY_BPF_OPEN_H

#include "bpf/decap.h"
#include "bpf/probe.h"
#include "bpf/replay.h"
#include "bpf/seal.h"

/* Where the newest authentic packet came from. */
static __always_inline void peer_note(const struct mf_handed *handed)
{
	__u32 id = handed->association;
	struct mf_assoc_state *state = bpf_map_lookup_elem(&mf_state, &id);

	if (state && state->peer_prefix != handed->peer_prefix)
		state->peer_prefix = handed->peer_prefix;
}

/* Authentic, from the peer, in this slot, never before: MF_IN_DELIVERED. */
static __always_inline __u32 frame_open(void *data, void *end, struct mf_scratch *scratch)
{
	struct cursor cursor = { data, end };
	struct sealed_frame *frame = take(&cursor, sizeof(*frame));
	__u32 id = scratch->handed.association, verdict, udp_bytes;
	struct mf_seal *seal = bpf_map_lookup_elem(&mf_seal, &id);
	struct aead_job *job = &scratch->job;
	__u64 counter, newest;
	int failed;

	if (!frame || !seal)
		return MF_DROP_MALFORMED;
	udp_bytes = bpf_ntohs(frame->udp.len);
	if (frame->udp.len != frame->ip6.payload_len ||
	    udp_bytes < sizeof(struct udphdr) + MF_SEAL_BYTES + MF_SHIM_BYTES)
		return MF_DROP_MALFORMED;
	udp_bytes -= sizeof(struct udphdr) + MF_SEAL_BYTES;
	if (udp_bytes > AEAD_MOST)
		return MF_DROP_MALFORMED;
	COPY(job->tag, frame->sealed.tag, sizeof(job->tag));
	COPY(&counter, &frame->sealed.counter, sizeof(counter));
	counter = bpf_be64_to_cpu(counter ^ siphash_2_4(seal->in.mask, job->tag));
	verdict = replay_look(seal, counter);
	if (verdict != MF_IN_DELIVERED)
		return verdict;
	job_begin(job, &seal->in, counter, scratch->handed.index);
	failed = aead_open(cursor.at, end, udp_bytes, job);
	job_end(job);
	if (failed)
		return MF_DROP_TAG;
	if (!handed_association(&scratch->handed))
		return MF_DROP_NO_SLOT; /* another one's window, by now */
	newest = seal->heard;
	verdict = replay_mark(seal, counter);
	if (verdict == MF_IN_DELIVERED && counter >= newest)
		peer_note(&scratch->handed);
	return verdict;
}

/* What has been opened is what encap would have brought. A function of its own, for its stack: the cipher needs most of it. */
static __noinline __u32 deliver_opened(struct xdp_md *ctx)
{
	struct mf_scratch *scratch = scratch_get();
	struct mf_node *node = node_get();
	struct mf_association *association;

	if (!scratch || !node)
		return MF_DROP_NO_SLOT;
	association = handed_association(&scratch->handed);
	if (!association)
		return MF_DROP_NO_SLOT;
	return decapsulate(ctx, node, scratch->handed.index, scratch->handed.association, association,
			   scratch->handed.now_ns, MF_SEAL_BYTES);
}

/* Right identifier and ports, from where the peer is not, and not sealed by it: somebody has watched. */
static __always_inline void probe_from_elsewhere(struct xdp_md *ctx, __u32 id)
{
	struct cursor cursor = cursor_of(ctx->data, ctx->data_end);
	struct sealed_frame *frame = take(&cursor, sizeof(*frame));

	if (frame)
		probe(MF_EVENT_PROBE_EXPIRED, id, &frame->ip6);
}

static __always_inline __u32 open_sealed(struct xdp_md *ctx)
{
	struct mf_scratch *scratch = scratch_get();
	__u32 verdict;

	if (!scratch || !handed_association(&scratch->handed))
		return MF_DROP_NO_SLOT;
	verdict = frame_open((void *)(long)ctx->data, (void *)(long)ctx->data_end, scratch);
	if (verdict == MF_IN_DELIVERED)
		return deliver_opened(ctx);
	if (scratch->handed.peer_prefix && (verdict == MF_DROP_TAG || verdict == MF_DROP_COUNTER))
		probe_from_elsewhere(ctx, scratch->handed.association);
	return verdict;
}

/* From the way in: the rest is mf_open's. */
static __always_inline __u32 to_open(const struct hit *hit, __u32 id, const struct mf_association *association,
				     const void *source, __u64 now_ns)
{
	struct mf_scratch *scratch = scratch_get();
	__u64 prefix = words_of(source).high;

	if (!scratch)
		return MF_DROP_NO_SLOT;
	scratch->handed = (struct mf_handed){
		.index = hit->index, .now_ns = now_ns, .association = id,
		.generation = *(const volatile __u32 *)&association->generation,
		.peer_prefix = prefix == words_of(hit->slot->remote).high ? 0 : prefix,
	};
	return TO_OPEN;
}

#endif
