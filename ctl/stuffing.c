// SPDX-License-Identifier: GPL-2.0-only
/* The patent's port stuffing, both ways. Knows nothing of the DHT that carries the ports or of what the bytes mean. */
#include "ctl/stuffing.h"

#include <arpa/inet.h>
#include <errno.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

enum { INDICES = 256, V4_MAPPED_BYTES = 12, V6_GROUP_BYTES = 8 };

/* One index of a group and the bytes that were announced for it. */
struct index {
	const __u8 *bytes;
	__u16 count;
};

/* A group: its indices ascending, all their bytes side by side. */
struct group {
	struct index index[INDICES];
	unsigned int count;
	__u8 bytes[STUFFING_ANNOUNCES_MOST];
	size_t used;
};

/* A way through a group: for each index the byte taken, or `count` of the index if it is left out. */
struct path {
	const struct group *group;
	size_t length;
	unsigned int foreign;     /* that must be left out */
	__u16 choice[INDICES];
};

int stuffing_ports(__be16 *ports, const __u8 *bytes, size_t length, void (*random)(void *to, size_t bytes))
{
	unsigned int first = length < INDICES ? 1 : 0, left = INDICES - first;
	size_t taken = 0;
	__u32 dice;

	if (!length || length > STUFFING_BYTES_MOST || (!first && !bytes[0]))
		return -EINVAL;
	/* Selection sampling: every subset is as likely. What the remainder favours is below 2^-23. */
	for (unsigned int p = first; p < INDICES; p++, left--) {
		if (random)
			random(&dice, sizeof(dice));
		else
			randombytes_buf(&dice, sizeof(dice));
		if (dice % left < length - taken) {
			ports[taken] = htons((__u16)(p << 8 | bytes[taken]));
			taken++;
		}
	}
	return 0;
}

static bool is_v4(const __u8 address[static 16])
{
	static const __u8 mapped[V4_MAPPED_BYTES] = { [10] = 0xff, [11] = 0xff };

	return !memcmp(address, mapped, V4_MAPPED_BYTES);
}

/* By group: the leading /64, for IPv4 the whole address. */
static int compare_groups(const struct stuffing_announce *one, const struct stuffing_announce *other)
{
	int v4 = is_v4(one->address), other_v4 = is_v4(other->address);

	if (v4 != other_v4)
		return v4 - other_v4;
	return memcmp(one->address, other->address, v4 ? sizeof(one->address) : V6_GROUP_BYTES);
}

static int compare_announces(const void *left, const void *right)
{
	const struct stuffing_announce *one = left, *other = right;
	int difference = compare_groups(one, other);

	return difference ? difference : ntohs(one->port) - ntohs(other->port);
}

/* Takes the announces of one group, sorted by port; the same port twice counts once. */
static void fill_group(struct group *group, const struct stuffing_announce *announces, size_t count)
{
	int before = 0;

	group->count = 0;
	group->used = 0;
	for (size_t i = 0; i < count; i++) {
		__u16 port = ntohs(announces[i].port);

		if (i && announces[i].port == announces[i - 1].port)
			continue;
		if (!group->count || port >> 8 != before)
			group->index[group->count++] = (struct index){ group->bytes + group->used, 0 };
		before = port >> 8;
		group->bytes[group->used++] = (__u8)port;
		group->index[group->count - 1].count++;
	}
}

/* The first way from index `from` on, with what stands before it: takes as early as it can, leaves out at the end. */
static void complete(struct path *path, unsigned int from)
{
	unsigned int out = 0;

	for (unsigned int i = 0; i < from; i++)
		out += path->choice[i] == path->group->index[i].count;
	for (unsigned int i = from; i < path->group->count; i++) {
		bool must = path->group->count - i <= path->foreign - out;

		path->choice[i] = must ? path->group->index[i].count : 0;
		out += must;
	}
}

/* The next way, like an odometer from the last index on; false: that was the last. */
static bool advance(struct path *path)
{
	unsigned int out = 0;

	for (unsigned int i = 0; i < path->group->count; i++)
		out += path->choice[i] == path->group->index[i].count;
	for (unsigned int i = path->group->count; i--;) {
		__u16 bytes = path->group->index[i].count;

		if (path->choice[i] == bytes) {
			out--; /* of those before i now */
			continue;
		}
		path->choice[i]++;
		if (path->choice[i] < bytes || out < path->foreign) {
			complete(path, i + 1);
			return true;
		}
	}
	return false;
}

static void collect(const struct path *path, __u8 *bytes)
{
	size_t used = 0;

	for (unsigned int i = 0; i < path->group->count && used < path->length; i++)
		if (path->choice[i] < path->group->index[i].count)
			bytes[used++] = path->group->index[i].bytes[path->choice[i]];
}

/* 0, -ENOENT: too few or too many indices, or -EBADMSG. */
static int try_length(const struct group *group, size_t length, stuffing_judge *judge, void *context)
{
	struct path path = { .group = group, .length = length };
	__u8 bytes[STUFFING_BYTES_MOST];

	if (!length || length > STUFFING_BYTES_MOST || group->count < length)
		return -ENOENT;
	path.foreign = group->count - (unsigned int)length;
	if (path.foreign > STUFFING_FOREIGN_MOST)
		return -EBADMSG;
	complete(&path, 0);
	for (unsigned int tries = 0; tries < STUFFING_TRIES_MOST; tries++) {
		collect(&path, bytes);
		if (judge(context, bytes, length))
			return 0;
		if (!advance(&path))
			break;
	}
	return -EBADMSG;
}

static int try_groups(struct group *group, const struct stuffing_announce *sorted, size_t count, const size_t *lengths,
		      size_t length_count, stuffing_judge *judge, void *context)
{
	int result = -ENOENT;
	size_t end;

	for (size_t start = 0; start < count; start = end) {
		for (end = start + 1; end < count && !compare_groups(&sorted[start], &sorted[end]); end++)
			;
		fill_group(group, sorted + start, end - start);
		for (size_t i = 0; i < length_count; i++) {
			int error = try_length(group, lengths[i], judge, context);

			if (!error)
				return 0;
			result = error == -EBADMSG ? error : result;
		}
	}
	return result;
}

int stuffing_read(const struct stuffing_announce *announces, size_t count, const size_t *lengths, size_t length_count,
		  stuffing_judge *judge, void *context)
{
	size_t taken = count < STUFFING_ANNOUNCES_MOST ? count : STUFFING_ANNOUNCES_MOST;
	struct stuffing_announce *sorted;
	struct group *group;
	int error = -ENOMEM;

	if (!taken)
		return -ENOENT;
	sorted = reallocarray(NULL, taken, sizeof(*sorted));
	group = malloc(sizeof(*group));
	if (sorted && group) {
		memcpy(sorted, announces, taken * sizeof(*sorted));
		qsort(sorted, taken, sizeof(*sorted), compare_announces);
		error = try_groups(group, sorted, taken, lengths, length_count, judge, context);
	}
	free(group);
	free(sorted);
	return error;
}
