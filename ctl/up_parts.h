/* SPDX-License-Identifier: GPL-2.0-only */
/* What the parts of up and reload (ctl/up*.c) ask of each other. */
#ifndef MAYFLY_CTL_UP_PARTS_H
#define MAYFLY_CTL_UP_PARTS_H

#include "ctl/config_file.h"
#include "ctl/ctl.h"
#include "ctl/plan.h"
#include "ctl/sessions_tell.h"

struct up_run {
	struct config config;
	__u8 public_key[KEY_PUBLIC_BYTES];
	struct config_keys keys;
	struct client client;
	struct snapshot present;
	struct plan plan;
	__u32 more; /* associations that there is to be room for besides those of the file */
	bool fresh; /* nothing was up before */
	bool quiet; /* nothing on stdout */
	bool keeper; /* this process keeps the sessions of the node, and asks for no lock of its own (keeper_pid()) */
	bool keeps; /* sessions, too: they need room */
	bool stays; /* as their keeper, in this process: nobody else may be it */
	int lock; /* of keeper_lock(), of one that stays; negative: none */
};

/* up.c: brings the loader to what the file says. An enum ctl_exit; what is wrong has been said. Close it in any case. */
int up_run(struct up_run *run, const struct ctl *ctl, const char *argument, bool reload);
void up_close(struct up_run *run);

/* up_print.c */
void up_print_step(const struct plan_step *step);
void up_print_outcome(const struct up_run *run);

/*
 * up_wait.c: until all sessions stand that `keeper` keeps at this end, as it tells of them, for `wait_ms` at the most.
 * An enum ctl_exit; who has none has been said.
 */
int up_wait(const struct up_run *run, enum sessions_keeper keeper, __u32 wait_ms);

#endif
