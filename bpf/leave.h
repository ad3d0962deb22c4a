/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What both tc programs of the way out share (bpf/out_tc.h at the NIC, bpf/cut_tc.h behind the cutter):
 * frames made readable and as long as their packet, packets too big, the outer header's room, the way out.
 */
#ifndef MAYFLY_BPF_LEAVE_H
#define MAYFLY_BPF_LEAVE_H

#include "bpf/carry.h"
#include "bpf/out.h"
#include "bpf/probe.h"
#include "bpf/toobig.h"

enum { HEADERS_PULLED = 128 };

/* What the kernel is told of the packet; set once the packet is ready to go. */
struct exit {
	int action;
	int at_nic; /* the frame is on its way out of the NIC already: it is let go on instead of sent there */
};

static __always_inline int pull(struct __sk_buff *skb, __u32 bytes)
{
	return bpf_skb_pull_data(skb, skb->len < bytes ? skb->len : bytes);
}

/* Bytes behind the packet are none of it; a packet that says it is longer than its frame goes nowhere. */
static __always_inline __u32 trim(struct __sk_buff *skb, const struct inner *inner)
{
	__u32 wanted = sizeof(struct ethhdr) + inner->length;

	if (skb->gso_size || skb->len == wanted)
		return MF_OUT_SENT;
	if (skb->len < wanted)
		return MF_DROP_MALFORMED;
	return bpf_skb_change_tail(skb, wanted, 0) ? MF_DROP_ROOM : MF_OUT_SENT;
}

/* Bytes from the IP header on of the largest packet that this frame stands for. */
static __always_inline __u32 packet_bytes(struct __sk_buff *skb, const struct inner *inner, __u32 headers, __u8 protocol)
{
	struct tcphdr tcp;

	if (!skb->gso_size)
		return inner->length;
	if (protocol != IPPROTO_TCP)
		return headers + sizeof(struct udphdr) + skb->gso_size;
	if (bpf_skb_load_bytes(skb, sizeof(struct ethhdr) + headers, &tcp, sizeof(tcp)))
		return headers + sizeof(tcp) + skb->gso_size;
	return headers + tcp.doff * 4 + skb->gso_size;
}

static __always_inline __u32 largest_packet(struct __sk_buff *skb, const struct inner *inner)
{
	__u8 protocol = 0;

	if (inner->shim.kind != MF_SHIM_IPV4)
		return packet_bytes(skb, inner, sizeof(struct ipv6hdr), inner->shim.next_header);
	bpf_skb_load_bytes(skb, sizeof(struct ethhdr) + offsetof(struct iphdr, protocol), &protocol, 1);
	return packet_bytes(skb, inner, sizeof(struct iphdr), protocol);
}

/* How many packets this frame stands for; `largest` is one of them. A sender that is not trusted does not say. */
static __always_inline __u32 packet_count(struct __sk_buff *skb, const struct inner *inner, __u32 largest)
{
	__u32 size = skb->gso_size, headers = largest - size;

	if (!size)
		return 1;
	if (skb->gso_segs)
		return skb->gso_segs;
	return inner->length > headers ? (inner->length - headers + size - 1) / size : 1;
}

static __always_inline __u32 out_too_big(struct __sk_buff *skb, struct mf_node *node, const struct inner *inner,
					 __u32 mtu, struct exit *exit)
{
	int failed = inner->shim.kind == MF_SHIM_IPV4 ? too_big_ipv4(skb, node, mtu) : too_big_ipv6(skb, node, mtu);

	if (failed)
		return MF_DROP_TOO_BIG;
	exit->action = bpf_redirect(node->device, BPF_F_INGRESS);
	count(MF_DROP_TOO_BIG);
	return MF_TOO_BIG_SENT;
}

/* Sends a frame whose outer header stands; `hop` is what next_hop_get() said. */
static __always_inline __u32 out_leave(struct __sk_buff *skb, struct mf_node *node, struct way *way, __u32 hop,
				       struct exit *exit)
{
	struct cursor cursor = cursor_of(skb->data, skb->data_end);
	struct ethhdr *eth = take(&cursor, sizeof(*eth));

	if (!eth)
		return MF_DROP_ROOM;
	eth->h_proto = bpf_htons(ETH_P_IPV6);
	if (hop != MF_OUT_SENT) {
		exit->action = bpf_redirect_neigh(node->nic, NULL, 0, 0);
		return MF_OUT_SENT_SLOW;
	}
	ethernet_write(eth, &way->traffic->next_hop);
	exit->action = exit->at_nic ? TC_ACT_UNSPEC : bpf_redirect(node->nic, 0);
	return exit->at_nic ? MF_OUT_SENT : MF_OUT_SENT_SLOW;
}

/*
 * Room for the outer header, and `more` behind it. A tunnel's packet inside cannot be marked as carried once more; it needs no mark as
 * long as it is not to be cut, and an IPv4 one needs it for its protocol.
 */
static __always_inline int grow(struct __sk_buff *skb, const struct inner *inner, __u32 more)
{
	__u64 flags = BPF_F_ADJ_ROOM_FIXED_GSO | BPF_F_ADJ_ROOM_NO_CSUM_RESET;
	__u64 carried = flags | BPF_F_ADJ_ROOM_ENCAP_L3_IPV6 | BPF_F_ADJ_ROOM_ENCAP_L4_UDP;

	if (!inner->whole)
		return bpf_skb_adjust_room(skb, MF_ENCAP_HOST_BYTES + more, BPF_ADJ_ROOM_MAC, flags);
	if (!bpf_skb_adjust_room(skb, MF_ENCAP_WHOLE_BYTES + more, BPF_ADJ_ROOM_MAC, carried))
		return 0;
	if (skb->gso_size || (inner->shim.kind & 0xf) == MF_SHIM_IPV4)
		return -1;
	return bpf_skb_adjust_room(skb, MF_ENCAP_WHOLE_BYTES + more, BPF_ADJ_ROOM_MAC, flags);
}

#endif
