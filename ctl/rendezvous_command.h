/* SPDX-License-Identifier: GPL-2.0-only */
/* What the steps of `mayflyctl rendezvous` share: who, when, which form, and what is offered. */
#ifndef MAYFLY_CTL_RENDEZVOUS_COMMAND_H
#define MAYFLY_CTL_RENDEZVOUS_COMMAND_H

#include <stdbool.h>

#include "ctl/ctl.h"
#include "ctl/rendezvous.h"

/* In secret memory. */
struct rendezvous_task {
	struct rendezvous_pair pair;
	struct rendezvous_offer offer; /* form, period_s and period hold for every step */
	__u8 own[32], peer[32];
	__u8 nonce[RENDEZVOUS_NONCE_BYTES];
	__u64 at_s;
	__u32 window_periods;  /* of two-stage publication; 0: not asked for */
	bool has_own, has_peer, has_at, has_key, has_prefix, has_nonce;
	bool publishes, reads; /* as asked for */
	bool raw, json;
};

/* Steps, each with its options taken and the pair made. An enum ctl_exit. */
int rendezvous_locate(const struct ctl *ctl, struct rendezvous_task *task);
int rendezvous_seal_step(const struct ctl *ctl, struct rendezvous_task *task);
int rendezvous_open_step(const struct ctl *ctl, struct rendezvous_task *task);

const char *rendezvous_form_name(enum rendezvous_form form);

#endif
