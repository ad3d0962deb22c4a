// SPDX-License-Identifier: GPL-2.0-only
/*
 * The wire format once more, slowly: headers put one after the other, checksums over all bytes.
 */
#include "tests/packet/carried.h"

#include <arpa/inet.h>
#include <sodium.h>
#include <string.h>

static void put_outer(struct frame *frame, const struct mf_slot *sender, __u8 ecn)
{
	frame_ethernet(frame, mac_gateway, mac_nic, TYPE_IPV6);
	frame_put32(frame, ntohl(sender->label_out) | (__u32)ecn << 20);
	frame_put16(frame, 0);
	frame_put16(frame, UDP << 8 | 64);
	frame_put(frame, sender->local, 16);
	frame_put(frame, sender->remote, 16);
	frame_put(frame, &sender->local_port, 2);
	frame_put(frame, &sender->remote_port, 2);
	frame_put32(frame, 0);
}

void carried_finish(struct frame *frame)
{
	__u32 udp = AT_PORTS, length = frame->length - udp;
	__u64 sum = (__u64)UDP + length;
	__u16 value;

	frame_set16(frame, AT_LENGTH, length);
	frame_set16(frame, AT_UDP_LENGTH, length);
	frame_set16(frame, AT_CHECK, 0);
	sum = checksum_add(sum, frame->byte + AT_SOURCE, 32);
	value = ~checksum_fold(checksum_add(sum, frame->byte + udp, length));
	frame_set16(frame, AT_CHECK, value ? value : 0xffff);
}

void carried_raw(struct frame *frame, const struct mf_slot *sender, const __u8 *shim, const void *bytes, __u32 count)
{
	put_outer(frame, sender, 0);
	frame_put(frame, shim, 4);
	frame_put(frame, bytes, count);
	carried_finish(frame);
}

void carried_encap(struct frame *frame, const struct mf_slot *sender, const struct frame *inner, enum form form)
{
	__u32 tags = 0, at = ETH_BYTES;
	const __u8 *packet;
	__u8 shim[4] = {};
	int is_ipv4, class;

	while (frame_get16(inner, at - 2) == TYPE_VLAN || frame_get16(inner, at - 2) == TYPE_QINQ) {
		tags += 1;
		at += 4;
	}
	packet = inner->byte + at;
	is_ipv4 = packet[0] >> 4 == 4;
	class = is_ipv4 ? packet[1] : (packet[0] & 15) << 4 | packet[1] >> 4;
	put_outer(frame, sender, class & 3);
	shim[0] = (is_ipv4 ? 3 : form == WHOLE ? 2 : 1) | tags << 4;
	if (shim[0] % 16 == 1) {
		shim[1] = packet[6];
		shim[2] = packet[7];
		shim[3] = class;
	}
	frame_put(frame, shim, 4);
	frame_put(frame, inner->byte + 12, tags * 4);
	at += shim[0] % 16 == 1 ? IP6_BYTES : 0;
	frame_put(frame, inner->byte + at, inner->length - at);
	carried_finish(frame);
}

static void put_le(__u8 *to, __u64 value, int bytes)
{
	for (int i = 0; i < bytes; i++)
		to[i] = value >> 8 * i;
}

void carried_pad(struct frame *frame, __u32 bytes)
{
	frame->byte[AT_SHIM] |= 8;
	frame_put(frame, NULL, bytes);
	frame_set16(frame, frame->length - 2, bytes);
}

void carried_seal(struct frame *frame, const struct mf_seal_key *key, __u64 counter, __u64 index)
{
	__u32 bytes = frame->length - AT_SHIM;
	__u8 nonce[12], associated[16] = { 0 }, mask_key[16], cipher_key[32], tag[16], mask[8];
	struct frame plain = *frame;

	for (int i = 0; i < 8; i++)
		put_le(cipher_key + 4 * i, key->key[i], 4);
	put_le(mask_key, key->mask[0], 8);
	put_le(mask_key + 8, key->mask[1], 8);
	put_le(nonce, key->sender, 4);
	put_le(nonce + 4, counter, 8);
	put_le(associated, index, 8);
	put_le(associated + 8, key->sender, 4);
	frame_put(frame, NULL, AT_SEALED - AT_SHIM);
	crypto_aead_chacha20poly1305_ietf_encrypt_detached(frame->byte + AT_SEALED, tag, NULL, plain.byte + AT_SHIM, bytes,
							   associated, sizeof(associated), NULL, nonce, cipher_key);
	memcpy(frame->byte + AT_TAG, tag, sizeof(tag));
	crypto_shorthash(mask, tag, sizeof(tag), mask_key);
	for (int i = 0; i < 8; i++)
		frame->byte[AT_COUNTER + i] = counter >> (56 - 8 * i) ^ mask[i];
	carried_finish(frame);
}

__u16 carried_port(__u16 port, __be16 mask)
{
	return port == ntohs(mask) ? port : port ^ ntohs(mask);
}

/* Transport behind at most four extension headers; 0 if there is none to be mended. */
static __u32 find_transport(const struct frame *frame, __u8 *protocol)
{
	__u32 at = AT_PORTS;
	__u8 next = frame->byte[AT_NEXT];

	for (int i = 0; i < 4; i++) {
		const __u8 *header = frame->byte + at;

		if (next != 0 && next != 43 && next != 60 && next != 44)
			break;
		if (next == 44 && ((header[2] << 8 | header[3]) & 0xfff8))
			return 0;
		at += next == 44 ? 8 : 8 + header[1] * 8;
		next = header[0];
	}
	*protocol = next;
	return next == TCP || next == UDP || next == ICMP6 ? at : 0;
}

/*
 * The pseudo-header's length is that of the whole packet in a first fragment, which nobody here knows;
 * what has been swapped is all that its checksum may follow.
 */
static void mend_checksum(struct frame *frame, __u32 check, __u32 ports, const struct frame *inner)
{
	__u64 sum = (__u16)~frame_get16(inner, check);

	for (__u32 at = AT_SOURCE; at < AT_SOURCE + 32; at += 2)
		sum += (__u64)frame_get16(frame, at) + (__u16)~frame_get16(inner, at);
	for (__u32 at = ports; ports && at < ports + 4; at += 2)
		sum += (__u64)frame_get16(frame, at) + (__u16)~frame_get16(inner, at);
	frame_set16(frame, check, ~checksum_fold(sum));
}

void carried_rewrite(struct frame *frame, const struct mf_slot *sender, const struct frame *inner)
{
	__u32 first = ntohl(sender->label_out) | (frame_get32(inner, AT_CLASS) & 3U << 20);
	__u8 protocol = 0;
	__u32 transport = find_transport(inner, &protocol), check;

	*frame = *inner;
	memcpy(frame->byte, mac_gateway, 6);
	memcpy(frame->byte + 6, mac_nic, 6);
	frame_set16(frame, AT_CLASS, first >> 16);
	frame_set16(frame, AT_CLASS + 2, first);
	frame->byte[AT_HOP_LIMIT] = 64;
	memcpy(frame->byte + AT_SOURCE, sender->local, 16);
	memcpy(frame->byte + AT_DESTINATION, sender->remote, 16);
	if (!transport)
		return;
	check = transport + (protocol == TCP ? 16 : protocol == UDP ? 6 : 2);
	if (protocol != ICMP6) {
		frame_set16(frame, transport, carried_port(frame_get16(inner, transport), sender->local_port));
		frame_set16(frame, transport + 2, carried_port(frame_get16(inner, transport + 2), sender->remote_port));
	}
	if (protocol != UDP || frame_get16(inner, check))
		mend_checksum(frame, check, protocol == ICMP6 ? 0 : transport, inner);
	if (protocol == UDP && frame_get16(inner, check) && !frame_get16(frame, check))
		frame_set16(frame, check, 0xffff);
}
