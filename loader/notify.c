// SPDX-License-Identifier: GPL-2.0-only
/*
 * Tells systemd that we are ready, alive, going.
 */
#include "loader/notify.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

/* More than twice as often as systemd wants it, as sd_watchdog_enabled(3) advises: the loop has its own beat. */
static __s64 interval_read(void)
{
	const char *usec = getenv("WATCHDOG_USEC"), *pid = getenv("WATCHDOG_PID");

	if (!usec || (pid && atoi(pid) != getpid()))
		return 0;
	return strtoll(usec, NULL, 10) * 1000 / 3;
}

void mf_notify_open(struct mf_notify *notify)
{
	const char *path = getenv("NOTIFY_SOCKET");
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	socklen_t length;

	*notify = (struct mf_notify){ .fd = -1 };
	if (!path || !*path || strlen(path) >= sizeof(address.sun_path))
		return;
	strcpy(address.sun_path, path);
	length = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + strlen(path));
	if (*path == '@')
		address.sun_path[0] = 0; /* abstract */
	notify->fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (notify->fd >= 0 && connect(notify->fd, (struct sockaddr *)&address, length))
		mf_notify_close(notify);
	notify->interval_ns = interval_read();
}

void mf_notify_close(struct mf_notify *notify)
{
	if (notify->fd >= 0)
		close(notify->fd);
	notify->fd = -1;
}

void mf_notify_send(const struct mf_notify *notify, const char *state)
{
	if (notify->fd >= 0)
		send(notify->fd, state, strlen(state), MSG_NOSIGNAL | MSG_DONTWAIT);
}

void mf_notify_live(struct mf_notify *notify, __s64 now_ns)
{
	if (!notify->interval_ns || now_ns - notify->last_ns < notify->interval_ns)
		return;
	notify->last_ns = now_ns;
	mf_notify_send(notify, "WATCHDOG=1");
}
