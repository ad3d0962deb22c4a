// SPDX-License-Identifier: GPL-2.0-only
/*
 * epoll over control socket, netlink, ring buffer and signals; between events, whatever is due.
 */
#include "loader/loop.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "loader/instance.h"
#include "loader/log.h"
#include "loader/node.h"
#include "loader/watch.h"

enum source { LISTENER = MF_CONNECTIONS, EVENTS, FEATURES, REPORTS, SIGNALS };

enum {
	EVENTS_PER_TURN = 32,
	REST_MS = 20,   /* due work is gathered for this long: slots are there two ahead */
	BEAT_MS = 500,  /* at least so often: clock, lease */
};

#define LOOK_NS 1000000000LL /* a socket that somebody has removed is missed for no longer */

static int source_add(const struct mf_loop *loop, int fd, __u32 source)
{
	struct epoll_event event = { .events = EPOLLIN, .data.u32 = source };

	if (fd < 0)
		return 0;
	return epoll_ctl(loop->epoll_fd, EPOLL_CTL_ADD, fd, &event) ? -errno : 0;
}

static void signals_fill(sigset_t *set)
{
	sigemptyset(set);
	sigaddset(set, SIGTERM);
	sigaddset(set, SIGINT);
	sigaddset(set, SIGUSR2);
}

int mf_loop_hold_signals(void)
{
	sigset_t set;

	signals_fill(&set);
	if (signal(SIGHUP, SIG_IGN) == SIG_ERR)
		return -errno;
	return sigprocmask(SIG_BLOCK, &set, NULL) ? -errno : 0;
}

static int signals_open(struct mf_loop *loop)
{
	sigset_t set;

	signals_fill(&set);
	loop->signal_fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	return loop->signal_fd < 0 ? -errno : 0;
}

static void event_forward(const struct mf_event *event, void *context)
{
	mf_control_tell(context, event);
}

int mf_loop_open(struct mf_loop *loop, struct mf_instance *instance, struct mf_control *control,
		 struct mf_notify *notify)
{
	int error;

	*loop = (struct mf_loop){
		.epoll_fd = -1, .signal_fd = -1, .reports_fd = -1, .instance = instance, .control = control, .notify = notify,
	};
	loop->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	if (loop->epoll_fd < 0)
		return -errno;
	error = signals_open(loop);
	if (!error)
		error = source_add(loop, loop->signal_fd, SIGNALS);
	if (!error)
		error = source_add(loop, control->fd, LISTENER);
	if (!error)
		error = source_add(loop, instance->events.fd, EVENTS);
	if (!error)
		error = source_add(loop, instance->feature.events.fd, FEATURES);
	instance->report = event_forward;
	instance->report_context = control;
	return error;
}

void mf_loop_close(struct mf_loop *loop)
{
	if (loop->epoll_fd >= 0)
		close(loop->epoll_fd);
	if (loop->signal_fd >= 0)
		close(loop->signal_fd);
	loop->epoll_fd = loop->signal_fd = -1;
}

static void connection_watch(const struct mf_loop *loop, int place, int operation)
{
	struct epoll_event event = {
		.events = mf_control_waits(loop->control, place) ? EPOLLOUT : EPOLLIN,
		.data.u32 = place,
	};

	epoll_ctl(loop->epoll_fd, operation, loop->control->connection[place].fd, &event);
}

static void serve(const struct mf_loop *loop, int place)
{
	int waited = mf_control_waits(loop->control, place);

	mf_control_serve(loop->control, place);
	if (loop->control->connection[place].fd >= 0 && mf_control_waits(loop->control, place) != waited)
		connection_watch(loop, place, EPOLL_CTL_MOD);
}

static void signal_read(struct mf_loop *loop)
{
	struct signalfd_siginfo info;

	while (read(loop->signal_fd, &info, sizeof(info)) == sizeof(info)) {
		loop->done = 1;
		loop->detaches |= info.ssi_signo != SIGUSR2;
	}
}

static void source_handle(struct mf_loop *loop, __u32 source)
{
	struct mf_instance *instance = loop->instance;
	int place;

	switch (source) {
	case LISTENER:
		place = mf_control_accept(loop->control);
		if (place >= 0)
			connection_watch(loop, place, EPOLL_CTL_ADD);
		break;
	case EVENTS:
		mf_watch_events(instance);
		break;
	case FEATURES:
		mf_feature_drain(&instance->feature);
		instance->stale |= MF_STALE_LINKS;
		break;
	case REPORTS:
		mf_reports_read(instance);
		break;
	case SIGNALS:
		signal_read(loop);
		break;
	default:
		serve(loop, source);
	}
}

/* The ring buffer comes with a node and goes with it; closing takes it out of epoll. */
static void reports_follow(struct mf_loop *loop)
{
	int fd = mf_reports_fd(loop->instance);

	if (fd >= 0 && loop->reports_fd < 0)
		source_add(loop, fd, REPORTS);
	loop->reports_fd = fd;
}

/* Clock, lease, surroundings, due associations. How long to sleep then, in ms. */
static int work(struct mf_loop *loop)
{
	struct mf_instance *instance = loop->instance;
	__u64 now_ms, due_ms, lent_ms, beat_ms;

	if (!instance->running)
		return BEAT_MS;
	mf_node_beat(instance);
	mf_watch_refresh(instance);
	now_ms = mf_clock_now_ms(&instance->clock);
	lent_ms = mf_lend_expire(instance, now_ms);
	due_ms = mf_keep_turn(instance, now_ms);
	if (due_ms <= now_ms || instance->stale & ~MF_STALE_ASSOCIATIONS)
		return 0;
	if (lent_ms < due_ms)
		due_ms = lent_ms;
	if (due_ms - now_ms < REST_MS || instance->stale)
		return REST_MS;
	beat_ms = mf_node_lease_ms(instance) / 2 < BEAT_MS ? mf_node_lease_ms(instance) / 2 : BEAT_MS;
	return due_ms - now_ms < beat_ms ? due_ms - now_ms : beat_ms;
}

static __s64 monotonic_ns(void)
{
	struct mf_clock_sample sample;

	mf_clock_read(&sample, 0);
	return sample.monotonic_ns;
}

/* What is made again is root's alone, as CAP_CHOWN is given up, so a service is started anew by whoever looks after it. */
static int socket_return(const struct mf_loop *loop)
{
	int error = loop->notify->fd >= 0 ? -EPERM : mf_control_renew(loop->control);

	return error ? error : source_add(loop, loop->control->fd, LISTENER);
}

static void say_socket(struct mf_loop *loop, int error)
{
	const char *path = loop->control->path;

	if (!error)
		mf_log(MF_LOG_WARNING, "%s: somebody removed it; made again, as root's alone", path);
	else if (loop->done)
		mf_log(MF_LOG_ERROR, "%s: somebody removed it: this loader ends, and leaves everything running for the next one, "
		       "which makes it again", path);
	else if (!loop->said)
		mf_log(MF_LOG_ERROR, "%s: somebody removed it, and it cannot be made again: %s; tried every second. All goes on "
		       "meanwhile, but nobody can ask anything. Another loader takes over: kill -USR2 this one, and start it", path,
		       error == -EADDRINUSE ? "another mayfly-loader listens there" : strerror(-error));
	loop->said = error != 0;
}

static void socket_check(struct mf_loop *loop)
{
	__s64 now_ns = monotonic_ns();
	int error;

	if (loop->looked_ns && now_ns - loop->looked_ns < LOOK_NS)
		return;
	loop->looked_ns = now_ns;
	if (mf_control_stands(loop->control))
		return;
	error = socket_return(loop);
	loop->unheard = loop->done = error && (loop->notify->fd >= 0 || (error == -EADDRINUSE && !loop->instance->running));
	say_socket(loop, error);
}

int mf_loop_run(struct mf_loop *loop)
{
	struct epoll_event events[EVENTS_PER_TURN];

	while (!loop->done) {
		int timeout_ms = work(loop), count;

		reports_follow(loop);
		mf_notify_live(loop->notify, monotonic_ns());
		count = epoll_wait(loop->epoll_fd, events, EVENTS_PER_TURN, timeout_ms);
		if (count < 0 && errno != EINTR)
			return -errno;
		for (int i = 0; i < count; i++)
			source_handle(loop, events[i].data.u32);
		if (!loop->done)
			socket_check(loop);
	}
	return 0;
}
