/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * SHA-1 (FIPS 180-4). Only for addresses in the DHT (BEP 44: target = SHA-1 of the public key), where
 * nothing rests on it: what is found there is signed and boxed.
 */
#ifndef MAYFLY_CTL_DHT_SHA1_H
#define MAYFLY_CTL_DHT_SHA1_H

#include <linux/types.h>
#include <stddef.h>

void sha1(__u8 digest[static 20], const void *bytes, size_t length);

#endif
