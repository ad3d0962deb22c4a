// SPDX-License-Identifier: GPL-2.0-only
/*
 * Arithmetic of inner prefixes.
 */
#include "loader/prefix.h"

#include <stddef.h>
#include <string.h>

static const __u8 mapped[12] = { [10] = 0xff, [11] = 0xff };

int mf_prefix_is_ipv4(const struct mf_prefix *prefix)
{
	return prefix->length >= 96 && !memcmp(prefix->address, mapped, sizeof(mapped));
}

int mf_prefix_is_host(const struct mf_prefix *prefix)
{
	return prefix->length == 128;
}

int mf_prefix_same(const struct mf_prefix *one, const struct mf_prefix *other)
{
	return one->length == other->length && !memcmp(one->address, other->address, 16);
}

int mf_prefix_has(const struct mf_prefix *prefix, const __u8 address[static 16])
{
	unsigned int bytes = prefix->length / 8, bits = prefix->length % 8;

	if (memcmp(prefix->address, address, bytes))
		return 0;
	return !bits || !((prefix->address[bytes] ^ address[bytes]) >> (8 - bits));
}

int mf_prefix_covers(const struct mf_prefix *prefix, const struct mf_prefix *other)
{
	return prefix->length <= other->length && mf_prefix_has(prefix, other->address);
}

int mf_prefix_overlaps(const struct mf_prefix *one, const struct mf_prefix *other)
{
	return mf_prefix_covers(one, other) || mf_prefix_covers(other, one);
}

struct mf_prefix mf_prefix_host(const struct mf_prefix *prefix)
{
	struct mf_prefix host = *prefix;

	host.length = 128;
	return host;
}

struct mf_prefix mf_prefix_of_template(const struct mf_template *template)
{
	struct mf_prefix prefix = { .length = template->prefix_length };
	unsigned int bytes = prefix.length / 8, bits = prefix.length % 8;

	memcpy(prefix.address, template->base, bytes);
	if (bits)
		prefix.address[bytes] = template->base[bytes] & 0xff << (8 - bits);
	return prefix;
}

const struct mf_prefix *mf_prefix_first_host(const struct mf_prefix *list, unsigned int count)
{
	for (unsigned int i = 0; i < count; i++)
		if (mf_prefix_is_host(&list[i]) && !mf_prefix_is_ipv4(&list[i]))
			return &list[i];
	return NULL;
}
