// SPDX-License-Identifier: GPL-2.0-only
/* Packets of the load generator: written and read, nothing decided. */
#include "tests/bench/load_packet.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <string.h>

enum {
	AT_LENGTH = 4, AT_NEXT = 6, AT_HOPS = 7, AT_SOURCE = 8, AT_DESTINATION = 24, AT_UDP = 40, AT_UDP_LENGTH = 44,
	AT_UDP_SUM = 46, HOPS = 64, KIND_PAYLOAD = 1, KIND_PADDED = 8, ECHO_REQUEST = 128, ECHO_REPLY = 129,
	AT_ECHO_SUM = 2, AT_ECHO_NUMBER = 8,
};

__u32 load_sum(const __u8 *bytes, size_t length)
{
	__u32 sum = 0;
	__u16 word;

	for (; length > 1; bytes += 2, length -= 2) {
		memcpy(&word, bytes, 2);
		sum += word;
	}
	if (length) {
		word = htons((__u16)(*bytes << 8));
		sum += word;
	}
	return sum;
}

__u16 load_fold(__u64 sum)
{
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return sum == 0xffff ? 0xffff : (__u16)~sum;
}

static void put16(__u8 *at, __u16 value)
{
	value = htons(value);
	memcpy(at, &value, 2);
}

/* Shim and payload behind the UDP header, sealed or as they are. How many bytes. */
static size_t put_inside(__u8 *at, __u64 index, struct load_seal *seal, __u8 next_header, const __u8 *payload, size_t bytes)
{
	__u8 inside[LOAD_INSIDE_MOST] = { KIND_PAYLOAD, next_header, HOPS, 0 };

	memcpy(inside + LOAD_SHIM_BYTES, payload, bytes);
	bytes += LOAD_SHIM_BYTES;
	if (!seal) {
		memcpy(at, inside, bytes);
		return bytes;
	}
	load_seal_write(seal, index, inside, bytes, at);
	return bytes + LOAD_SEAL_BYTES;
}

size_t load_packet_write(__u8 packet[static LOAD_PACKET_MOST], const struct mf_slot *slot, struct load_seal *seal,
			 __u8 next_header, const __u8 *payload, size_t bytes)
{
	size_t inside = put_inside(packet + LOAD_OUTER_BYTES, slot->index, seal, next_header, payload, bytes);
	__u16 length = (__u16)(LOAD_OUTER_BYTES - AT_UDP + inside), sum;

	memcpy(packet, &slot->label_out, 4);
	put16(packet + AT_LENGTH, length);
	packet[AT_NEXT] = IPPROTO_UDP;
	packet[AT_HOPS] = HOPS;
	memcpy(packet + AT_SOURCE, slot->local, 16);
	memcpy(packet + AT_DESTINATION, slot->remote, 16);
	memcpy(packet + AT_UDP, &slot->local_port, 2);
	memcpy(packet + AT_UDP + 2, &slot->remote_port, 2);
	put16(packet + AT_UDP_LENGTH, length);
	put16(packet + AT_UDP_SUM, 0);
	sum = load_fold((__u64)slot->address_sum + htons(length) + htons(IPPROTO_UDP) + load_sum(packet + AT_UDP, length));
	memcpy(packet + AT_UDP_SUM, &sum, 2);
	return AT_UDP + length;
}

int load_packet_read(struct load_packet *packet, const __u8 *bytes, size_t length)
{
	if (length < LOAD_OUTER_BYTES || length > LOAD_PACKET_MOST || bytes[0] >> 4 != 6 || bytes[AT_NEXT] != IPPROTO_UDP)
		return -EBADMSG;
	*packet = (struct load_packet){ .source = bytes + AT_SOURCE, .destination = bytes + AT_DESTINATION,
					.udp = bytes + LOAD_OUTER_BYTES, .udp_bytes = length - LOAD_OUTER_BYTES };
	memcpy(&packet->source_port, bytes + AT_UDP, 2);
	memcpy(&packet->destination_port, bytes + AT_UDP + 2, 2);
	return 0;
}

int load_packet_open(struct load_packet *packet, __u64 index, struct load_seal *seal, __u8 plain[static LOAD_INSIDE_MOST])
{
	int bytes = seal ? load_seal_read(seal, index, packet->udp, packet->udp_bytes, plain) : (int)packet->udp_bytes;
	const __u8 *inside = seal ? plain : packet->udp;

	if (bytes < LOAD_SHIM_BYTES || (inside[0] & ~(seal ? KIND_PADDED : 0)) != KIND_PAYLOAD)
		return -EBADMSG;
	packet->next_header = inside[1];
	packet->payload = inside + LOAD_SHIM_BYTES;
	packet->bytes = (size_t)bytes - LOAD_SHIM_BYTES;
	return 0;
}

void load_echo_write(__u8 echo[static LOAD_ECHO_BYTES], const __u8 from[static 16], const __u8 to[static 16],
		     __u32 number)
{
	__u16 sum;

	memset(echo, 0, LOAD_ECHO_BYTES);
	echo[0] = ECHO_REQUEST;
	memcpy(echo + AT_ECHO_NUMBER, &number, sizeof(number));
	sum = load_fold((__u64)load_sum(from, 16) + load_sum(to, 16) + htons(LOAD_ECHO_BYTES) + htons(LOAD_ICMP6) +
			load_sum(echo, LOAD_ECHO_BYTES));
	memcpy(echo + AT_ECHO_SUM, &sum, 2);
}

int load_echo_read(const __u8 *echo, size_t bytes, __u32 *number)
{
	if (bytes != LOAD_ECHO_BYTES || echo[0] != ECHO_REPLY)
		return -EBADMSG;
	memcpy(number, echo + AT_ECHO_NUMBER, sizeof(*number));
	return 0;
}
