// SPDX-License-Identifier: GPL-2.0-only
/* A small table of who was sent what lately. What falls out of it has had nothing for a second. */
#include "ctl/dht/pace.h"

#include <string.h>

#include "ctl/dht/address.h"

enum { WINDOW_MS = 1000, SLICE_MS = 100, PROBES = 8 };

void pace_init(struct pace *pace, __u32 per_second)
{
	*pace = (struct pace){ .per_slice = (per_second ? per_second : PACE_ALL_DEFAULT) * SLICE_MS / 1000 };
	if (!pace->per_slice)
		pace->per_slice = 1;
}

/* FNV-1a. Who floods one place of the table delays his own nodes. */
static __u32 place_of(const struct dht_endpoint *to)
{
	__u32 hash = 2166136261U;

	for (unsigned int i = 0; i < 16; i++)
		hash = (hash ^ to->address[i]) * 16777619U;
	hash = (hash ^ (to->port & 0xff)) * 16777619U;
	return (hash ^ to->port >> 8) * 16777619U;
}

static __u64 last_ms(const struct pace_node *node)
{
	return node->sent_ms[(node->next + PACE_PER_SECOND - 1) % PACE_PER_SECOND];
}

/* The node's entry, or the one that it would take: the longest idle of its places. */
static const struct pace_node *find(const struct pace *pace, const struct dht_endpoint *to, bool *known)
{
	__u32 first = place_of(to);
	const struct pace_node *oldest = &pace->node[first % PACE_NODES];

	for (__u32 i = 0; i < PROBES; i++) {
		const struct pace_node *node = &pace->node[(first + i) % PACE_NODES];

		*known = last_ms(node) && address_same_endpoint(&node->to, to);
		if (*known)
			return node;
		if (last_ms(node) < last_ms(oldest))
			oldest = node;
	}
	return oldest;
}

static __u64 later(__u64 one, __u64 other)
{
	return one > other ? one : other;
}

__u64 pace_when(const struct pace *pace, const struct dht_endpoint *to, __u64 now_ms)
{
	bool known, full = pace->slice == now_ms / SLICE_MS && pace->in_slice >= pace->per_slice;
	const struct pace_node *node = find(pace, to, &known);
	__u64 before = known ? node->sent_ms[node->next] : last_ms(node);
	__u64 when = full ? (pace->slice + 1) * SLICE_MS : now_ms;

	return before ? later(when, before + WINDOW_MS) : when;
}

void pace_note(struct pace *pace, const struct dht_endpoint *to, __u64 now_ms)
{
	bool known;
	struct pace_node *node = &pace->node[find(pace, to, &known) - pace->node];

	if (pace->slice != now_ms / SLICE_MS) {
		pace->slice = now_ms / SLICE_MS;
		pace->in_slice = 0;
	}
	pace->in_slice++;
	if (!known)
		*node = (struct pace_node){ .to = *to };
	node->sent_ms[node->next] = now_ms;
	node->next = (__u8)((node->next + 1) % PACE_PER_SECOND);
}
