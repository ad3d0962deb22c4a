/* SPDX-License-Identifier: GPL-2.0-only */
/* HKDF with SHA-256 (RFC 5869): one key out of a secret and what it is for. */
#ifndef MAYFLY_CTL_HKDF_H
#define MAYFLY_CTL_HKDF_H

#include <linux/types.h>
#include <stddef.h>

enum { HKDF_BYTES_MOST = 255 * 32 };

struct hkdf_text {
	const void *bytes; /* NULL if the length is 0 */
	size_t length;
};

/* `length` bytes of HKDF-SHA256(secret, salt, info). 0, or -EINVAL: more than HKDF_BYTES_MOST. */
int hkdf_sha256(__u8 *key, size_t length, struct hkdf_text secret, struct hkdf_text salt, struct hkdf_text info);

#endif
