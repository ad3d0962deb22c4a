/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Lookups of introductions beside a loop that goes on turning: each is a meet_search() in a thread of its own, with a line
 * to the loader of its own.
 */
#ifndef MAYFLY_CTL_LOOKUPS_H
#define MAYFLY_CTL_LOOKUPS_H

#include <uv.h>

#include "ctl/client.h"
#include "ctl/meet_search.h"

enum { LOOKUPS_MOST = 4 }; /* at once */

struct lookups;

/* A copy is taken of all that it points to. */
struct lookup_request {
	const struct config_rendezvous *rendezvous;
	const struct rendezvous_pair *pair;
	__u32 period_s;            /* to be tried first; 0: that of the configuration */
	const char *loader;        /* path of its socket */
	struct mf_template prefix; /* where queries leave from, lent by the loader */
	const char *nodes_path;    /* NULL: no DHT nodes are remembered */
	const struct meeting_dead *dead; /* as of struct meet_search */
	__u64 tag;                 /* the caller's own */
};

/* `meeting`: what was found, or NULL and `why`: it could not even search. Its secrets end with the call. */
typedef void lookups_ended(void *context, __u64 tag, const struct meeting *meeting, const char *why);

struct lookups *lookups_new(uv_loop_t *loop, lookups_ended *ended, void *context); /* NULL: no memory */

/* What is under way ends by itself, unheard; memory goes with the last of it. NULL is fine. */
void lookups_close(struct lookups *lookups);

bool lookups_have_room(const struct lookups *lookups);

/* 0, or -errno and `why`: then nothing will be heard of it. */
int lookups_begin(struct lookups *lookups, const struct lookup_request *request, char why[static SAY_BYTES]);

#endif
