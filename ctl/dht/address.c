// SPDX-License-Identifier: GPL-2.0-only
/* The IANA special-purpose registries, as far as a DHT node's address goes (RFC 6890). */
#include "ctl/dht/address.h"

#include <string.h>

struct block {
	__u8 bytes[16];
	unsigned int length; /* bits */
};

static const __u8 mapped[12] = { [10] = 0xff, [11] = 0xff };

#define IPV4(a, b, c, bits) { { [10] = 0xff, [11] = 0xff, [12] = a, [13] = b, [14] = c }, 96 + (bits) }

static const struct block never[] = {
	IPV4(0, 0, 0, 8), IPV4(224, 0, 0, 4), IPV4(240, 0, 0, 4), /* "this", multicast, reserved and broadcast */
};

static const struct block not_public[] = {
	IPV4(10, 0, 0, 8), IPV4(100, 64, 0, 10), IPV4(127, 0, 0, 8), IPV4(169, 254, 0, 16), IPV4(172, 16, 0, 12),
	IPV4(192, 0, 0, 24), IPV4(192, 0, 2, 24), IPV4(192, 168, 0, 16), IPV4(198, 18, 0, 15), IPV4(198, 51, 100, 24),
	IPV4(203, 0, 113, 24),
	{ { 0x20, 0x01, 0x0d, 0xb8 }, 32 }, { { 0x3f, 0xff }, 20 }, /* documentation */
};

static bool same_bits(const __u8 *one, const __u8 *other, unsigned int bits)
{
	unsigned int whole = bits / 8, rest = bits % 8;

	return !memcmp(one, other, whole) && (!rest || !((one[whole] ^ other[whole]) >> (8 - rest)));
}

static bool is_in(const __u8 *address, const struct block *blocks, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (same_bits(address, blocks[i].bytes, blocks[i].length))
			return true;
	return false;
}

bool address_is_ipv4(const __u8 address[static 16])
{
	return !memcmp(address, mapped, sizeof(mapped));
}

bool address_is_private(const __u8 address[static 16])
{
	if (is_in(address, not_public, sizeof(not_public) / sizeof(*not_public)))
		return true;
	return !address_is_ipv4(address) && address[0] >> 5 != 1; /* 2000::/3 is what has been given out */
}

bool address_is_loopback(const __u8 address[static 16])
{
	static const __u8 loopback[16] = { [15] = 1 };

	return !memcmp(address, loopback, 16) || (address_is_ipv4(address) && address[12] == 127);
}

/* Nobody's unicast address, or one that needs a scope to be sent to. */
static bool is_never(const __u8 *address)
{
	static const __u8 unspecified[16];

	if (address_is_ipv4(address))
		return is_in(address, never, sizeof(never) / sizeof(*never));
	return address[0] == 0xff || !memcmp(address, unspecified, 16) || (address[0] == 0xfe && address[1] >> 6 == 2);
}

bool address_is_usable(const struct dht_endpoint *endpoint, enum dht_family family, bool allow_private)
{
	const __u8 *address = endpoint->address;

	if (!endpoint->port || address_is_ipv4(address) != (family == DHT_IPV4) || is_never(address))
		return false;
	return allow_private || !address_is_private(address);
}

bool address_same_host(const __u8 one[static 16], const __u8 other[static 16])
{
	return !memcmp(one, other, 16);
}

bool address_same_link(const __u8 one[static 16], const __u8 other[static 16])
{
	return same_bits(one, other, address_is_ipv4(one) ? 128 : 64);
}

bool address_same_network(const __u8 one[static 16], const __u8 other[static 16])
{
	return same_bits(one, other, address_is_ipv4(one) ? 96 + 24 : 48);
}

bool address_same_endpoint(const struct dht_endpoint *one, const struct dht_endpoint *other)
{
	return one->port == other->port && !memcmp(one->address, other->address, 16);
}
