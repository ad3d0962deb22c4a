/* SPDX-License-Identifier: GPL-2.0-only */
/* Mutable items (BEP 44) without salt: where they lie, and what is signed. dht_item_sign() and _verify() are in dht.h. */
#ifndef MAYFLY_CTL_DHT_ITEM_H
#define MAYFLY_CTL_DHT_ITEM_H

#include "ctl/dht/dht.h"

enum { ITEM_SIGNED_MOST = DHT_VALUE_MOST + 64 };

/* SHA-1(public key) */
void item_target(__u8 target[static DHT_ID_BYTES], const __u8 public_key[static DHT_PUBLIC_BYTES]);

/* "3:seqi" sequence "e1:v" length ":" value, into `bytes`. Its length; 0: the item cannot be. */
size_t item_signed_bytes(__u8 bytes[static ITEM_SIGNED_MOST], const struct dht_item *item);

#endif
