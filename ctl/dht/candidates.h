/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The nodes that a lookup knows of, nearest first (BEP 5). A place in the table stays a node's own until the lookup
 * ends, once it has been asked. One host cannot fill the table: places per address and per network are few.
 */
#ifndef MAYFLY_CTL_DHT_CANDIDATES_H
#define MAYFLY_CTL_DHT_CANDIDATES_H

#include "ctl/dht/dht.h"

enum candidates_limit {
	CANDIDATES_MOST = 256,
	CANDIDATES_PER_ADDRESS = 2, /* not of loopback */
	CANDIDATES_PER_NETWORK = 4, /* public /24 or /48: no more than half of the nearest eight */
};

/* How far a question to a node has come. */
enum candidate_state { CANDIDATE_NEW = 0, CANDIDATE_ASKED, CANDIDATE_ANSWERED, CANDIDATE_FAILED };

struct candidate {
	struct dht_endpoint endpoint;
	__u8 id[DHT_ID_BYTES];
	bool used;
	bool has_id;    /* a node to begin with shows its own when it answers */
	bool slow;      /* answers not as fast as the others: another is asked beside it */
	bool late;      /* has let an answer's usual time pass */
	__u8 find, get; /* enum candidate_state of either question */
	__u8 named;     /* by how many nodes, itself included when it answered */
	__u16 named_in; /* which answer named it last */
};

struct candidates {
	__u8 target[DHT_ID_BYTES];
	enum dht_family family;
	bool allow_private;
	__u16 count;                   /* of those with an id */
	__u8 order[CANDIDATES_MOST];   /* places, nearest first */
	struct candidate at[CANDIDATES_MOST];
};

void candidates_init(struct candidates *candidates, const __u8 target[static DHT_ID_BYTES], enum dht_family family,
		     bool allow_private);

/*
 * A node that somebody named; `id` NULL: not known. Its place (the old one, if it is known already), or -1: of no
 * use, or no room for one so far away.
 */
int candidates_add(struct candidates *candidates, const __u8 *id, const struct dht_endpoint *endpoint);

/* A node without an id has shown it. Its place from now on: another one if it was known by that id. */
int candidates_identify(struct candidates *candidates, int place, const __u8 id[static DHT_ID_BYTES]);

/* The node is not (any more) what it was called; it counts against its host no longer. */
void candidates_drop(struct candidates *candidates, int place);

static inline struct candidate *candidates_nearest(struct candidates *candidates, unsigned int rank)
{
	return &candidates->at[candidates->order[rank]];
}

#endif
