// SPDX-License-Identifier: GPL-2.0-only
/*
 * Requests to open a slot: a frame of our own ethertype on the device, which never leaves the host; the out
 * path makes the packet of it, by the slot of that moment.
 */
#include "loader/opener.h"

#include <arpa/inet.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <stddef.h>
#include <string.h>
#include <sys/socket.h>

#include "loader/instance.h"

#define EXPECTED_FOR_NS (60 * 1000000000ULL)

struct request_frame {
	struct ethhdr eth;
	struct mf_open_request request;
	__u8 padding[ETH_ZLEN - ETH_HLEN - sizeof(struct mf_open_request)];
} __attribute__((packed));

/* Delivered packets tell of traffic; heard_ns does not: openers of two ends would keep each other going for ever. */
static void count_in(struct mf_instance *instance, __u32 id)
{
	enum { IN_PACKETS = offsetof(struct mf_traffic, in_packets) / sizeof(__u64) };
	struct mf_entry *entry = &instance->associations.entry[id];
	__u64 sum[sizeof(struct mf_traffic) / sizeof(__u64)];

	if (mf_object_sum(&instance->object, MF_MAP_TRAFFIC, id, sum, sizeof(sum) / sizeof(sum[0])))
		return;
	if (sum[IN_PACKETS] != entry->in_packets)
		entry->in_ns = instance->clock.monotonic_ns;
	entry->in_packets = sum[IN_PACKETS];
}

/* With firewalls at both ends neither would hear the other begin: then it is expected always. */
static int traffic_is_expected(struct mf_instance *instance, __u32 id)
{
	const struct mf_entry *entry = &instance->associations.entry[id];
	__u64 sent_ns = instance->object.state[id].sent_ns, last_ns;

	if (entry->association.flags & MF_ASSOC_FOLLOWS)
		return 1;
	count_in(instance, id);
	last_ns = sent_ns > entry->in_ns ? sent_ns : entry->in_ns;
	return last_ns && last_ns + EXPECTED_FOR_NS > (__u64)instance->clock.monotonic_ns;
}

void mf_opener_slot(struct mf_instance *instance, __u32 id)
{
	struct sockaddr_ll to = {
		.sll_family = AF_PACKET,
		.sll_protocol = htons(MF_ETHERTYPE_OPEN),
		.sll_ifindex = instance->device.ifindex,
		.sll_halen = ETH_ALEN,
	};
	struct request_frame frame = { .request.association = id };

	if (!(instance->associations.entry[id].association.flags & MF_ASSOC_OPENS))
		return;
	if (!instance->device.ifindex || !traffic_is_expected(instance, id))
		return;
	memcpy(frame.eth.h_dest, instance->device.mac, ETH_ALEN);
	memcpy(frame.eth.h_source, instance->device.mac, ETH_ALEN);
	frame.eth.h_proto = htons(MF_ETHERTYPE_OPEN);
	sendto(instance->packet_fd, &frame, sizeof(frame), MSG_DONTWAIT, (struct sockaddr *)&to, sizeof(to));
}
