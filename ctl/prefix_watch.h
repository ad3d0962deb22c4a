/* SPDX-License-Identifier: GPL-2.0-only */
/* Tells, on a libuv loop, when a node with Prefix = auto has come to another network. */
#ifndef MAYFLY_CTL_PREFIX_WATCH_H
#define MAYFLY_CTL_PREFIX_WATCH_H

#include <stdbool.h>
#include <uv.h>

#include "bpf/abi.h"
#include "loader/netlink.h"

struct prefix_watch {
	struct mf_netlink netlink; /* fd -1: it does not watch */
	uv_poll_t poll;
	uv_timer_t look;
	void (*changed)(void *context); /* some address has: prefix_watch_is_elsewhere() */
	void *context;
	bool open;
};

/* Watches nothing yet. */
void prefix_watch_open(struct prefix_watch *watch, uv_loop_t *loop, void (*changed)(void *context), void *context);
int prefix_watch_begin(struct prefix_watch *watch); /* 0, also if it does already; or -errno */
void prefix_watch_close(struct prefix_watch *watch); /* all zero is fine; memory goes when the loop has run once more */

/* The interface is in another network than `present`. Between two networks it is nowhere: false. */
bool prefix_watch_is_elsewhere(const char *nic, const struct mf_template *present);

#endif
