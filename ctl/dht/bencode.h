/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Bencode (BEP 3): a cursor over received bytes, which allocates nothing, recurses nowhere and believes no
 * length; and a writer into a given room. Canonical only: no leading zeros, no -0.
 */
#ifndef MAYFLY_CTL_DHT_BENCODE_H
#define MAYFLY_CTL_DHT_BENCODE_H

#include <linux/types.h>
#include <stdbool.h>
#include <stddef.h>

enum { BENCODE_DEPTH_MOST = 6 };

struct bencode_bytes {
	const __u8 *at;
	size_t length;
};

/* What remains to be read. A call that fails leaves it where it was. */
struct bencode_cursor {
	const __u8 *at, *end;
};

/* 0 or -EBADMSG: something else stands there, or it does not end within the bytes. */
int bencode_string(struct bencode_cursor *cursor, struct bencode_bytes *string);
int bencode_integer(struct bencode_cursor *cursor, __s64 *integer);
int bencode_skip(struct bencode_cursor *cursor); /* any value, at most BENCODE_DEPTH_MOST lists and dictionaries deep */

/* Steps over the byte `kind` ('d', 'l', 'e'), if it stands there. */
bool bencode_step(struct bencode_cursor *cursor, char kind);

bool bencode_equal(const struct bencode_bytes *string, const char *text);

/* What does not fit sets `full` and is left out. */
struct bencode_writer {
	__u8 *bytes;
	size_t room, used;
	bool full;
};

void bencode_put(struct bencode_writer *writer, const void *bytes, size_t length); /* as it is */
void bencode_put_text(struct bencode_writer *writer, const char *text);            /* as it is */
void bencode_put_string(struct bencode_writer *writer, const void *bytes, size_t length);
void bencode_put_integer(struct bencode_writer *writer, __s64 integer);

#endif
