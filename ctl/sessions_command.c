// SPDX-License-Identifier: GPL-2.0-only
/* sessions: who has one, as a table for people or as lines for programs, once or as they change. */
#include <errno.h>
#include <poll.h>
#include <string.h>
#include <time.h>

#include "ctl/ctl.h"
#include "ctl/nic_argument.h"
#include "ctl/sessions_ask.h"
#include "ctl/sessions_unkept.h"

enum { PATIENCE_MS = 5000 };

struct listing {
	bool json, follow, colour, headed;
	bool complete[SESSIONS_KEEPERS]; /* all first lines were read */
	int error;                       /* the last one that was said */
	size_t count;
	char socket[CLIENT_PATH_BYTES];
	struct sessions_ask ask[SESSIONS_KEEPERS];
};

static char *format_age(char text[static FORMAT_AMOUNT], __u64 ms)
{
	if (ms == SESSIONS_UNKNOWN)
		return strcpy(text, "-");
	return format_span(text, ms);
}

static char *format_traffic(char text[static FORMAT_AMOUNT], __u64 bytes)
{
	if (bytes == SESSIONS_UNKNOWN)
		return strcpy(text, "-");
	return format_bytes(text, bytes);
}

static void print_moment(void)
{
	time_t seconds = time(NULL);
	struct tm parts;
	char moment[16];

	localtime_r(&seconds, &parts);
	strftime(moment, sizeof(moment), "%T", &parts);
	printf("%s  ", moment);
}

static void print_head(struct listing *listing)
{
	if (listing->headed)
		return;
	listing->headed = true;
	printf("%s%s%-20s %-10s %-9s %-14s %-8s %-8s %-14s %11s %11s  %s%s\n", listing->colour ? "\033[1m" : "",
	       listing->follow ? "          " : "", "peer", "state", "this end", "handshake", "carriage", "rotation", "heard",
	       "in", "out", "level", listing->colour ? "\033[0m" : "");
}

/* What is behind the columns: the level, or why there is no session any more. */
static void print_remark(const struct sessions_line *line)
{
	if (!strcmp(line->state, "none") && *line->ended)
		printf("  ended: %s", line->ended);
	else if (*line->level)
		printf("  %s%s%s%s", line->level, *line->why ? " (" : "", line->why, *line->why ? ")" : "");
	putchar('\n');
}

static void print_row(struct listing *listing, const struct sessions_line *line)
{
	char handshake[FORMAT_AMOUNT], rotation[FORMAT_AMOUNT] = "-", heard[FORMAT_AMOUNT];
	char in[FORMAT_AMOUNT], out[FORMAT_AMOUNT];
	bool alarm = listing->colour && strcmp(line->state, "up") && strcmp(line->state, "renewing");

	print_head(listing);
	if (listing->follow)
		print_moment();
	if (line->rotation_ms != SESSIONS_UNKNOWN)
		format_period(rotation, line->rotation_ms);
	printf("%-20s %s%-10s%s %-9s %-14s %-8s %-8s %-14s %11s %11s", line->peer, alarm ? "\033[33m" : "", line->state,
	       alarm ? "\033[0m" : "", *line->role ? line->role : "-", format_age(handshake, line->handshake_age_ms),
	       *line->carriage ? line->carriage : "-", rotation, format_age(heard, line->idle_ms), format_traffic(in, line->traffic[3]),
	       format_traffic(out, line->traffic[1]));
	print_remark(line);
}

static void print_json(const struct sessions_line *line)
{
	char text[SESSIONS_LINE_MOST];

	fwrite(text, 1, sessions_line_write(text, line), stdout);
}

static bool are_complete(const struct listing *listing)
{
	for (int i = 0; i < SESSIONS_KEEPERS; i++)
		if (listing->ask[i].fd >= 0 && !listing->complete[i])
			return false;
	return true;
}

/* The first lines of all keepers together end with one "complete". */
static void note_complete(struct listing *listing, struct sessions_ask *ask)
{
	struct sessions_line line;

	listing->complete[ask->keeper] = true;
	if (!listing->follow)
		sessions_ask_close(ask);
	sessions_line_init(&line, "complete");
	if (listing->json && listing->follow && are_complete(listing))
		print_json(&line);
}

static void take_line(struct listing *listing, struct sessions_ask *ask, const struct sessions_line *line)
{
	if (!strcmp(line->event, "complete")) {
		note_complete(listing, ask);
		return;
	}
	listing->count++;
	listing->json ? print_json(line) : print_row(listing, line);
}

static void give_up(struct listing *listing, struct sessions_ask *ask, int error)
{
	char why[SAY_BYTES];

	sessions_ask_close(ask);
	listing->error = sessions_ask_why(error, listing->socket, ask->keeper, why);
	say_error("%s", why);
}

static void take_lines(struct listing *listing, struct sessions_ask *ask)
{
	struct sessions_line line;
	int error = 0;

	while (ask->fd >= 0 && !error) {
		error = sessions_ask_take(ask, &line);
		if (!error)
			take_line(listing, ask, &line);
	}
	if (error && error != -EAGAIN)
		give_up(listing, ask, error);
}

static void read_one(struct listing *listing, struct sessions_ask *ask)
{
	int error = sessions_ask_read(ask);

	if (error)
		give_up(listing, ask, error);
	else
		take_lines(listing, ask);
}

static bool is_open(const struct listing *listing)
{
	for (int i = 0; i < SESSIONS_KEEPERS; i++)
		if (listing->ask[i].fd >= 0)
			return true;
	return false;
}

/* What comes next, of any keeper; who owes first lines and says nothing is given up. */
static void turn(struct listing *listing)
{
	struct pollfd wait[SESSIONS_KEEPERS];
	int ready;

	for (int i = 0; i < SESSIONS_KEEPERS; i++)
		wait[i] = (struct pollfd){ .fd = listing->ask[i].fd, .events = POLLIN };
	ready = poll(wait, SESSIONS_KEEPERS, are_complete(listing) ? -1 : PATIENCE_MS);
	for (int i = 0; i < SESSIONS_KEEPERS; i++) {
		if (ready > 0 && wait[i].fd >= 0 && wait[i].revents)
			read_one(listing, &listing->ask[i]);
		else if (!ready && wait[i].fd >= 0 && !listing->complete[i])
			give_up(listing, &listing->ask[i], -ETIMEDOUT);
	}
}

static int list(struct listing *listing)
{
	while (is_open(listing)) {
		turn(listing);
		if (ctl_finish_output())
			return CTL_FAILED;
	}
	if (!listing->error && !listing->count && !listing->json)
		puts("no sessions");
	return listing->error ? CTL_FAILED : ctl_finish_output();
}

/* Both keepers, as far as they are there; 0 if there is one. */
static int open_keepers(struct listing *listing)
{
	char why[SAY_BYTES];
	int error, kept = 0;

	for (enum sessions_keeper keeper = 0; keeper < SESSIONS_KEEPERS; keeper++) {
		error = sessions_ask_open(&listing->ask[keeper], listing->socket, keeper);
		kept += error != -ENOENT;
		if (error && error != -ENOENT)
			give_up(listing, &listing->ask[keeper], error);
	}
	if (kept)
		return 0;
	if (!sessions_unkept(listing->socket, why))
		sessions_ask_why(-ENOENT, listing->socket, SESSIONS_SERVE, why);
	say_error("%s", why);
	return -ENOENT;
}

static int find_socket(struct listing *listing, const struct ctl *ctl, const char *argument)
{
	char nic[MF_DEVICE_BYTES], why[SAY_BYTES];
	int error = argument ? nic_argument(nic, argument, why) : 0;

	if (!error)
		error = client_find(listing->socket, ctl->socket, argument ? nic : NULL, why);
	if (error)
		say_error("%s", why);
	return error;
}

static void close_keepers(struct listing *listing)
{
	for (int i = 0; i < SESSIONS_KEEPERS; i++)
		sessions_ask_close(&listing->ask[i]);
}

int command_sessions(const struct ctl *ctl, int argc, char **argv)
{
	static const struct option options[] = {
		{ "json", no_argument, NULL, 'j' }, { "follow", no_argument, NULL, 'f' }, { 0 }
	};
	struct listing listing = { .colour = say_in_colour(stdout) };
	bool first = true;
	int option, result;

	while ((option = ctl_next_option(ctl, argc, argv, options, &first)) != -1) {
		if (option == '?')
			return CTL_USAGE;
		listing.json |= option == 'j';
		listing.follow |= option == 'f';
	}
	if (ctl_check_arguments(ctl, argc, 0, 1))
		return CTL_USAGE;
	if (find_socket(&listing, ctl, argv[optind]))
		return CTL_FAILED;
	result = open_keepers(&listing) ? CTL_FAILED : list(&listing);
	close_keepers(&listing);
	return result;
}
