/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * KRPC: what a read-only client (BEP 43) says and hears of BEP 5 (Kademlia), 32 (IPv6) and 44 (items). Replies and
 * errors come out as bounded structs; queries of others are not understood, because nobody is answered.
 */
#ifndef MAYFLY_CTL_DHT_KRPC_H
#define MAYFLY_CTL_DHT_KRPC_H

#include "ctl/dht/dht.h"

enum krpc_limit {
	KRPC_ID_BYTES = 8,        /* of a transaction */
	KRPC_TOKEN_MOST = 64,
	KRPC_NODES_MOST = 8,      /* kept of a reply, per family */
	KRPC_PEERS_MOST = 128,    /* kept of a reply; the most generous nodes give 100 */
};

enum krpc_kind { KRPC_FIND_NODE, KRPC_GET, KRPC_GET_PEERS, KRPC_PUT, KRPC_ANNOUNCE };

struct krpc_token {
	__u8 length;
	__u8 bytes[KRPC_TOKEN_MOST];
};

struct krpc_query {
	enum krpc_kind kind;
	enum dht_family family;          /* of the nodes that are wanted */
	const __u8 *transaction;         /* KRPC_ID_BYTES */
	const __u8 *id;                  /* ours, DHT_ID_BYTES */
	const __u8 *target;              /* FIND_NODE, GET; infohash: GET_PEERS, ANNOUNCE */
	const struct krpc_token *token;  /* PUT, ANNOUNCE */
	const struct dht_item *item;     /* PUT */
	const __s64 *replaces;           /* PUT: the sequence that the node holds ("cas"); NULL: none */
	__be16 port;                     /* ANNOUNCE */
};

/* Its length, or 0: longer than DHT_DATAGRAM_MOST. */
size_t krpc_write(__u8 bytes[static DHT_DATAGRAM_MOST], const struct krpc_query *query);

struct krpc_node {
	__u8 id[DHT_ID_BYTES];
	struct dht_endpoint endpoint;
};

struct krpc_reply {
	__u8 transaction[KRPC_ID_BYTES];
	bool is_error;
	int code;                        /* of an error; 0: it names none */
	bool has_id, has_token;
	__u8 id[DHT_ID_BYTES];
	struct krpc_token token;
	__u32 nodes[2];                  /* per family */
	struct krpc_node node[2][KRPC_NODES_MOST];
	__u32 peers;
	struct dht_endpoint peer[KRPC_PEERS_MOST];
	bool has_value;                  /* "v" is there, whatever it is */
	bool has_item;                   /* and is a string, with k, sig and seq; not verified */
	bool has_key, has_signature, has_sequence;
	struct dht_item item;
};

/* 0; -EBADMSG: not a reply or error that could be ours (out-parameter undefined). Keys in any order, none twice. */
int krpc_parse(struct krpc_reply *reply, const __u8 *bytes, size_t length);

#endif
