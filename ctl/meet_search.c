// SPDX-License-Identifier: GPL-2.0-only
/*
 * Three stages, one after the other, each some lookups side by side: pairwise items, long items, common items. Then the
 * same for the next shorter period of the ladder.
 */
#include "ctl/meet_search.h"

#include <errno.h>
#include <sodium.h>
#include <string.h>
#include <time.h>

#include "ctl/key.h"

enum { OTHERS_MS = 1000 /* that the other periods are waited for when the current one is found */ };

enum stage { STAGE_PAIR, STAGE_LONG, STAGE_COMMON, STAGE_OVER };

struct asked {
	struct searching *searching;
	int which; /* lookup of the meeting, or long window */
};

/* Secret: the access that long items give. */
struct searching {
	const struct meet_search *search;
	enum stage stage;
	unsigned int left; /* lookups of this stage under way */
	bool pressed;      /* what is left is not waited for long */
	struct two_stage_access access[MEETING_PERIODS]; /* by window; none is all zero */
	struct two_stage_window window[MEETING_PERIODS];
	int windows;
	struct asked asked[MEETING_PERIODS];
	struct store_place place;

	uv_loop_t loop;
	uv_timer_t timer;
	struct loop_dht *dht;
	struct store *store;
};

static void on_stage_over(uv_timer_t *timer);
static void on_patience(uv_timer_t *timer);

static bool accept_value(void *owner, const __u8 *value, size_t length)
{
	const struct asked *asked = owner;
	struct searching *searching = asked->searching;
	const struct rendezvous_pair *pair = searching->search->pair;
	struct meeting *meeting = searching->search->meeting;
	struct meeting_lookup *lookup = &meeting->lookup[asked->which];
	struct rendezvous_offer offer;
	bool opened = false;
	char why[SAY_BYTES];

	if (searching->stage == STAGE_LONG)
		return !two_stage_open_long(pair, &searching->window[asked->which], value, length,
					    &searching->access[asked->which], why);
	if (lookup->opened && !lookup->dead)
		return true;
	if (!rendezvous_is_of_form(searching->search->rendezvous->form, length))
		return false;
	if (searching->stage == STAGE_PAIR)
		opened = !rendezvous_open(pair, meeting->period_s, lookup->period, value, length, &offer, why);
	for (int i = 0; searching->stage == STAGE_COMMON && i < searching->windows && !opened; i++)
		opened = !two_stage_open_short(&searching->access[i], lookup->period, value, length, &offer, why);
	opened = opened && meeting_take(lookup, &offer, searching->search->dead);
	sodium_memzero(&offer, sizeof(offer));
	return opened;
}

/* A later stage's outcome counts, its costs are added to those of the earlier. */
static void take_result(struct meeting_lookup *lookup, const struct store_result *result, bool costs_alone)
{
	struct store_result sum = costs_alone ? lookup->result : *result;

	if (lookup->ended) {
		sum.nodes = lookup->result.nodes + result->nodes;
		sum.silent = lookup->result.silent + result->silent;
		sum.sent = lookup->result.sent + result->sent;
		sum.received = lookup->result.received + result->received;
		sum.took_ms = lookup->result.took_ms + result->took_ms;
	}
	lookup->result = sum;
	lookup->ended = true;
}

/* That of now, and it is not one that was in vain before. */
static bool is_there(const struct meeting *meeting)
{
	return meeting->lookup[0].opened && !meeting->lookup[0].dead;
}

static void on_found(void *owner, const struct store_result *result)
{
	const struct asked *asked = owner;
	struct searching *searching = asked->searching;
	struct meeting *meeting = searching->search->meeting;

	take_result(&meeting->lookup[asked->which], result, searching->stage == STAGE_LONG);
	if (meeting->lookup[asked->which].dead)
		meeting->lookup[asked->which].result.outcome = STORE_DONE;
	searching->left--;
	if (!searching->left)
		uv_timer_start(&searching->timer, on_stage_over, 0, 0);
	else if (searching->stage != STAGE_LONG && is_there(meeting) && !searching->pressed)
		uv_timer_start(&searching->timer, on_patience, OTHERS_MS, 0);
	searching->pressed = is_there(meeting);
}

static void ask(struct searching *searching, int which)
{
	struct asked *asked = &searching->asked[which];
	struct store_result failure = { .outcome = STORE_FAILED };
	int error;

	*asked = (struct asked){ searching, which };
	searching->left++;
	error = searching->store->operations->get(searching->store, &searching->place, meeting_knows_dead(searching->search->dead),
						  accept_value, on_found, asked);
	if (!error)
		return;
	say_why(failure.why, error, "cannot begin: %s", strerror(-error));
	on_found(asked, &failure);
}

static void begin_pairs(struct searching *searching)
{
	struct meeting *meeting = searching->search->meeting;

	for (int i = 0; i < MEETING_PERIODS; i++) {
		store_place_of(&searching->place, searching->search->pair, meeting->period_s, meeting->lookup[i].period);
		ask(searching, i);
	}
}

/* The windows that hold the three periods: one, or two next to each other. */
static void find_windows(struct searching *searching)
{
	const struct meeting *meeting = searching->search->meeting;

	for (int i = 0; i < MEETING_PERIODS; i++) {
		struct two_stage_window window;
		bool known = false;

		if (two_stage_window(&window, meeting->period_s, TWO_STAGE_PERIODS_DEFAULT, meeting->lookup[i].period))
			continue;
		for (int j = 0; j < searching->windows; j++)
			known |= searching->window[j].start == window.start;
		if (!known)
			searching->window[searching->windows++] = window;
	}
}

static void begin_long(struct searching *searching)
{
	const struct config_rendezvous *rendezvous = searching->search->rendezvous;

	if (rendezvous->store.kind != CONFIG_STORE_ANNOUNCE && rendezvous->form == RENDEZVOUS_NATIVE)
		find_windows(searching);
	for (int i = 0; i < searching->windows; i++) {
		store_place_of(&searching->place, searching->search->pair, searching->window[i].long_s,
			       searching->window[i].start);
		ask(searching, i);
	}
}

static void begin_common(struct searching *searching)
{
	struct meeting *meeting = searching->search->meeting;

	for (int i = 0; i < searching->windows; i++) {
		const struct two_stage_access *access = &searching->access[i];

		for (int j = 0; access->window.period_s && j < MEETING_PERIODS; j++)
			if (!store_place_common(&searching->place, access, meeting->lookup[j].period))
				ask(searching, j);
	}
	meeting->two_stage = searching->left > 0;
}

static void end(struct searching *searching)
{
	if (searching->dht)
		loop_dht_remember(searching->dht);
	store_close(searching->store);
	loop_dht_close(searching->dht);
	uv_close((uv_handle_t *)&searching->timer, NULL);
}

static void on_patience(uv_timer_t *timer)
{
	end(timer->data);
}

static void begin_stage(struct searching *searching)
{
	switch (searching->stage) {
	case STAGE_PAIR: begin_pairs(searching); break;
	case STAGE_LONG: begin_long(searching); break;
	case STAGE_COMMON: begin_common(searching); break;
	default: break;
	}
}

/* From the last stage of one period to the first one of the next. */
static void next_stage(struct searching *searching)
{
	if (++searching->stage != STAGE_OVER || !meeting_step(searching->search->meeting, (__u64)time(NULL)))
		return;
	searching->stage = STAGE_PAIR;
	searching->windows = 0;
	sodium_memzero(searching->access, sizeof(searching->access));
}

/* The next stage, as long as nothing was found and there is something to ask. */
static void on_stage_over(uv_timer_t *timer)
{
	struct searching *searching = timer->data;

	if (searching->left)
		return;
	while (searching->stage != STAGE_OVER && meeting_looks_on(searching->search->meeting)) {
		next_stage(searching);
		begin_stage(searching);
		if (searching->left)
			return;
	}
	end(searching);
}

static int open_store(struct searching *searching, char why[static SAY_BYTES])
{
	const struct meet_search *search = searching->search;
	const struct loop_dht_settings dht = {
		.rendezvous = search->rendezvous, .from = search->from, .nodes_path = search->nodes_path,
	};
	struct store_settings settings = { .loop = &searching->loop, .rendezvous = search->rendezvous };

	if (search->rendezvous->store.kind != CONFIG_STORE_REDIS) {
		searching->dht = loop_dht_new(&searching->loop, &dht);
		if (!searching->dht)
			return say_why(why, -ENOMEM, "no memory for the DHT");
	}
	settings.dht = searching->dht;
	return store_open(&searching->store, &settings, why);
}

int meet_search(const struct meet_search *search, char why[static SAY_BYTES])
{
	struct searching *searching;
	int error = rendezvous_check_clock((__u64)time(NULL), why);

	if (error)
		return error;
	searching = key_secret_new(sizeof(*searching));
	if (!searching || uv_loop_init(&searching->loop)) {
		key_secret_free(searching);
		return say_why(why, -ENOMEM, "no memory for the search");
	}
	searching->search = search;
	uv_timer_init(&searching->loop, &searching->timer);
	searching->timer.data = searching;
	meeting_begin(search->meeting, (__u64)time(NULL), search->rendezvous->period_ms / 1000);
	error = open_store(searching, why);
	if (error)
		end(searching);
	else
		begin_stage(searching);
	uv_run(&searching->loop, UV_RUN_DEFAULT);
	uv_loop_close(&searching->loop);
	key_secret_free(searching);
	return error;
}
