// SPDX-License-Identifier: GPL-2.0-only
/* The node that serve stands on: brought up, looked at, and brought up again after a loader that left nothing behind. */
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "ctl/keeper_lock.h"
#include "ctl/serving.h"
#include "ctl/up.h"

enum { KEEPER_MS = 5000 /* that whoever keeps sessions may take to say goodbye */, KEEPER_LOOK_MS = 20 };

static void wait_for_keeper(const struct serving *serving)
{
	const struct timespec pause = { .tv_nsec = KEEPER_LOOK_MS * 1000000L };
	char path[SESSIONS_TELL_PATH];

	sessions_tell_path(path, serving->loader.path, SESSIONS_UP);
	for (int waited = 0; waited < KEEPER_MS && !access(path, F_OK); waited += KEEPER_LOOK_MS)
		nanosleep(&pause, NULL);
}

/* Two who keep the same sessions would take them from each other: the keeper of up lets go of his, now that there is a serve. */
static void relieve_keeper(struct serving *serving)
{
	pid_t keeper = keeper_tell(serving->loader.path, SESSIONS_UP, SIGHUP);

	if (keeper <= 0)
		return;
	wait_for_keeper(serving);
	say_note("sessions that mayflyctl up (process %d) kept are serve's from here on", (int)keeper);
}

static int bring_up(struct serving *serving, size_t clients, bool quiet, struct client *loader)
{
	size_t more = (SERVING_INTRODUCTIONS + SERVING_SESSIONS) * (clients + 1);

	return up_bring(serving->ctl, serving->argument, (__u32)more, quiet, loader);
}

/* Before anything is touched: a second serve would give the node of the first one another prefix and key. 0 or -errno and `why` */
static int take_lock(struct serving *serving, char why[static SAY_BYTES])
{
	const char *interface = serving->config.node.interface;
	char socket[CLIENT_PATH_BYTES];
	int lock;

	serving->place.file = realpath(serving->config.file, NULL);
	if (!serving->place.file)
		return say_why(why, -errno, "%s: %s", serving->config.file, strerror(errno));
	if (client_find(socket, serving->ctl->socket, interface, why))
		return -ENOENT;
	keeper_path(serving->place.path, socket, SESSIONS_SERVE);
	lock = keeper_lock(serving->place.path, why);
	if (lock == -EWOULDBLOCK)
		return say_why(why, lock, "another mayflyctl serve keeps the sessions of %s: nothing was touched", interface);
	serving->place.lock = lock;
	return lock < 0 ? lock : 0;
}

/* Prefix = auto: a node that was up already has stayed where it was. */
static void take_prefix(struct serving *serving)
{
	struct mf_message message = { .type = MF_NODE_GET };

	if (!serving->config.node.prefixes.automatic || client_ask(&serving->loader, &message))
		return;
	serving->config.node.prefixes.template[0] = message.node_status.config.template[0];
	serving->node.prefix = serving->config.node.prefixes.template[0];
}

static int failed(const char *why)
{
	say_error("%s", why);
	return CTL_FAILED;
}

/* Why there is no loader to be had bring_up() says best. */
int serving_node_open(struct serving *serving, size_t clients)
{
	char why[SAY_BYTES];
	int error = take_lock(serving, why), result;

	if (error == -EWOULDBLOCK || (error && !serving->place.file))
		return failed(why);
	result = bring_up(serving, clients, false, &serving->loader);
	if (result || error)
		return result ? result : failed(why);
	if (keeper_sign(serving->place.lock, serving->place.file))
		return failed("the lock cannot be written");
	take_prefix(serving);
	rendezvous_status_path(serving->status_path, serving->loader.path, RENDEZVOUS_SERVE);
	relieve_keeper(serving);
	node_watch_begin(&serving->watch, &serving->loader);
	serving->look_ms = serving_now_ms() + NODE_WATCH_MS;
	return 0;
}

static enum node_news bring_up_again(struct serving *serving, __u32 *pause_ms)
{
	struct client loader = { .fd = -1 };

	*pause_ms = NODE_WATCH_SLOW_MS;
	if (bring_up(serving, serving->registry.count, true, &loader))
		return NODE_MISSING;
	client_close(&loader);
	return node_watch_look(&serving->watch, &serving->loader, pause_ms);
}

void serving_node_turn(struct serving *serving, __u64 now_ms)
{
	enum node_news news;
	__u32 pause_ms;

	if (!serving->look_ms || (now_ms < serving->look_ms && serving->look_ms - now_ms <= NODE_WATCH_SLOW_MS))
		return;
	if (serving->shut_out)
		return;
	serving->shut_out = keeper_place_is_lost(&serving->place, &serving->tell);
	if (serving->shut_out)
		raise(SIGUSR2); /* everything goes on, for the next one to take over */
	page_mind(&serving->page);
	news = node_watch_look(&serving->watch, &serving->loader, &pause_ms);
	if (news == NODE_MISSING)
		news = bring_up_again(serving, &pause_ms);
	if (news == NODE_ANEW) {
		say_note("the loader had forgotten the node: introductions and sessions begin anew");
		serving->forgotten = true;
		sessions_forgotten(&serving->sessions);
	}
	serving->look_ms = serving_now_ms() + pause_ms;
}
