/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * One operation of the engine, and what its parts share: query.c (what is on its way), lookup.c (who is nearest, what
 * they hold), store.c (leaving something there). Internal to ctl/dht.
 *
 *	FIND      find_node with a blurred target, until the nearest are known
 *	GET       get or get_peers with the real one to the nearest
 *	AGAIN     get_peers once more to those that gave peers, as long as new ones come
 *	STORE     put or announce_peer
 *	FINISHED
 */
#ifndef MAYFLY_CTL_DHT_OPERATION_H
#define MAYFLY_CTL_DHT_OPERATION_H

#include "ctl/dht/candidates.h"
#include "ctl/dht/dht.h"
#include "ctl/dht/krpc.h"
#include "ctl/dht/nodes.h"
#include "ctl/dht/pace.h"
#include "ctl/dht/query.h"

enum operation_limit {
	OPERATION_MS = 30000,        /* of FIND, GET and AGAIN and a single STORE; every further port has a second more */
	FIND_MS = 12000,
	GET_MS = 22000,              /* since the beginning, too */
	NEAREST = DHT_STORE_NODES,
	NEAREST_OF_ALL = 16,         /* whom a reader of all asks: nodes that came later may be nearer than those that hold it */
	FIND_QUERIES_MOST = 40,
	GET_HEARD_MOST = 24,         /* so many nodes learn the real target, dead ones not counted; */
	GET_HEARD_OF_ALL = 32,       /* of a reader of all */
	GET_QUERIES_MOST = 56,       /* with the dead ones that tables may be full of */
	AGAIN_QUERIES_MOST = 64,
	TASKS_MOST = 4,
	PEERS_PER_NODE = 256,
	TOKEN_MS = 5 * 60 * 1000,
	HIDDEN_BYTES = 12,           /* of the target, while looking for the nearest: the low 96 bits */
	OWN_SOURCE = 0,              /* place of the operation's own */
	OWN_ADDRESSES = 1024,        /* of ours that nodes may hand out to us */
};

enum operation_stage { STAGE_FIND, STAGE_GET, STAGE_AGAIN, STAGE_STORE, STAGE_FINISHED };

/* A node that answered in GET: what it gave us. */
struct holder {
	__u16 place;
	__u16 peers;        /* that it gave */
	struct krpc_token token;
	__u64 token_ms;
	bool has_sequence;  /* of a valid item under our key */
	__s64 sequence;
};

enum deposit_state { DEPOSIT_WANTS_TOKEN = 0, DEPOSIT_HAS_TOKEN, DEPOSIT_ASKED, DEPOSIT_STORED, DEPOSIT_FAILED };

/* One thing (the item, or a port) on its way to all nodes that store it, from one source. */
struct task {
	bool used;
	__u32 port;         /* place in ports */
	__u16 source;
	struct deposit {
		enum deposit_state state;
		struct krpc_token token;
		__u64 token_ms;
	} deposit[DHT_STORE_NODES];
};

struct operation {
	struct dht *dht;
	struct dht_request request;
	enum operation_stage stage;
	__u8 target[DHT_ID_BYTES], blurred[DHT_ID_BYTES];
	__u64 begun_ms, wait_until_ms; /* GET: for a higher sequence; 0: no value yet */
	__u64 wake_ms;                 /* nothing to do before */
	__u32 slowest_ms;              /* answer so far that came at the first asking */
	__u32 finds, gets, agains;     /* queries begun */
	__u32 gets_in_vain;            /* to nodes that have never answered anything */
	__u32 unchanged;               /* answers of nearest nodes, one after the other, that named nobody nearer */
	__u32 round_began_with;        /* AGAIN: peers */
	bool found;
	struct candidates candidates;
	struct query query[QUERIES_MOST];
	struct source source[SOURCES_MOST];
	__u32 holders;
	struct holder holder[GET_HEARD_OF_ALL];
	__u32 store_count;
	__u8 store_holder[DHT_STORE_NODES]; /* places in holder */
	__u8 store_failures[DHT_STORE_NODES]; /* one after the other; a node that fails thrice gets no more */
	__u32 store_ports[DHT_STORE_NODES]; /* acknowledged */
	__u32 next_port, port_count;
	__be16 ports[DHT_PORTS_MOST];
	bool port_stored[DHT_PORTS_MOST];
	struct task task[TASKS_MOST];
	struct dht_endpoint *peers;    /* DHT_PEERS_MOST; GET_PEERS only */
	struct dht_result result;
};

struct dht {
	struct dht_settings settings;
	struct pace pace;
	struct nodes nodes[2];
	struct own_addresses {
		__u32 count;
		__u8 address[OWN_ADDRESSES][16]; /* the last that sources had */
	} own;
	__u32 last_operation, last_source, turn;
	__u64 wake_ms;
	struct operation *operation[DHT_OPERATIONS_MOST];
	struct operation *delivered; /* its result is being read */
};

/* lookup.c */
void lookup_begin(struct operation *operation);
void lookup_step(struct operation *operation, __u64 now_ms);
void lookup_answer(struct operation *operation, const struct query *query, const struct krpc_reply *reply,
		   __u64 now_ms);
void lookup_silent(struct operation *operation, const struct query *query);
struct holder *lookup_holder(struct operation *operation, __u16 place); /* NULL: it is none */

/* store.c */
void store_begin(struct operation *operation, __u64 now_ms);
void store_step(struct operation *operation, __u64 now_ms);
void store_answer(struct operation *operation, const struct query *query, const struct krpc_reply *reply,
		  __u64 now_ms);
void store_failed(struct operation *operation, const struct query *query);

/* operation.c */
struct operation *operation_new(struct dht *dht, const struct dht_request *request, __u64 now_ms); /* NULL: no memory */
void operation_free(struct operation *operation);
void operation_finish(struct operation *operation, enum dht_outcome outcome, __u64 now_ms);
bool operation_next(struct operation *operation, __u64 now_ms, struct dht_action *action);
void operation_receive(struct operation *operation, __u64 now_ms, __u32 source, const struct dht_endpoint *from,
		       const __u8 *bytes, size_t length);
bool operation_is_over(const struct operation *operation); /* and its result may be delivered */

#endif
