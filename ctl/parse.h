/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Text to values: addresses, prefixes, durations, numbers, keys. All take one value without
 * surrounding space, return 0 or -EINVAL (wrong form) or -ERANGE (right form, out of bounds),
 * and leave their out-parameter untouched on failure.
 */
#ifndef MAYFLY_CTL_PARSE_H
#define MAYFLY_CTL_PARSE_H

#include <stdbool.h>
#include <stddef.h>

#include "bpf/abi.h"

/* IPv6, or IPv4 as a mapped address (::ffff:a.b.c.d). */
int parse_address(const char *text, __u8 address[static 16]);

/* ADDRESS[/LENGTH], a lone address being a host. IPv4 lengths are counted from ::ffff:0:0/96. */
int parse_prefix(const char *text, struct mf_prefix *prefix);

/* A hopping prefix, /48 to /112, no bit set behind its length: -EADDRNOTAVAIL if there is. */
int parse_template(const char *text, struct mf_template *template);

/* 3s, 200ms, 2m, 1h, 1.5s; a bare number is seconds. At most about 12 days. */
int parse_duration_ms(const char *text, __u32 *ms);

/* Decimal digits only. */
int parse_number(const char *text, __u64 least, __u64 most, __u64 *number);

/* yes or no, in any case. */
int parse_yes_no(const char *text, bool *yes);

enum { PARSE_BYTES_MOST = 256 }; /* of parse_hex() and parse_base64(); more is -EINVAL */

/* Exactly `size` bytes in hexadecimal; colons between bytes are allowed. */
int parse_hex(const char *text, __u8 *bytes, size_t size);

/* Exactly `size` bytes in padded base64 (RFC 4648 section 4). */
int parse_base64(const char *text, __u8 *bytes, size_t size);

/* Whether bits behind the length are set. */
bool prefix_has_host_bits(const struct mf_prefix *prefix);

/* Whether `address` lies within prefix / `length` bits. */
bool prefix_covers(const __u8 prefix[static 16], unsigned int length, const __u8 address[static 16]);

/* IPv4 as a mapped prefix? */
bool prefix_is_v4(const struct mf_prefix *prefix);

#endif
