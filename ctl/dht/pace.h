/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * How fast nodes may be asked. libtorrent bans an address for five minutes that sends it 50 packets in ten seconds;
 * here one node gets at most four in any second (so at most 44 in any ten), whatever the operations.
 */
#ifndef MAYFLY_CTL_DHT_PACE_H
#define MAYFLY_CTL_DHT_PACE_H

#include "ctl/dht/dht.h"

enum pace_limit {
	PACE_NODES = 512,     /* remembered; more than that in a second have to wait */
	PACE_PER_SECOND = 4,  /* to one node */
	PACE_ALL_DEFAULT = 200,
};

struct pace_node {
	struct dht_endpoint to;
	__u8 next;                       /* of sent_ms: the oldest */
	__u64 sent_ms[PACE_PER_SECOND];  /* 0: never */
};

struct pace {
	__u32 per_slice;  /* datagrams to all nodes in a slice of time */
	__u32 in_slice;
	__u64 slice;
	struct pace_node node[PACE_NODES];
};

void pace_init(struct pace *pace, __u32 per_second); /* 0: default */

/* The earliest time from `now_ms` (> 0) on at which a datagram may go to `to`. */
__u64 pace_when(const struct pace *pace, const struct dht_endpoint *to, __u64 now_ms);

/* One goes now. */
void pace_note(struct pace *pace, const struct dht_endpoint *to, __u64 now_ms);

#endif
