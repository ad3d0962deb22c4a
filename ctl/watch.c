// SPDX-License-Identifier: GPL-2.0-only
/* watch: the addresses of the moment, how long they last, and what flows, again and again. */
#include <errno.h>
#include <string.h>
#include <time.h>

#include "ctl/ctl.h"
#include "ctl/format.h"
#include "ctl/parse.h"
#include "ctl/screen.h"
#include "ctl/sessions_ask.h"
#include "ctl/show.h"
#include "ctl/verdict.h"

enum {
	INTERVAL_LEAST_MS = 100,
	INTERVAL_MOST_MS = 3600000,
	BAR_BYTES = 13, /* 10 steps, brackets, zero */
	ROWS_EACH = 4,  /* of an association, with the empty one before it */
	QUIET_VIEWS = 10,
	ROWS_DROPS = 4, /* kept free for them if not all associations fit */
	WIDE = 78,      /* columns that an endpoint and a rate need side by side */
	NAME_LEAST = 12, /* columns of a name */
	REST_BYTES = BAR_BYTES + 4 * FORMAT_AMOUNT + 32,
};

struct view {
	struct snapshot now, before;
	struct sessions_told told;
	unsigned int quiet; /* views until a keeper that did not answer is asked again */
	__u64 now_ns, before_ns; /* monotonic; before_ns 0: there is none */
	struct screen screen;
};

static __u64 monotonic_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (__u64)now.tv_sec * 1000000000 + (__u64)now.tv_nsec;
}

/* Per second, since the view before. */
static double rate(const struct view *view, __u64 now, __u64 before)
{
	if (!view->before_ns || now < before || view->now_ns <= view->before_ns)
		return 0;
	return (double)(now - before) * 1e9 / (double)(view->now_ns - view->before_ns);
}

/* "[######----]": how much of the slot has passed. */
static char *format_bar(char bar[static BAR_BYTES], __u64 age_ms, __u64 rotation_ms)
{
	__u64 full = rotation_ms ? age_ms * 10 / rotation_ms : 0;

	bar[0] = '[';
	for (unsigned int i = 0; i < 10; i++)
		bar[1 + i] = i < full ? '#' : '-';
	bar[11] = ']';
	bar[12] = 0;
	return bar;
}

static void format_heard(char text[static FORMAT_AMOUNT], const struct mf_assoc_status *status)
{
	char span[FORMAT_AMOUNT];

	if (status->heard_age_ms == ~0ULL)
		snprintf(text, FORMAT_AMOUNT, "never heard");
	else
		snprintf(text, FORMAT_AMOUNT, "heard %s ago", format_span(span, status->heard_age_ms));
}

static unsigned int rows_of(const struct view *view, const struct mf_assoc_status *status)
{
	return ROWS_EACH + (view->screen.columns < WIDE ? 1U : 0U) + (status->config.shares ? 1U : 0U);
}

/* A long name gives way to what is behind it. */
static void draw_slot(struct view *view, const struct mf_assoc_status *status)
{
	char left[FORMAT_AMOUNT], hops[FORMAT_AMOUNT], heard[FORMAT_AMOUNT], bar[BAR_BYTES], rest[REST_BYTES];
	int room = (int)view->screen.columns;

	format_span(left, show_slot_left_ms(status, view->now.now_ms));
	format_heard(heard, status);
	format_bar(bar, show_slot_age_ms(status, view->now.now_ms), status->config.rotation_ms);
	room -= snprintf(rest, sizeof(rest), " %s next hop in %s, %s hop%s, %s", bar, left,
			 format_count(hops, status->hops), format_plural(status->hops), heard);
	room = room < NAME_LEAST ? NAME_LEAST : room > MF_NAME_BYTES ? MF_NAME_BYTES : room;
	screen_line(&view->screen, SCREEN_PLAIN, "%s", "");
	screen_line(&view->screen, SCREEN_BOLD, "%-*.*s%s", NAME_LEAST, room, status->config.name, rest);
}

/* Where both ends are, in colour just after a hop, and what flows. */
static void draw_ends(struct view *view, const struct mf_assoc_status *status, const struct mf_assoc_status *before)
{
	enum screen_style style = before->index == status->index ? SCREEN_PLAIN : SCREEN_ALARM;
	char here[FORMAT_ENDPOINT], there[FORMAT_ENDPOINT], in[FORMAT_AMOUNT], out[FORMAT_AMOUNT];

	format_endpoint(here, status->local, status->local_port);
	format_endpoint(there, status->remote, status->remote_port);
	format_rate(in, rate(view, status->in_bytes, before->in_bytes));
	format_rate(out, rate(view, status->out_bytes, before->out_bytes));
	if (view->screen.columns < WIDE) {
		screen_line(&view->screen, style, "  here  %s", here);
		screen_line(&view->screen, style, "  there %s", there);
		screen_line(&view->screen, SCREEN_PLAIN, "  out %s, in %s", out, in);
	} else {
		screen_line(&view->screen, style, "  here  %-48s out %s", here, out);
		screen_line(&view->screen, style, "  there %-48s in  %s", there, in);
	}
}

/* A generation that comes or goes is there for seconds only: it stands out. */
static void draw_session(struct view *view, const struct mf_assoc_status *status)
{
	const struct sessions_line *line = show_session(&view->now, status);
	const char *generation = show_generation(&view->now, status);
	bool settled = line && !strcmp(line->state, "up") && generation && !strcmp(generation, "present");
	char state[SHOW_STATE];

	screen_line(&view->screen, settled ? SCREEN_PLAIN : SCREEN_ALARM, "  session %s%s%s%s%s",
		    show_session_state(state, &view->now, status), line && *line->level ? ", level " : "",
		    line ? line->level : "", generation ? ", " : "", generation ? generation : "");
}

static void draw_association(struct view *view, const struct mf_assoc_status *status)
{
	const struct mf_assoc_status *before = snapshot_find(&view->before, status->config.name);

	if (!before || before->generation != status->generation)
		before = status;
	draw_slot(view, status);
	if (status->config.shares)
		draw_session(view, status);
	draw_ends(view, status, before);
}

static void draw_associations(struct view *view)
{
	const struct snapshot *now = &view->now;

	for (size_t i = 0; i < now->count; i++) {
		unsigned int left = screen_rows_left(&view->screen);

		if (left < rows_of(view, &now->associations[i]) + (i + 1 < now->count ? ROWS_DROPS : 0)) {
			screen_line(&view->screen, SCREEN_DIM, "... and %zu more (mayflyctl show)", now->count - i);
			return;
		}
		draw_association(view, &now->associations[i]);
	}
}

static void draw_drops(struct view *view)
{
	char count[FORMAT_AMOUNT];
	bool any = false;

	for (unsigned int i = 0; i < MF_VERDICTS; i++) {
		__u64 now = view->now.counters.verdict[i], before = view->before.counters.verdict[i];

		if (!now || !verdict_is_drop(i))
			continue;
		if (!any)
			screen_line(&view->screen, SCREEN_PLAIN, "%s", "");
		any = true;
		screen_line(&view->screen, view->before_ns && now != before ? SCREEN_ALARM : SCREEN_DIM,
			    "  %-22s %12s  %s", verdict_name(i), format_count(count, now), verdict_meaning(i));
	}
}

static void draw_head(struct view *view)
{
	const struct mf_node_status *node = &view->now.node;
	char hops[FORMAT_AMOUNT], count[FORMAT_AMOUNT], drops[FORMAT_AMOUNT], moment[16];
	time_t seconds = (time_t)(view->now.now_ms / 1000);
	struct tm parts;

	localtime_r(&seconds, &parts);
	strftime(moment, sizeof(moment), "%T", &parts);
	screen_line(&view->screen, SCREEN_BOLD, "%.*s on %.*s  %s  %s association%s, %s hop%s, %s packet%s refused",
		    MF_DEVICE_BYTES, node->config.device, MF_DEVICE_BYTES, node->nic, moment,
		    format_count(count, node->associations), format_plural(node->associations),
		    format_count(hops, node->hops), format_plural(node->hops),
		    format_count(drops, snapshot_drops(&view->now)), format_plural(snapshot_drops(&view->now)));
	if (node->clock == MF_CLOCK_HOLDS)
		screen_line(&view->screen, SCREEN_ALARM, "the system clock jumped by %.1f s: not believed yet",
			    (double)node->clock_error_ns / 1e9);
}

static int draw(struct view *view)
{
	screen_begin(&view->screen);
	if (!view->now.node.attached) {
		screen_line(&view->screen, SCREEN_BOLD, "%.*s is not up: mayflyctl up FILE", MF_DEVICE_BYTES,
			    view->now.node.nic);
	} else {
		draw_head(view);
		draw_associations(view);
		draw_drops(view);
	}
	if (!view->screen.terminal)
		screen_line(&view->screen, SCREEN_PLAIN, "%s", "");
	return screen_end(&view->screen);
}

static void ask_sessions(struct view *view, struct snapshot *now)
{
	if (view->quiet) {
		view->quiet--;
		now->sessions = &view->told;
		return;
	}
	sessions_told_close(&view->told);
	show_ask_sessions(now, &view->told, SESSIONS_ASK_WATCH_MOST, SESSIONS_ASK_WATCH_MS);
	for (int i = 0; i < SESSIONS_KEEPERS; i++)
		if (view->told.error[i])
			view->quiet = QUIET_VIEWS;
}

/* One view; the one before it is kept for the rates. 0, or -errno and `why`. */
static int refresh(struct view *view, struct client *client, char why[static SAY_BYTES])
{
	struct snapshot now;
	int error = snapshot_take(&now, client, why);

	if (error)
		return error;
	ask_sessions(view, &now);
	snapshot_close(&view->before);
	view->before = view->now;
	view->before.sessions = NULL;
	view->before_ns = view->now_ns;
	view->now = now;
	view->now_ns = monotonic_ns();
	error = draw(view);
	return error ? say_why(why, error, "cannot draw: %s", strerror(-error)) : 0;
}

static int watch(struct client *client, unsigned int interval_ms)
{
	struct view view = { 0 };
	char why[SAY_BYTES];
	int error;

	error = screen_open(&view.screen);
	if (error) {
		say_error("no memory for a view");
		return CTL_FAILED;
	}
	do {
		error = refresh(&view, client, why);
		if (error == -EINTR) /* by another window size, or by what screen_wait() looks for */
			error = 0;
	} while (!error && screen_wait(&view.screen, interval_ms));
	screen_close(&view.screen);
	snapshot_close(&view.now);
	snapshot_close(&view.before);
	sessions_told_close(&view.told);
	if (error && error != -EPIPE)
		say_error("%s", why);
	return error ? CTL_FAILED : CTL_FINE;
}

int command_watch(const struct ctl *ctl, int argc, char **argv)
{
	static const struct option options[] = { { "interval", required_argument, NULL, 'i' }, { 0 } };
	__u32 interval_ms = 1000;
	struct client client;
	bool first = true;
	int option, result;

	while ((option = ctl_next_option(ctl, argc, argv, options, &first)) != -1) {
		if (option == '?')
			return CTL_USAGE;
		if (parse_duration_ms(optarg, &interval_ms) || interval_ms < INTERVAL_LEAST_MS ||
		    interval_ms > INTERVAL_MOST_MS)
			return ctl_usage(ctl, "--interval %s: expected a duration of 100ms to 1h, such as 1s", optarg);
	}
	if (ctl_check_arguments(ctl, argc, 0, 0))
		return CTL_USAGE;
	if (ctl_connect(ctl, NULL, &client))
		return CTL_FAILED;
	result = watch(&client, interval_ms);
	client_close(&client);
	return result;
}
