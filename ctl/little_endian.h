/* SPDX-License-Identifier: GPL-2.0-only */
/* Little-endian words in byte strings that are hashed or boxed. */
#ifndef MAYFLY_CTL_LITTLE_ENDIAN_H
#define MAYFLY_CTL_LITTLE_ENDIAN_H

#include <endian.h>
#include <linux/types.h>
#include <string.h>

static inline void le32_put(__u8 bytes[static 4], __u32 value)
{
	value = htole32(value);
	memcpy(bytes, &value, sizeof(value));
}

static inline void le64_put(__u8 bytes[static 8], __u64 value)
{
	value = htole64(value);
	memcpy(bytes, &value, sizeof(value));
}

static inline __u32 le32_take(const __u8 bytes[static 4])
{
	__u32 value;

	memcpy(&value, bytes, sizeof(value));
	return le32toh(value);
}

static inline __u64 le64_take(const __u8 bytes[static 8])
{
	__u64 value;

	memcpy(&value, bytes, sizeof(value));
	return le64toh(value);
}

#endif
