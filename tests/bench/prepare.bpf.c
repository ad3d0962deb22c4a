// SPDX-License-Identifier: GPL-2.0-only
/*
 * BPF_PROG_TEST_RUN repeats a program on what it has made of the frame. This one stands before it, makes the
 * frame what it was, and calls the program under test; what it costs itself is measured with stand-ins there.
 */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

enum { HEAD = 66, SOURCE = 14 + 16, DESTINATION = SOURCE + 16, HOST_BYTES = 12 };

struct setting {
	__u32 length;     /* of the frame as it should be */
	__u32 crowd;      /* associations to draw one from; 0: the frame as it is */
	__u64 destination, source; /* factors that give an association's identifiers; 0 leaves the frame's */
	__u8 head[HEAD];  /* the frame's first bytes as they should be */
	__u8 pad[6];
};

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, struct setting);
} setting SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PROG_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u32);
} tested SEC(".maps");

struct word {
	__u64 value;
} __attribute__((packed, aligned(2)));

SEC("xdp")
int prepare(struct xdp_md *ctx)
{
	__u32 zero = 0;
	struct setting *wanted = bpf_map_lookup_elem(&setting, &zero);
	void *data;
	__u64 id;
	int more;

	if (!wanted)
		return XDP_ABORTED;
	more = (int)(ctx->data_end - ctx->data) - (int)wanted->length;
	if (more && bpf_xdp_adjust_head(ctx, more))
		return XDP_ABORTED;
	data = (void *)(long)ctx->data;
	if (data + HEAD > (void *)(long)ctx->data_end)
		return XDP_ABORTED;
	__builtin_memcpy(data, wanted->head, HEAD);
	if (wanted->crowd) {
		id = ((__u64)bpf_get_prandom_u32() * wanted->crowd) >> 32;
		((struct word *)(data + DESTINATION))->value = (id + 1) * wanted->destination;
		if (wanted->source)
			((struct word *)(data + SOURCE))->value = (id + 1) * wanted->source;
	}
	bpf_tail_call(ctx, &tested, 0);
	return XDP_ABORTED;
}

/* Stand-ins: what is left of a program that only moves the frame's start, and how much that alone is. */
SEC("xdp")
int nothing(struct xdp_md *ctx)
{
	return XDP_DROP;
}

SEC("xdp")
int grow(struct xdp_md *ctx)
{
	return bpf_xdp_adjust_head(ctx, -HOST_BYTES) ? XDP_ABORTED : XDP_DROP;
}

SEC("xdp")
int shrink(struct xdp_md *ctx)
{
	return bpf_xdp_adjust_head(ctx, HOST_BYTES) ? XDP_ABORTED : XDP_DROP;
}

SEC("xdp")
int grow_and_shrink(struct xdp_md *ctx)
{
	if (bpf_xdp_adjust_head(ctx, -HOST_BYTES))
		return XDP_ABORTED;
	return bpf_xdp_adjust_head(ctx, HOST_BYTES) ? XDP_ABORTED : XDP_DROP;
}

char LICENSE[] SEC("license") = "GPL";
