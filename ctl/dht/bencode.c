// SPDX-License-Identifier: GPL-2.0-only
/* Bencode: reading hostile bytes, writing our own. */
#include "ctl/dht/bencode.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

static bool is_digit(__u8 byte)
{
	return byte >= '0' && byte <= '9';
}

static size_t remains(const struct bencode_cursor *cursor)
{
	return (size_t)(cursor->end - cursor->at);
}

/* Digits up to `most`; no leading zero but "0" itself. */
static int take_digits(struct bencode_cursor *cursor, __u64 most, __u64 *number)
{
	const __u8 *first = cursor->at;
	__u64 value = 0;

	for (; cursor->at < cursor->end && is_digit(*cursor->at); cursor->at++) {
		__u64 digit = *cursor->at - '0';

		if (digit > most || value > (most - digit) / 10)
			return -EBADMSG;
		value = value * 10 + digit;
	}
	if (cursor->at == first || (*first == '0' && cursor->at - first > 1))
		return -EBADMSG;
	*number = value;
	return 0;
}

int bencode_string(struct bencode_cursor *cursor, struct bencode_bytes *string)
{
	struct bencode_cursor ahead = *cursor;
	__u64 length;

	if (take_digits(&ahead, remains(cursor), &length) || !bencode_step(&ahead, ':') || length > remains(&ahead))
		return -EBADMSG;
	*string = (struct bencode_bytes){ ahead.at, length };
	cursor->at = ahead.at + length;
	return 0;
}

int bencode_integer(struct bencode_cursor *cursor, __s64 *integer)
{
	struct bencode_cursor ahead = *cursor;
	bool negative;
	__u64 size;

	if (!bencode_step(&ahead, 'i'))
		return -EBADMSG;
	negative = bencode_step(&ahead, '-');
	if (take_digits(&ahead, (1ULL << 63) - !negative, &size) || !bencode_step(&ahead, 'e') || (negative && !size))
		return -EBADMSG;
	*integer = negative ? (__s64)(0 - size) : (__s64)size;
	*cursor = ahead;
	return 0;
}

bool bencode_step(struct bencode_cursor *cursor, char kind)
{
	if (cursor->at == cursor->end || *cursor->at != (__u8)kind)
		return false;
	cursor->at++;
	return true;
}

/* What surrounds the place in bencode_skip(): a bit for each level, the outermost is bit 1. */
struct nesting {
	unsigned int depth, dictionary, wants_value;
};

static bool wants_key(const struct nesting *nesting)
{
	unsigned int bit = 1U << nesting->depth;

	return nesting->dictionary & bit && !(nesting->wants_value & bit);
}

static int open_level(struct nesting *nesting, bool dictionary)
{
	if (nesting->depth == BENCODE_DEPTH_MOST || wants_key(nesting))
		return -EBADMSG;
	nesting->depth++;
	nesting->dictionary &= ~(1U << nesting->depth);
	nesting->dictionary |= (unsigned int)dictionary << nesting->depth;
	nesting->wants_value &= ~(1U << nesting->depth);
	return 0;
}

static int close_level(struct nesting *nesting)
{
	if (!nesting->depth || nesting->wants_value & 1U << nesting->depth)
		return -EBADMSG;
	nesting->depth--;
	return 0;
}

static int skip_plain(struct bencode_cursor *cursor, const struct nesting *nesting)
{
	struct bencode_bytes string;
	__s64 integer;

	if (is_digit(*cursor->at))
		return bencode_string(cursor, &string);
	return wants_key(nesting) ? -EBADMSG : bencode_integer(cursor, &integer);
}

int bencode_skip(struct bencode_cursor *cursor)
{
	struct bencode_cursor ahead = *cursor;
	struct nesting nesting = { 0 };

	while (ahead.at < ahead.end) {
		bool dictionary = *ahead.at == 'd';
		int error;

		if (dictionary || *ahead.at == 'l') {
			if (open_level(&nesting, dictionary))
				return -EBADMSG;
			ahead.at++;
			continue;
		}
		error = bencode_step(&ahead, 'e') ? close_level(&nesting) : skip_plain(&ahead, &nesting);
		if (error)
			return -EBADMSG;
		if (!nesting.depth) {
			*cursor = ahead;
			return 0;
		}
		nesting.wants_value ^= nesting.dictionary & 1U << nesting.depth;
	}
	return -EBADMSG;
}

bool bencode_equal(const struct bencode_bytes *string, const char *text)
{
	return string->length == strlen(text) && !memcmp(string->at, text, string->length);
}

void bencode_put(struct bencode_writer *writer, const void *bytes, size_t length)
{
	if (length > writer->room - writer->used) {
		writer->full = true;
		return;
	}
	if (length)
		memcpy(writer->bytes + writer->used, bytes, length);
	writer->used += length;
}

void bencode_put_text(struct bencode_writer *writer, const char *text)
{
	bencode_put(writer, text, strlen(text));
}

void bencode_put_string(struct bencode_writer *writer, const void *bytes, size_t length)
{
	char head[24];

	snprintf(head, sizeof(head), "%zu:", length);
	bencode_put_text(writer, head);
	bencode_put(writer, bytes, length);
}

void bencode_put_integer(struct bencode_writer *writer, __s64 integer)
{
	char text[24];

	snprintf(text, sizeof(text), "i%llde", integer);
	bencode_put_text(writer, text);
}
