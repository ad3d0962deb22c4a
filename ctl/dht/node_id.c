// SPDX-License-Identifier: GPL-2.0-only
/* BEP 42: the first 21 bits of an id follow from the node's address. */
#include "ctl/dht/node_id.h"

#include <string.h>

#include "ctl/dht/address.h"

__u32 node_id_crc32c(const __u8 *bytes, size_t length)
{
	__u32 crc = ~0U;

	for (size_t i = 0; i < length; i++) {
		crc ^= bytes[i];
		for (unsigned int bit = 0; bit < 8; bit++)
			crc = crc >> 1 ^ (0x82f63b78 & (0 - (crc & 1)));
	}
	return ~crc;
}

/* crc32c((address & mask) | r << 29 or 61); of IPv6 the upper half counts. */
static __u32 digest(const __u8 *address, __u8 r)
{
	static const __u8 mask_ipv4[4] = { 0x03, 0x0f, 0x3f, 0xff };
	static const __u8 mask_ipv6[8] = { 0x01, 0x03, 0x07, 0x0f, 0x1f, 0x3f, 0x7f, 0xff };
	bool ipv4 = address_is_ipv4(address);
	const __u8 *mask = ipv4 ? mask_ipv4 : mask_ipv6, *from = address + (ipv4 ? 12 : 0);
	size_t length = ipv4 ? 4 : 8;
	__u8 masked[8];

	for (size_t i = 0; i < length; i++)
		masked[i] = from[i] & mask[i];
	masked[0] |= (__u8)((r & 7) << 5);
	return node_id_crc32c(masked, length);
}

void node_id_conform(__u8 id[static DHT_ID_BYTES], const __u8 address[static 16])
{
	__u32 crc = digest(address, id[DHT_ID_BYTES - 1]);

	id[0] = (__u8)(crc >> 24);
	id[1] = (__u8)(crc >> 16);
	id[2] = (__u8)((crc >> 8 & 0xf8) | (id[2] & 7));
}

bool node_id_conforms(const __u8 id[static DHT_ID_BYTES], const __u8 address[static 16])
{
	__u8 right[DHT_ID_BYTES];

	memcpy(right, id, sizeof(right));
	node_id_conform(right, address);
	return !memcmp(right, id, 3);
}

int node_id_compare(const __u8 target[static DHT_ID_BYTES], const __u8 one[static DHT_ID_BYTES],
		    const __u8 other[static DHT_ID_BYTES])
{
	for (unsigned int i = 0; i < DHT_ID_BYTES; i++)
		if (one[i] != other[i])
			return (one[i] ^ target[i]) - (other[i] ^ target[i]);
	return 0;
}
