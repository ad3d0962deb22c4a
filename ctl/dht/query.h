/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Queries of one operation that are on their way, and the sources that they are sent from. How often and how fast is
 * decided here; what an answer means is not. Internal to ctl/dht.
 */
#ifndef MAYFLY_CTL_DHT_QUERY_H
#define MAYFLY_CTL_DHT_QUERY_H

#include "ctl/dht/dht.h"
#include "ctl/dht/krpc.h"

struct operation;

enum query_limit {
	QUERIES_MOST = 96,        /* under way */
	SOURCES_MOST = 96,
	QUERY_MS = 500,           /* until it is sent again, at most */
	PATIENCE_LEAST_MS = 100,  /* and at least, where others answer fast */
	SLOW_LEAST_MS = 15,       /* until a reader asks another node as well */
	SLOW_MOST = 8,            /* beside whom others are asked */
	ATTEMPTS = 3,
	UNKNOWN_ATTEMPTS = 2,     /* of get, for a node that has never answered, while others do */
};

enum source_state { SOURCE_FREE = 0, SOURCE_WANTED, SOURCE_OPEN, SOURCE_CLOSING };

struct source {
	enum source_state state;
	__u32 number;
	bool has_address;
	__u8 address[16];
	__u8 id[DHT_ID_BYTES]; /* random, until its address makes it conform */
};

enum query_purpose { QUERY_FIND, QUERY_GET, QUERY_AGAIN, QUERY_TOKEN, QUERY_STORE };

struct query {
	bool used;
	enum query_purpose purpose;
	__u16 place;        /* of the candidate */
	__u16 source;
	__u8 task, holder;  /* TOKEN, STORE */
	__u8 transaction[KRPC_ID_BYTES];
	__u32 sent;         /* times */
	__u64 first_ms;     /* when first sent */
	__u64 slow_ms;      /* when another node is asked beside it */
	__u64 due_ms;       /* when it is to be sent (again), or fails */
};

/* A place in op->query, or -1: none is free, or no source. */
int query_start(struct operation *operation, __u64 now_ms, enum query_purpose purpose, __u16 place, __u16 source);
void query_end(struct operation *operation, struct query *query);
void query_end_all(struct operation *operation);
struct query *query_match(struct operation *operation, __u32 source, const struct dht_endpoint *from,
			  const __u8 transaction[static KRPC_ID_BYTES]);

/* One whose time is over: sent as often as it may. NULL: none. */
struct query *query_expired(struct operation *operation, __u64 now_ms);
bool query_send(struct operation *operation, __u64 now_ms, struct dht_action *action);
__u64 query_wake_ms(const struct operation *operation);

/* How many of this purpose are on their way: those that others are to be asked beside are so from QUERY_SLOW on. */
enum query_pace { QUERY_PROMPT, QUERY_SLOW, QUERY_LATE };
unsigned int query_count(const struct operation *operation, enum query_purpose purpose, enum query_pace most);

int source_new(struct operation *operation); /* its place, or -1 */
void source_close(struct operation *operation, unsigned int place);
bool source_report(struct operation *operation, struct dht_action *action); /* OPEN or CLOSE, if there is one */

#endif
