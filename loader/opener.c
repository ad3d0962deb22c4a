// SPDX-License-Identifier: GPL-2.0-only
/*
 * Requests to open a slot: a frame of our own ethertype on the device, which never leaves the host; the out
 * path makes the packet of it, by the slot of that moment.
 */
#include "loader/opener.h"

#include <arpa/inet.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <string.h>
#include <sys/socket.h>

#include "loader/instance.h"

#define EXPECTED_FOR_NS (60 * 1000000000ULL)

struct request_frame {
	struct ethhdr eth;
	struct mf_open_request request;
	__u8 padding[ETH_ZLEN - ETH_HLEN - sizeof(struct mf_open_request)];
} __attribute__((packed));

static int traffic_is_expected(const struct mf_instance *instance, __u32 id)
{
	const struct mf_assoc_state *state = &instance->object.state[id];
	__u64 now_ns = instance->clock.monotonic_ns;
	__u64 last_ns = state->sent_ns > state->heard_ns ? state->sent_ns : state->heard_ns;

	return last_ns && last_ns + EXPECTED_FOR_NS > now_ns;
}

void mf_opener_slot(const struct mf_instance *instance, __u32 id)
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
	memcpy(frame.eth.h_dest, instance->inside.mac, ETH_ALEN);
	memcpy(frame.eth.h_source, instance->device.mac, ETH_ALEN);
	frame.eth.h_proto = htons(MF_ETHERTYPE_OPEN);
	sendto(instance->packet_fd, &frame, sizeof(frame), MSG_DONTWAIT, (struct sockaddr *)&to, sizeof(to));
}
