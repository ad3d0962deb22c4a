/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The IPv4 and the IPv6 DHT know nothing of each other: what is put goes to both, what is looked for is found in
 * either. One job of a store is an operation in each family that the configuration wants.
 */
#ifndef MAYFLY_CTL_STORE_FAMILIES_H
#define MAYFLY_CTL_STORE_FAMILIES_H

#include "ctl/store.h"

struct families_job {
	struct families_job *next, **link;
	store_accept *accept; /* NULL: a put */
	store_done *done;     /* NULL: has been told */
	void *owner;
	/* What an operation that went well means; for as long as nothing has been told. */
	enum store_outcome (*conclude)(struct families_job *job, const struct dht_result *result);
	/* What it means that nodes refused; NULL: nothing. */
	void (*refused)(struct families_job *job, const struct dht_result *result);
	struct store *store;  /* of the job */
	__u32 ports;          /* announces: how many there are to be */
	unsigned int left;    /* operations under way */
	struct store_result best;
};

struct families {
	struct loop_dht *dht;
	struct families_job *jobs;
};

/* Begins the request in all families for a job like `wanted`. 0 or -errno. */
int families_begin(struct families *families, struct dht_request *request, const struct families_job *wanted);
void families_close(struct families *families); /* nothing is told any more */

#endif
