/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What a service manager asks of a process that stays: that it can be told to end at any moment, and signs of life.
 */
#ifndef MAYFLY_CTL_SERVICE_H
#define MAYFLY_CTL_SERVICE_H

#include <uv.h>

#include "loader/notify.h"

struct service_alive {
	uv_timer_t timer;
	const struct mf_notify *notify;
};

/* From here on SIGTERM, SIGINT and SIGUSR2 wait until there is a loop to hear them: a node that is half up is nobody's. */
void service_hold_signals(void);
void service_release_signals(void);

/* A sign of life every third of the watchdog's time (sd_watchdog_enabled(3)), as long as the loop turns; none wanted: nothing. */
void service_alive_open(struct service_alive *alive, uv_loop_t *loop, const struct mf_notify *notify);
void service_alive_close(struct service_alive *alive);

#endif
