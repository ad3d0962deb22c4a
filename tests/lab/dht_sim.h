/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A DHT in one process, in simulated time, from a seed: nodes with Kademlia routing tables, tokens and storage, some of
 * them dead, some of them liars; and the engine among them. For unit tests and `build/bench/dhtsim`.
 */
#ifndef MAYFLY_TESTS_LAB_DHT_SIM_H
#define MAYFLY_TESTS_LAB_DHT_SIM_H

#include "ctl/dht/dht.h"

enum sim_limit {
	SIM_BUCKETS = 24,       /* longer common prefixes share the last */
	SIM_BUCKET_NODES = 8,
	SIM_ITEMS = 8,          /* that a node stores */
	SIM_PEERS = 600,
	SIM_EVENTS = 65536,
	SIM_SOURCES = 1024,     /* whose ids are remembered */
};

/* What a node does to whoever asks. */
enum sim_manner {
	SIM_HONEST = 0,
	SIM_DEAD,        /* in the tables of others all the same */
	SIM_NO_ITEMS,    /* silent to get and put, as Transmission is */
	SIM_WRONG_ID,    /* answers as somebody else, each time another */
	SIM_CHAIN,       /* names nodes in its own /48, nearer and nearer without end, and answers for them */
	SIM_CROWD,       /* names nodes that are all at its own address */
	SIM_STALE,       /* has only an older item (sim->stale) */
	SIM_FORGED,      /* an item whose signature is wrong */
	SIM_OTHER_KEY,   /* a valid item under another key */
	SIM_JUNK_PEERS,  /* peers nobody announced, 100 an answer */
	SIM_ELSEWHERE,   /* answers from another port */
	SIM_OTHER_ID,    /* another transaction */
	SIM_TWICE,       /* every answer twice */
	SIM_TRUNCATED,   /* answers cut anywhere */
	SIM_GARBAGE,     /* random bytes */
	SIM_ERROR,       /* [201, ...] to everything */
	SIM_REFUSES,     /* [302, ...] to put */
	SIM_UNKNOWING,   /* [204, ...] to get: knows no items, as rtorrent does */
	SIM_MARTIANS,    /* names nodes at addresses where nobody can be */
};

struct sim_node {
	__u8 id[DHT_ID_BYTES];
	struct dht_endpoint endpoint;
	enum sim_manner manner;
	__u32 rtt_ms;
	__u32 queries;                     /* that came */
	__u64 last_sent_ms[50];            /* ring of when */
	__u32 item_count, peer_count;
	struct dht_item item[SIM_ITEMS];
	struct dht_endpoint *peer;         /* SIM_PEERS, when the first is announced */
	__u16 bucket[SIM_BUCKETS][SIM_BUCKET_NODES];
	__u8 in_bucket[SIM_BUCKETS];
};

struct sim_event {
	__u64 at_ms;
	__u32 source;
	struct dht_endpoint from;
	__u16 length;
	__u8 *bytes;
};

/* A source of the engine's goes by one id as long as it is open, and by one that no other has had. */
struct sim_source {
	__u32 number; /* 0: none */
	__u8 id[DHT_ID_BYTES];
};

struct sim_settings {
	__u32 nodes, seed;
	enum dht_family family;
	__u32 rtt_least_ms, rtt_most_ms;
	__u32 dead_percent, loss_percent;  /* loss: of queries and of answers each */
	bool public_addresses;             /* else documentation prefixes, and the engine allows private ones */
};

struct sim {
	struct sim_settings settings;
	struct dht *dht;
	__u64 now_ms, random;
	struct sim_node *node;
	struct sim_event *event;
	__u32 events;
	struct dht_item stale;             /* what SIM_STALE nodes give */
	__u32 opened, closed, sent;
	__u32 fastest;                     /* most datagrams to one node within a second */
	__u32 fastest_10s;
	__u32 targets_seen;                /* times that living nodes were told the real target */
	const __u8 *target;                /* count them for this */
	struct sim_source source[SIM_SOURCES];
};

struct sim *sim_new(const struct sim_settings *settings);
void sim_free(struct sim *sim);

/* A new engine that knows `count` random living nodes. */
void sim_engine(struct sim *sim, __u32 bootstrap_count);
__u64 sim_random(struct sim *sim);

/* The `rank`th nearest node to the target, dead and lying ones too. */
struct sim_node *sim_nearest(struct sim *sim, const __u8 target[static DHT_ID_BYTES], __u32 rank);

/* Runs one operation to its end; false: it did not end within `most_ms` simulated. peers: room for DHT_PEERS_MOST, or NULL. */
bool sim_run(struct sim *sim, const struct dht_request *request, __u64 most_ms, struct dht_result *result,
	     struct dht_endpoint *peers);

/* An item of `length` bytes with this sequence, under a key that follows from `key`. */
void sim_item(struct dht_item *item, __u32 key, __s64 sequence, __u16 length);

#endif
