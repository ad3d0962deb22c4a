// SPDX-License-Identifier: GPL-2.0-only
/* Signals that wait for the loop, and signs of life from it. */
#include "ctl/service.h"

#include <signal.h>

#define NS_PER_MS 1000000

static void mask_signals(int how)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGUSR2);
	sigprocmask(how, &set, NULL);
}

void service_hold_signals(void)
{
	mask_signals(SIG_BLOCK);
}

void service_release_signals(void)
{
	mask_signals(SIG_UNBLOCK);
}

static void on_time(uv_timer_t *timer)
{
	const struct service_alive *alive = timer->data;

	mf_notify_send(alive->notify, "WATCHDOG=1");
}

void service_alive_open(struct service_alive *alive, uv_loop_t *loop, const struct mf_notify *notify)
{
	__u64 interval_ms = (__u64)notify->interval_ns / NS_PER_MS;

	alive->notify = notify;
	uv_timer_init(loop, &alive->timer);
	alive->timer.data = alive;
	if (interval_ms)
		uv_timer_start(&alive->timer, on_time, 0, interval_ms);
}

void service_alive_close(struct service_alive *alive)
{
	uv_close((uv_handle_t *)&alive->timer, NULL);
}
