/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Mainline DHT client: an engine without sockets, clock or randomness of its own. Datagrams and
 * `now_ms` go in; datagrams to send, sources to close and results come out. Read-only (BEP 43):
 * it answers nobody and keeps no routing table but the good nodes it may remember.
 */
#ifndef MAYFLY_CTL_DHT_DHT_H
#define MAYFLY_CTL_DHT_DHT_H

#include <linux/types.h>
#include <stdbool.h>
#include <stddef.h>

enum dht_limit {
	DHT_ID_BYTES = 20,
	DHT_PUBLIC_BYTES = 32,    /* Ed25519 */
	DHT_SIGNATURE_BYTES = 64,
	DHT_VALUE_MOST = 996,     /* BEP 44: 1000 bencoded */
	DHT_PUT_VALUE_MOST = 900, /* that fits in one datagram of ours whatever the token */
	DHT_DATAGRAM_MOST = 1232, /* that we send: 1280 less IPv6 and UDP headers */
	DHT_RECEIVE_MOST = 1500,
	DHT_PEERS_MOST = 2048,    /* kept of all replies of one GET_PEERS */
	DHT_GOOD_NODES = 64,      /* remembered per family */
	DHT_STORE_NODES = 8,      /* that a PUT or ANNOUNCE goes to */
	DHT_PORTS_MOST = 256,     /* of one ANNOUNCE */
	DHT_OPERATIONS_MOST = 32, /* under way at once */
};

enum dht_family { DHT_IPV4 = 0, DHT_IPV6 = 1 };

struct dht_endpoint {
	__u8 address[16]; /* IPv4 mapped */
	__be16 port;
};

/* A mutable item (BEP 44), without salt. `value` is the content of the bencoded string. */
struct dht_item {
	__u8 public_key[DHT_PUBLIC_BYTES];
	__u8 signature[DHT_SIGNATURE_BYTES];
	__s64 sequence;
	__u16 length;
	__u8 value[DHT_VALUE_MOST];
};

enum dht_kind { DHT_GET, DHT_PUT, DHT_GET_PEERS, DHT_ANNOUNCE };

struct dht_request {
	enum dht_kind kind;
	enum dht_family family;
	bool read_all;                     /* GET: all of the nearest, not the first good value of four and a short while (in which four
	                                    * nodes in concert can hide a newer one);
	                                    * GET_PEERS: ask who knows peers again until nothing new comes */
	bool source_per_query;             /* GET, GET_PEERS: a source of its own for every query (IPv6) */
	__u8 public_key[DHT_PUBLIC_BYTES]; /* GET: what to read; its target is SHA-1 of it */
	struct dht_item item;              /* PUT: signed; see dht_item_sign() */
	__u8 infohash[DHT_ID_BYTES];       /* GET_PEERS, ANNOUNCE */
	const __be16 *ports;               /* ANNOUNCE: copied; each of them on the same nodes, which are looked up once */
	__u32 port_count;                  /* IPv6: every port from a source of its own; IPv4: all from one */
	void *owner;                       /* handed back with the result */
};

enum dht_outcome {
	DHT_DONE = 0,       /* GET: item found; PUT, ANNOUNCE: stored on at least one node; GET_PEERS: peers */
	DHT_NOTHING,        /* nodes answered, nothing (valid) is stored */
	DHT_NO_BOOTSTRAP,   /* no node to begin with is known */
	DHT_NO_ANSWER,      /* nobody answered */
	DHT_REFUSED,        /* PUT: nodes hold a newer sequence (302), or all refused */
	DHT_CANCELLED,
};

struct dht_result {
	void *owner;
	__u32 operation;
	enum dht_kind kind;
	enum dht_family family;
	enum dht_outcome outcome;
	int code;           /* last KRPC error of a node; 0: none */
	__u32 stored;       /* PUT, ANNOUNCE: nodes that acknowledged (a port at least) */
	__u32 ports_stored[DHT_STORE_NODES]; /* ANNOUNCE: how many ports each of those acknowledged, most first */
	__u32 ports_anywhere; /* ANNOUNCE: ports that one node at least acknowledged */
	__u32 holders;      /* GET: nodes that gave a valid item */
	__u32 invalid;      /* GET: values that did not verify */
	__u32 liars;        /* answers that another id, a value or a signature belied */
	__u32 nodes;        /* that answered */
	__u32 silent;       /* that did not */
	__u32 sent, received; /* datagrams */
	__u32 took_ms;
	struct dht_item item;            /* GET: the highest valid sequence */
	__u32 peer_count;                /* GET_PEERS: union of all replies */
	const struct dht_endpoint *peers; /* valid until the next call of the engine */
};

enum dht_action_kind { DHT_NOTHING_TO_DO = 0, DHT_SEND, DHT_CLOSE, DHT_FINISHED, DHT_OPEN };

/*
 * What the loop has to do. OPEN: a socket of `family` on a fresh address and port, to be known as `source`; before the next
 * dht_next() the loop may tell its address (dht_source_address()). SEND: from that source. CLOSE: the source ends; comes
 * once for every OPEN, before the operation's FINISHED. FINISHED: `result` (valid until the next call).
 */
struct dht_action {
	enum dht_action_kind kind;
	__u32 source;
	enum dht_family family;
	struct dht_endpoint to;
	size_t length;
	__u8 bytes[DHT_DATAGRAM_MOST];
	const struct dht_result *result;
};

struct dht_settings {
	bool allow_private;      /* addresses of 10/8, 127/8, fc00::/7, ...: for tests and closed networks */
	__u32 query_ms;          /* until a query is sent again; 0: default */
	__u32 attempts;          /* sendings of a query in all; 0: default (3) */
	__u32 per_second;        /* datagrams to all nodes together; 0: default (200) */
	void (*random)(void *to, size_t bytes); /* NULL: randombytes_buf */
};

struct dht;

struct dht *dht_new(const struct dht_settings *settings); /* NULL: no memory */
void dht_free(struct dht *dht);                           /* NULL is fine */

/* A node to begin with; from the configuration, or remembered. Any number of times; the newest are kept. */
void dht_add_bootstrap(struct dht *dht, const struct dht_endpoint *node);

/* Nodes that answered lately, best first. How many (at most `room`). */
size_t dht_good_nodes(const struct dht *dht, enum dht_family family, struct dht_endpoint *nodes, size_t room);

/*
 * Tells the engine the address (as others see it) of a source, so that ids conform to BEP 42; between its OPEN and
 * the next dht_next(). Optional: the engine asks nothing.
 */
void dht_source_address(struct dht *dht, __u32 source, const __u8 address[static 16]);

/* Starts an operation. Its number (> 0), or 0: no memory, too many, or a request that cannot be (PUT: longer than DHT_PUT_VALUE_MOST). */
__u32 dht_begin(struct dht *dht, __u64 now_ms, const struct dht_request *request);
void dht_cancel(struct dht *dht, __u32 operation);

/* A datagram that came to `source`; whatever it holds. */
void dht_receive(struct dht *dht, __u64 now_ms, __u32 source, const struct dht_endpoint *from, const __u8 *bytes,
		 size_t length);

/* The next thing to do at `now_ms`, into *action. false: nothing before dht_wake_ms(). */
bool dht_next(struct dht *dht, __u64 now_ms, struct dht_action *action);
__u64 dht_wake_ms(const struct dht *dht); /* ~0: nothing is under way */

/* Signs: item->value, length and sequence are set. `seed` is the Ed25519 seed. 0 or -EINVAL. */
int dht_item_sign(struct dht_item *item, const __u8 seed[static 32]);
bool dht_item_verify(const struct dht_item *item);

#endif
