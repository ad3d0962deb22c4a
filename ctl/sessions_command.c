// SPDX-License-Identifier: GPL-2.0-only
/* sessions: who has one, as a table for people or as lines for programs, once or as they change. */
#include <errno.h>
#include <poll.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "ctl/ctl.h"
#include "ctl/nic_argument.h"
#include "ctl/sessions_ask.h"
#include "ctl/sessions_unkept.h"
#include "ctl/wrap.h"

enum {
	PATIENCE_MS = 5000,
	WIDE = 120,     /* columns of a terminal that all of a line needs */
	WORDY = 140,    /* and why the level is what it is */
	NAME_MOST = 20, /* of a name, on a terminal */
	NAME_NARROW = 16, /* on a narrow one */
};

struct listing {
	bool json, follow, colour, headed;
	unsigned int columns;            /* of the terminal; 0: none */
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

/* What only a wide terminal has room for. */
static bool is_narrow(const struct listing *listing)
{
	return listing->columns && listing->columns < WIDE + (listing->follow ? 10U : 0);
}

/* What is behind the columns: the level, or why there is no session any more. */
static void format_remark(char text[static SESSIONS_LEVEL], const struct listing *listing, const struct sessions_line *line)
{
	if (!strcmp(line->state, "none") && *line->ended)
		snprintf(text, SESSIONS_LEVEL, "%s%s", is_narrow(listing) ? "" : "ended: ", line->ended);
	else if (listing->columns && listing->columns < WORDY)
		snprintf(text, SESSIONS_LEVEL, "%s", line->level);
	else
		sessions_line_level(text, line);
}

struct row {
	const char *peer, *state, *role, *handshake, *carriage, *rotation, *heard, *in, *out, *remark;
	const char *before, *after; /* colours: of the state */
};

/* On a terminal a long name is cut, so that the columns stand; no space is left at the end of a line. */
static void print_columns(const struct listing *listing, const struct row *row)
{
	int most = is_narrow(listing) ? NAME_NARROW : NAME_MOST;
	char peer[MF_NAME_BYTES + 1];

	if (listing->columns && strlen(row->peer) > (size_t)most)
		snprintf(peer, sizeof(peer), "%.*s~", most - 1, row->peer);
	else
		snprintf(peer, sizeof(peer), "%s", row->peer);
	printf("%-*s %s%-10s%s ", most, peer, row->before, row->state, row->after);
	if (is_narrow(listing))
		printf("%-11s %-11s %8s %8s", row->handshake, row->heard, row->in, row->out);
	else
		printf("%-9s %-12s %-8s %-8s %-12s %10s %10s", row->role, row->handshake, row->carriage, row->rotation,
		       row->heard, row->in, row->out);
	printf("%s%s", *row->remark ? "  " : "", row->remark);
}

static void print_head(struct listing *listing)
{
	static const struct row head = { "peer", "state", "this end", "handshake", "carriage", "rotation", "heard", "in", "out",
					 "level", "", "" };

	if (listing->headed)
		return;
	listing->headed = true;
	printf("%s%s", listing->colour ? "\033[1m" : "", listing->follow ? "          " : "");
	print_columns(listing, &head);
	puts(listing->colour ? "\033[0m" : "");
}

static void print_row(struct listing *listing, const struct sessions_line *line)
{
	char handshake[FORMAT_AMOUNT], rotation[FORMAT_AMOUNT] = "-", heard[FORMAT_AMOUNT];
	char in[FORMAT_AMOUNT], out[FORMAT_AMOUNT], remark[SESSIONS_LEVEL];
	bool alarm = listing->colour && strcmp(line->state, "up") && strcmp(line->state, "renewing");

	print_head(listing);
	if (listing->follow)
		print_moment();
	if (line->rotation_ms != SESSIONS_UNKNOWN)
		format_period(rotation, line->rotation_ms);
	format_remark(remark, listing, line);
	print_columns(listing, &(struct row){
		.peer = line->peer, .state = line->state, .role = *line->role ? line->role : "-",
		.handshake = format_age(handshake, line->handshake_age_ms),
		.carriage = *line->carriage ? line->carriage : "-", .rotation = rotation,
		.heard = format_age(heard, line->idle_ms), .in = format_traffic(in, line->traffic[3]),
		.out = format_traffic(out, line->traffic[1]), .remark = remark,
		.before = alarm ? "\033[33m" : "", .after = alarm ? "\033[0m" : "",
	});
	putchar('\n');
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
	struct listing listing = { .colour = say_in_colour(STDOUT_FILENO), .columns = wrap_columns(STDOUT_FILENO) };
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
