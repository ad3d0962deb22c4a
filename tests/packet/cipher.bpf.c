// SPDX-License-Identifier: GPL-2.0-only
/*
 * The cipher by itself, for tests and benches: what stands behind the frame's first CIPHER_HEAD bytes is sealed,
 * opened or hashed, with a job from a map.
 */
#include "bpf/aead.h"
#include "bpf/siphash.h"

#include <linux/pkt_cls.h>

#include "tests/packet/cipher.h"

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(map_flags, BPF_F_MMAPABLE);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct cipher_work);
} work SEC(".maps");

static __always_inline struct cipher_work *work_get(void)
{
	__u32 zero = 0;

	return bpf_map_lookup_elem(&work, &zero);
}

enum direction { SEAL, OPEN };

static __always_inline int run(__u32 data, __u32 data_end, enum direction direction)
{
	void *at = (void *)(long)data + CIPHER_HEAD, *end = (void *)(long)data_end;
	struct cipher_work *work = work_get();

	if (!work || at > end)
		return -1;
	return direction == SEAL ? aead_seal(at, end, work->bytes, &work->job) :
				   aead_open(at, end, work->bytes, &work->job);
}

SEC("xdp")
int seal_xdp(struct xdp_md *ctx)
{
	return run(ctx->data, ctx->data_end, SEAL) ? XDP_DROP : XDP_PASS;
}

SEC("xdp")
int open_xdp(struct xdp_md *ctx)
{
	return run(ctx->data, ctx->data_end, OPEN) ? XDP_DROP : XDP_PASS;
}

static __always_inline int seal_skb(struct __sk_buff *skb)
{
	return run(skb->data, skb->data_end, SEAL) ? TC_ACT_SHOT : TC_ACT_OK;
}

SEC("tc")
int seal_tc(struct __sk_buff *skb)
{
	return seal_skb(skb);
}

SEC("tc")
int open_tc(struct __sk_buff *skb)
{
	return run(skb->data, skb->data_end, OPEN) ? TC_ACT_SHOT : TC_ACT_OK;
}

/* Of a packet that may lie in several pages. */
SEC("tc")
int seal_large_tc(struct __sk_buff *skb)
{
	if (bpf_skb_pull_data(skb, skb->len))
		return TC_ACT_SHOT;
	return seal_skb(skb);
}

/* Two blocks of key stream. */
SEC("xdp")
int stream_xdp(struct xdp_md *ctx)
{
	struct cipher_work *work = work_get();

	return work && !chacha20_pair(&work->job) ? XDP_PASS : XDP_DROP;
}

/* Poly1305 of `blocks` blocks in the work's own memory; its key is the job's. */
SEC("xdp")
int authenticate_xdp(struct xdp_md *ctx)
{
	struct cipher_work *work = work_get();

	if (!work || work->blocks > CIPHER_BLOCKS)
		return XDP_DROP;
	poly1305_start(&work->job.poly, (__u64 *)work->job.key);
	for (__u64 i = 0; i < CIPHER_BLOCKS; i++) {
		if (i == work->blocks)
			break;
		poly1305_add(&work->job.poly, work->block[i][0], work->block[i][1],
			     i + 1 == work->blocks ? work->above_last : POLY1305_WHOLE);
	}
	poly1305_finish(&work->job.poly, (__u64 *)work->job.tag);
	return XDP_PASS;
}

SEC("xdp")
int hash_xdp(struct xdp_md *ctx)
{
	void *at = (void *)(long)ctx->data + CIPHER_HEAD, *end = (void *)(long)ctx->data_end;
	struct cipher_work *work = work_get();

	if (!work || at + SIPHASH_BYTES > end)
		return XDP_DROP;
	work->hash = siphash_2_4((const __u64 *)work->job.key, at);
	return XDP_PASS;
}

/* What the others cost besides. */
SEC("xdp")
int nothing_xdp(struct xdp_md *ctx)
{
	return work_get() ? XDP_PASS : XDP_DROP;
}

char LICENSE[] SEC("license") = "GPL";
