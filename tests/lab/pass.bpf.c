/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Lets every packet pass. A veth takes frames that its other end sends or redirects
 * from XDP only while it runs an XDP program itself.
 */
#include <linux/bpf.h>
#include <bpf/bpf_helpers.h>

SEC("xdp")
int lab_pass(struct xdp_md *context)
{
	return XDP_PASS;
}

char _license[] SEC("license") = "GPL";
