// SPDX-License-Identifier: GPL-2.0-only
/*
 * Sessions that another process keeps already, waited for: it tells of them (ctl/sessions_tell.h), and who has been asked to
 * read a configuration again may take a moment until it knows all peers.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "ctl/connecting.h"
#include "ctl/format.h"
#include "ctl/keeper_lock.h"
#include "ctl/sessions_ask.h"
#include "ctl/up_parts.h"

enum { AGAIN_MS = 100, LOOK_MS = 2000 /* whether the keeper is there, if it says nothing */ };

struct waiting {
	const struct up_run *run;
	enum sessions_keeper keeper;
	size_t left; /* that do not stand */
	struct {
		bool wanted, stands;
		char state[SESSIONS_WORD]; /* "": nothing was told */
	} *peer; /* by number of config.meets */
};

static bool is_kept(const struct config_peer *peer, enum sessions_keeper keeper)
{
	return connecting_wants(peer, keeper == SESSIONS_UP) && peer->connect != CONNECT_ON_DEMAND;
}

/* Its key may follow from one that is in no configuration: what is configured is its address. */
static int find_static(const struct config *config, const char *text)
{
	__u8 inner[16];

	if (inet_pton(AF_INET6, text, inner) != 1)
		return -1;
	for (size_t i = 0; i < config->meet_count; i++)
		if (config->meets[i].is_static && !memcmp(config->meets[i].addresses.prefix[0].address, inner, sizeof(inner)))
			return (int)i;
	return -1;
}

static int find(const struct config *config, const struct sessions_line *line)
{
	const char *public_key = line->public_key;
	__u8 key[KEY_PUBLIC_BYTES];
	size_t length;
	int fixed = find_static(config, line->inner);

	if (fixed >= 0)
		return fixed;
	if (sodium_base642bin(key, sizeof(key), public_key, strlen(public_key), NULL, &length, NULL,
			      sodium_base64_VARIANT_ORIGINAL) || length != sizeof(key))
		return -1;
	for (size_t i = 0; i < config->meet_count; i++)
		if (!memcmp(config->meets[i].public_key, key, sizeof(key)))
			return (int)i;
	return -1;
}

/* One that is renewed by the introduction has to be answered first. */
static void take(struct waiting *waiting, const struct sessions_line *line)
{
	int i = find(&waiting->run->config, line);
	bool stands = !strcmp(line->state, "up");

	if (i < 0 || !waiting->peer[i].wanted)
		return;
	memcpy(waiting->peer[i].state, line->state, sizeof(line->state));
	if (stands == waiting->peer[i].stands)
		return;
	waiting->peer[i].stands = stands;
	waiting->left += stands ? (size_t)-1 : 1;
	say_over(STDOUT_FILENO);
	if (stands)
		printf("%s: session stands, reach it at %s\n", waiting->run->config.meets[i].name, line->inner);
	fflush(stdout);
}

static __u64 now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (__u64)now.tv_sec * 1000 + (__u64)now.tv_nsec / 1000000;
}

static bool is_there(const struct waiting *waiting)
{
	return waiting->keeper == SESSIONS_SERVE || keeper_of(waiting->run->client.path, SESSIONS_UP);
}

static void hear(struct waiting *waiting, struct sessions_ask *ask, __u32 patience_ms)
{
	const struct timespec pause = { .tv_nsec = AGAIN_MS * 1000000L };
	struct sessions_line line;
	int error;

	if (ask->fd < 0) {
		if (sessions_ask_open(ask, waiting->run->client.path, waiting->keeper))
			nanosleep(&pause, NULL);
		return;
	}
	error = sessions_ask_next(ask, patience_ms < LOOK_MS ? patience_ms : LOOK_MS, &line);
	if (!error)
		take(waiting, &line);
	else if (error != -ETIMEDOUT)
		sessions_ask_close(ask);
}

static void tell_wait(const struct waiting *waiting, __u64 passed_ms, __u32 wait_ms)
{
	char passed[FORMAT_AMOUNT], all[FORMAT_AMOUNT];

	if (passed_ms >= AGAIN_MS)
		say_progress("waiting for %zu session%s: %s of %s", waiting->left, format_plural(waiting->left),
			     format_span(passed, passed_ms), format_span(all, wait_ms));
}

/* false: who keeps them has ended meanwhile. */
static bool hear_all(struct waiting *waiting, __u32 wait_ms)
{
	struct sessions_ask ask = { .fd = -1 };
	__u64 end_ms = now_ms() + wait_ms, at_ms = now_ms();

	while (waiting->left && at_ms < end_ms && is_there(waiting)) {
		hear(waiting, &ask, (__u32)(end_ms - at_ms));
		at_ms = now_ms();
		tell_wait(waiting, at_ms + wait_ms - end_ms, wait_ms);
	}
	say_over(STDERR_FILENO);
	sessions_ask_close(&ask);
	return !waiting->left || is_there(waiting);
}

static void say_missing(const struct waiting *waiting)
{
	for (size_t i = 0; i < waiting->run->config.meet_count; i++) {
		const struct config_peer *peer = &waiting->run->config.meets[i];
		const char *state = *waiting->peer[i].state ? waiting->peer[i].state : "not known";

		if (!waiting->peer[i].wanted || waiting->peer[i].stands)
			continue;
		if (peer->is_static)
			say_error("%s has no session yet, its state is %s; it is tried on in the background "
				  "(is mayflyctl up there too, with the same KeyFile?)", peer->name, state);
		else
			say_error("%s has no session yet, its state is %s; it is tried on in the background "
				  "(mayflyctl meet FILE %s --print says whether it is found, mayflyctl doctor what is wrong)",
				  peer->name, state, peer->name);
	}
}

int up_wait(const struct up_run *run, enum sessions_keeper keeper, __u32 wait_ms)
{
	struct waiting waiting = { .run = run, .keeper = keeper };
	size_t count = run->config.meet_count;

	if (!wait_ms)
		return CTL_FINE;
	waiting.peer = calloc(count + 1, sizeof(*waiting.peer));
	if (!waiting.peer) {
		say_error("no memory to wait for %zu sessions", count);
		return CTL_FAILED;
	}
	for (size_t i = 0; i < count; i++)
		waiting.left += waiting.peer[i].wanted = is_kept(&run->config.meets[i], keeper);
	if (!hear_all(&waiting, wait_ms))
		say_error("%s was taken down before all sessions stood, or who keeps them has died",
			  run->config.node.interface);
	else
		say_missing(&waiting);
	free(waiting.peer);
	return waiting.left ? CTL_FAILED : CTL_FINE;
}
