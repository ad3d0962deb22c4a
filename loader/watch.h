/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Follows what happens to interfaces, addresses and routes. Events only say what to look at again.
 */
#ifndef MAYFLY_LOADER_WATCH_H
#define MAYFLY_LOADER_WATCH_H

struct mf_instance;

/* Reads pending events; marks what is stale. */
void mf_watch_events(struct mf_instance *instance);

/* Looks again at what is stale, and every half minute at what no event tells of. */
void mf_watch_refresh(struct mf_instance *instance);

/* A guard on every interface that should have one, and none elsewhere. */
int mf_watch_guards(struct mf_instance *instance);

#endif
