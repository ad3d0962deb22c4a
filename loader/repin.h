/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Somebody has removed pins while a loader runs: what it holds by descriptor goes on, and is pinned anew.
 */
#ifndef MAYFLY_LOADER_REPIN_H
#define MAYFLY_LOADER_REPIN_H

struct mf_instance;

/* The directory, maps and the record; links follow when they are looked at (mf_attach_stands()). What goes wrong is said once. */
void mf_repin(struct mf_instance *instance);

#endif
