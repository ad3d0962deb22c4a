// SPDX-License-Identifier: GPL-2.0-only
/*
 * Writes frames of a table into what BPF_PROG_TEST_RUN gives, one after the other, and sends them out at a device.
 */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

#include "tests/pktgen/live.h"

const volatile __u32 device;  /* ifindex */
const volatile __u32 frames;  /* in use */
const volatile __u32 length;  /* bytes of each */

struct {
	__uint(type, BPF_MAP_TYPE_ARRAY);
	__uint(max_entries, LIVE_FRAMES);
	__type(key, __u32);
	__type(value, struct live_frame);
} live_table SEC(".maps");

struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__uint(max_entries, 1);
	__type(key, __u32);
	__type(value, __u32);
} live_next SEC(".maps");

SEC("xdp")
int live_play(struct xdp_md *ctx)
{
	__u32 zero = 0, bytes = length, which;
	__u32 *next = bpf_map_lookup_elem(&live_next, &zero);
	struct live_frame *frame;

	if (!next || !frames || bytes > LIVE_MOST || !bytes)
		return XDP_ABORTED;
	which = *next;
	*next = which + 1 < frames ? which + 1 : 0;
	frame = bpf_map_lookup_elem(&live_table, &which);
	if (!frame || bpf_xdp_store_bytes(ctx, 0, frame->byte, bytes))
		return XDP_ABORTED;
	return bpf_redirect(device, 0);
}

char LICENSE[] SEC("license") = "GPL";
