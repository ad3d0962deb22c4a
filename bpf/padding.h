/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Padding of sealed packets: so many zeros behind the packet that its length says less, or nothing.
 *
 *	| shim, MF_SHIM_PADDED set | packet | 0 ... 0 | how long all this padding is (2) |
 */
#ifndef MAYFLY_BPF_PADDING_H
#define MAYFLY_BPF_PADDING_H

#include "bpf/carry.h"

/* From the shim on, the most that the path bears. */
static __always_inline __u32 sealed_most(const struct way *way)
{
	return outer_mtu(way) - sizeof(struct ipv6hdr) - sizeof(struct udphdr) - MF_SEAL_BYTES;
}

/* For `carried` bytes from the shim on: 0, or MF_PADDING_LEAST and more; the path bears these too (inner_overhead()). */
static __always_inline __u32 padding_bytes(const struct way *way, __u32 carried)
{
	__u32 most = sealed_most(way), size = MF_PADDING_CLASS_LEAST, wanted = carried + MF_PADDING_LEAST;

	if (way->association->padding == MF_PADDING_NONE)
		return 0;
#pragma unroll
	for (int i = 0; i < MF_PADDING_CLASSES_MORE; i++)
		if (wanted + MF_SEAL_BYTES > size)
			size *= 2;
	size -= MF_SEAL_BYTES;
	if (way->association->padding == MF_PADDING_FULL || wanted > size || size > most)
		size = most;
	return size > wanted ? size - carried : MF_PADDING_LEAST;
}

/* XDP: behind the packet, whose frame ends with it. 0, or -1: some frames cannot grow there, and are as they were. */
static __always_inline int padding_add(struct xdp_md *ctx, __u32 bytes)
{
	__be16 length = bpf_htons(bytes);
	void *data, *end, *at;
	__u32 offset;

	if (bpf_xdp_adjust_tail(ctx, (int)bytes))
		return -1;
	data = (void *)(long)ctx->data;
	end = (void *)(long)ctx->data_end;
	offset = (end - data) - sizeof(length);
	HIDE(offset);
	at = data + (offset & SUM_MOST);
	if (at + sizeof(length) > end)
		return 0; /* cannot be; the verifier asks */
	COPY(at, &length, sizeof(length));
	return 0;
}

/* tc: makes the frame as long as that, and marks its end. */
static __always_inline int padding_add_tc(struct __sk_buff *skb, __u32 bytes)
{
	__be16 length = bpf_htons(bytes);

	if (!bytes)
		return 0;
	if (bpf_skb_change_tail(skb, skb->len + bytes, 0))
		return -1;
	return bpf_skb_store_bytes(skb, skb->len - sizeof(length), &length, sizeof(length), 0) ? -1 : 0;
}

#endif
