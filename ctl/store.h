/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Where values are left and looked for, whatever it is: the DHT's items, its announces, Redis. A store knows places and
 * bytes; who may read them is the box's matter.
 */
#ifndef MAYFLY_CTL_STORE_H
#define MAYFLY_CTL_STORE_H

#include <uv.h>

#include "ctl/config_rendezvous.h"
#include "ctl/loop_dht.h"
#include "ctl/say.h"
#include "ctl/two_stage.h"

/* One place of one period and direction, under the names that the stores know it by. The seed is secret. */
struct store_place {
	__u8 seed[32], public_key[32]; /* of the item: DHT, and Redis in the native form */
	__u8 descriptor[RENDEZVOUS_DESCRIPTOR_BYTES]; /* d_T: announces, and Redis in the paper's forms */
	__u32 until_s; /* Unix time after which nobody looks there; for stores that forget by time */
	const struct two_stage_keys *common; /* the common item of `period`: it signs, and there is no seed; else NULL */
	__u32 period;
};

enum store_outcome {
	STORE_DONE = 0,     /* put: it stands; get: found and accepted */
	STORE_NOTHING,      /* nothing is stored there */
	STORE_FOREIGN,      /* something is, and the box does not open */
	STORE_NO_BOOTSTRAP, /* no DHT node to begin with is known */
	STORE_NO_ANSWER,    /* nobody answers */
	STORE_REFUSED,      /* put: nobody took it */
	STORE_FAILED,       /* `why` says it */
	STORE_CANCELLED,
};

struct store_result {
	enum store_outcome outcome;
	__u32 holders;        /* nodes that hold it, or gave it */
	__u32 nodes, silent;  /* that answered, and did not; of several lookups every one anew: answers */
	__u32 sent, received; /* datagrams */
	__u32 took_ms;
	char why[SAY_BYTES];  /* FAILED */
};

typedef void store_done(void *owner, const struct store_result *result);

/* Whether these bytes are what was looked for; keeps what it has read of them. May be called any number of times. */
typedef bool store_accept(void *owner, const __u8 *value, size_t length);

struct store;

struct store_operations {
	const char *name; /* "dht" */
	/* 0 or -errno; then `done` comes once, never from within the call, unless the store closes before. */
	int (*put)(struct store *store, const struct store_place *place, const __u8 *value, size_t length,
		   store_done *done, void *owner);
	/* thorough: everybody who may hold something newer is asked, which costs; else whoever is enough as a rule. */
	int (*get)(struct store *store, const struct store_place *place, bool thorough, store_accept *accept,
		   store_done *done, void *owner);
	void (*close)(struct store *store);
};

struct store {
	const struct store_operations *operations;
};

struct store_settings {
	uv_loop_t *loop;
	const struct config_rendezvous *rendezvous;
	struct loop_dht *dht; /* of the stores that need it */
};

/* The store that the configuration names. 0, or -errno and `why`. */
int store_open(struct store **store, const struct store_settings *settings, char why[static SAY_BYTES]);
void store_close(struct store *store); /* NULL is fine; before its loop_dht */

/* Fills in a place. 0, or -EINVAL: keys that give none. */
void store_place_of(struct store_place *place, const struct rendezvous_pair *pair, __u32 period_s, __u32 period);

/* The place of the common item of a period. 0, or -EINVAL: the period is not in the window. */
int store_place_common(struct store_place *place, const struct two_stage_access *access, __u32 period);

/* Words for an outcome, and what to do about it: "nobody answered ..." */
const char *store_outcome_name(enum store_outcome outcome);

/* The stores. NULL: no memory. */
struct store *store_dht_new(const struct store_settings *settings);
struct store *store_announce_new(const struct store_settings *settings);

/* Redis; also NULL, and `why`, for an address that is none. */
struct store *store_servers_new(const struct store_settings *settings, char why[static SAY_BYTES]);

#endif
