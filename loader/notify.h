/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * sd_notify(3) and sd_watchdog_enabled(3) by hand: one datagram each.
 */
#ifndef MAYFLY_LOADER_NOTIFY_H
#define MAYFLY_LOADER_NOTIFY_H

#include <linux/types.h>

struct mf_notify {
	int fd;             /* -1: nobody to tell */
	__s64 interval_ns;  /* between signs of life; 0: none wanted */
	__s64 last_ns;
};

/* By NOTIFY_SOCKET and WATCHDOG_USEC. */
void mf_notify_open(struct mf_notify *notify);
void mf_notify_close(struct mf_notify *notify);

void mf_notify_send(const struct mf_notify *notify, const char *state);

/* A sign of life if it is time. */
void mf_notify_live(struct mf_notify *notify, __s64 now_ns);

#endif
