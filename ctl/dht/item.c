// SPDX-License-Identifier: GPL-2.0-only
/* Signing and checking mutable items. */
#include "ctl/dht/item.h"

#include <errno.h>
#include <sodium.h>

#include "ctl/dht/bencode.h"
#include "ctl/dht/sha1.h"

void item_target(__u8 target[static DHT_ID_BYTES], const __u8 public_key[static DHT_PUBLIC_BYTES])
{
	sha1(target, public_key, DHT_PUBLIC_BYTES);
}

size_t item_signed_bytes(__u8 bytes[static ITEM_SIGNED_MOST], const struct dht_item *item)
{
	struct bencode_writer writer = { .bytes = bytes, .room = ITEM_SIGNED_MOST };

	if (item->length > DHT_VALUE_MOST || item->sequence < 0)
		return 0;
	bencode_put_text(&writer, "3:seq");
	bencode_put_integer(&writer, item->sequence);
	bencode_put_text(&writer, "1:v");
	bencode_put_string(&writer, item->value, item->length);
	return writer.full ? 0 : writer.used;
}

int dht_item_sign(struct dht_item *item, const __u8 seed[static 32])
{
	__u8 bytes[ITEM_SIGNED_MOST], secret[crypto_sign_SECRETKEYBYTES];
	size_t length = item_signed_bytes(bytes, item);

	if (!length)
		return -EINVAL;
	crypto_sign_seed_keypair(item->public_key, secret, seed);
	crypto_sign_detached(item->signature, NULL, bytes, length, secret);
	sodium_memzero(secret, sizeof(secret));
	return 0;
}

bool dht_item_verify(const struct dht_item *item)
{
	__u8 bytes[ITEM_SIGNED_MOST];
	size_t length = item_signed_bytes(bytes, item);

	return length && !crypto_sign_verify_detached(item->signature, bytes, length, item->public_key);
}
