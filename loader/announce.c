// SPDX-License-Identifier: GPL-2.0-only
/*
 * Unsolicited neighbour advertisements to all routers (RFC 4861 section 7.2.6, RFC 9131 section 4):
 *
 *   Ethernet 33:33:00:00:00:02 | IPv6 address -> ff02::2, hop limit 255 | type 136, override | target | option 2, MAC
 */
#include "loader/announce.h"

#include <arpa/inet.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <linux/ipv6.h>
#include <string.h>
#include <sys/socket.h>

#include "loader/instance.h"
#include "loader/keeper.h"

struct advertisement {
	struct ethhdr eth;
	struct ipv6hdr ip6;
	__u8 type, code;
	__be16 checksum;
	__be32 flags;
	__u8 target[16];
	__u8 option, option_length;
	__u8 mac[ETH_ALEN];
} __attribute__((packed));

_Static_assert(sizeof(struct advertisement) == MF_ANNOUNCE_BYTES, "advertisement with its headers");

enum {
	ADVERTISEMENT_TYPE = 136,
	OPTION_TARGET_MAC = 2,
	FLAG_OVERRIDE = 0x20000000,
	ND_HOP_LIMIT = 255,
	ICMPV6 = 58,
	IPV6_BYTES = 40,
};

static __u32 sum_words(const void *data, size_t bytes)
{
	const __u8 *byte = data;
	__u32 sum = 0;

	for (size_t i = 0; i < bytes; i += 2)
		sum += byte[i] << 8 | byte[i + 1];
	return sum;
}

/* RFC 4443 section 2.3: over the pseudo-header and the message. */
static __be16 checksum_of(const struct advertisement *frame, size_t bytes)
{
	__u32 sum = sum_words(&frame->ip6.saddr, 32) + bytes + ICMPV6 + sum_words(&frame->type, bytes);

	sum = (sum & 0xffff) + (sum >> 16);
	sum = (sum & 0xffff) + (sum >> 16);
	return htons(~sum & 0xffff);
}

void mf_announce_build(__u8 frame[static MF_ANNOUNCE_BYTES], const __u8 address[static 16], const __u8 mac[static 6])
{
	static const __u8 all_routers_mac[ETH_ALEN] = { 0x33, 0x33, 0, 0, 0, 2 };
	static const __u8 all_routers[16] = { 0xff, 0x02, [15] = 2 };
	const size_t bytes = MF_ANNOUNCE_BYTES - ETH_HLEN - IPV6_BYTES;
	struct advertisement out = {
		.eth.h_proto = htons(ETH_P_IPV6),
		.ip6 = { .version = 6, .payload_len = htons(bytes), .nexthdr = ICMPV6, .hop_limit = ND_HOP_LIMIT },
		.type = ADVERTISEMENT_TYPE,
		.flags = htonl(FLAG_OVERRIDE),
		.option = OPTION_TARGET_MAC,
		.option_length = 1,
	};

	memcpy(out.eth.h_dest, all_routers_mac, ETH_ALEN);
	memcpy(out.eth.h_source, mac, ETH_ALEN);
	memcpy(&out.ip6.saddr, address, 16);
	memcpy(&out.ip6.daddr, all_routers, 16);
	memcpy(out.target, address, 16);
	memcpy(out.mac, mac, ETH_ALEN);
	out.checksum = checksum_of(&out, bytes);
	memcpy(frame, &out, sizeof(out));
}

static void announce(const struct mf_instance *instance, const struct mf_slot *slot)
{
	struct sockaddr_ll to = {
		.sll_family = AF_PACKET,
		.sll_protocol = htons(ETH_P_IPV6),
		.sll_ifindex = instance->nic.ifindex,
		.sll_halen = ETH_ALEN,
	};
	__u8 frame[MF_ANNOUNCE_BYTES];

	mf_announce_build(frame, slot->local, instance->nic.mac);
	sendto(instance->packet_fd, frame, sizeof(frame), MSG_DONTWAIT, (struct sockaddr *)&to, sizeof(to));
}

void mf_announce_slot(const struct mf_instance *instance, __u32 id, __u64 current)
{
	const struct mf_entry *entry = &instance->associations.entry[id];
	const struct mf_slot *ring = instance->object.slots + entry->association.ring_base;
	__u64 index;

	if (!mf_instance_is_on_link(instance) || !instance->nic.ifindex || entry->association.flags & MF_ASSOC_ROAMS)
		return; /* a client's addresses are its listener's */
	index = current == entry->first_index ? current : current + 1;
	for (; index <= current + 1; index++) {
		const struct mf_slot *slot = mf_keeper_slot(&entry->association, ring, index);

		if (slot)
			announce(instance, slot);
	}
}
