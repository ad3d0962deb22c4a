// SPDX-License-Identifier: GPL-2.0-only
/* The work of serve: what is due is put out, what became of it is told to the schedule, to people and to the status file. */
#include "ctl/serving.h"

#include <errno.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "ctl/format.h"

enum {
	STATUS_MS = 1000,      /* between two writings of the status */
	PROGRESS_MS = 5000,    /* between two lines about it */
	PROGRESS_CLIENTS = 32, /* fewer need none */
	REMEMBER_MS = 300000,  /* between two writings of the good nodes */
};

struct put {
	struct serving *serving;
	struct publish *schedule; /* that the task is of: the clients' or the common one */
	struct publish_task task;
};

static const __u32 none = ~(__u32)0;

__u64 serving_now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return (__u64)now.tv_sec * 1000 + (__u64)now.tv_nsec / 1000000;
}

/* --- publication --------------------------------------------------------------------- */

static const char *remedy(enum store_outcome outcome)
{
	switch (outcome) {
	case STORE_NO_BOOTSTRAP:
		return "no node to begin with is known: name some with Bootstrap, and look at the DNS";
	case STORE_NO_ANSWER:
		return "nobody answers: is UDP let out, and are the Bootstrap nodes alive?";
	case STORE_REFUSED:
		return "the nodes refuse it: does another process serve with this key, or is the clock behind?";
	default:
		return "it is tried again";
	}
}

/* Once, until nothing fails any more: of many clients some may fail and others not, turn about. */
static void say_failure(struct serving *serving, const struct store_result *result, const char *name)
{
	if (result->outcome == STORE_DONE)
		return;
	if (!serving->failing)
		say_note("cannot publish (for %s: %s): %s. It is tried again and again, introductions go on meanwhile",
			 name, store_outcome_name(result->outcome),
			 *result->why ? result->why : remedy(result->outcome));
	serving->failing = true;
}

static void note_publication(struct serving *serving, const struct store_result *result, const char *name)
{
	struct rendezvous_event *last = &serving->status.publication;

	last->at_ms = serving_now_ms();
	last->took_ms = result->took_ms;
	last->holders = result->holders;
	snprintf(last->outcome, sizeof(last->outcome), "%s", store_outcome_name(result->outcome));
	snprintf(last->peer, sizeof(last->peer), "%s", name);
	if (result->outcome == STORE_DONE)
		return;
	serving->status.failure = *last;
	snprintf(serving->status.failure_why, RENDEZVOUS_WORDS, "%.*s", RENDEZVOUS_WORDS - 1, result->why);
}

/* Ready: the first stands, or it is known that nothing can be put at all. */
static void become_ready(struct serving *serving)
{
	if (serving->ready)
		return;
	serving->ready = true;
	mf_notify_send(&serving->notify, "READY=1");
}

/* Still one: others may have taken its place meanwhile. */
static bool is_schedule(const struct serving *serving, const struct publish *schedule)
{
	return schedule && (schedule == serving->publish || schedule == serving->common || schedule == serving->pairs);
}

static void finish_put(const struct put *put, const struct store_result *result)
{
	const struct publish_task *task = &put->task;
	struct serving *serving = put->serving;
	__u32 index = task->client < serving->numbers ? serving->by_number[task->client] : none;
	const char *name = index == none ? "a client that has gone" : serving->registry.entry[index].name;

	if (put->schedule && put->schedule == serving->common)
		name = "all";
	if (is_schedule(serving, put->schedule))
		publish_done(put->schedule, serving_now_ms(), task, result->outcome == STORE_DONE);
	if (put->schedule && put->schedule == serving->common)
		serving_common_ended(serving, task, result->outcome);
	note_publication(serving, result, name);
	say_failure(serving, result, name);
	become_ready(serving);
}

static void on_checked(void *owner, const struct store_result *result)
{
	struct put *put = owner;
	struct serving *serving = put->serving;

	serving->puts--;
	if (!serving->closing) {
		finish_put(put, result);
		serving_work(serving);
	}
	free(put);
}

/* The common item counts as put when it has been read. */
static void on_put(void *owner, const struct store_result *result)
{
	struct put *put = owner;
	struct serving *serving = put->serving;

	if (serving->closing || result->outcome != STORE_DONE || !put->schedule || put->schedule != serving->common ||
	    serving_common_check(serving, put->task.period, result, on_checked, put))
		on_checked(put, result);
}

/* All that is secret about a put, until the store has it. */
struct sealing {
	struct store_place place;
	struct rendezvous_offer offer;
	__u8 value[RENDEZVOUS_VALUE_BYTES];
};

/* What follows seals the value of a task for its place. Length, or -errno and `why`. */
static int seal_pair(struct serving *serving, const struct publish_task *task, struct sealing *sealing,
		     char why[static SAY_BYTES])
{
	struct introduction *introduction = serving_introduction(serving, task->period);
	const struct rendezvous_pair *pair = &serving->registry.pair[serving->by_number[task->client]];

	if (!introduction)
		return say_why(why, -ENOENT, "there is no introduction of that period");
	introduction->offered = true;
	store_place_of(&sealing->place, pair, serving_period_s(serving), task->period);
	introduce_offer(&sealing->offer, introduction, &serving->node.prefix, serving_period_s(serving),
			serving->config.node.rendezvous.form);
	return rendezvous_seal(pair, &sealing->offer, sealing->value, why);
}

static int seal_long(struct serving *serving, const struct publish_task *task, struct sealing *sealing,
		     char why[static SAY_BYTES])
{
	const struct rendezvous_pair *pair = &serving->registry.pair[serving->by_number[task->client]];
	const struct two_stage_keys *keys = serving_stage_keys(serving, task->period);

	if (!keys)
		return say_why(why, -EINVAL, "there are no keys of that window");
	store_place_of(&sealing->place, pair, serving_long_s(serving), task->period);
	return two_stage_seal_long(pair, &keys->access, sealing->value);
}

static int seal_common(struct serving *serving, const struct publish_task *task, struct sealing *sealing,
		       char why[static SAY_BYTES])
{
	struct introduction *introduction = serving_introduction(serving, task->period);
	const struct two_stage_keys *keys = serving_stage_keys(serving, task->period);

	if (!introduction || !keys || store_place_common(&sealing->place, &keys->access, task->period))
		return say_why(why, -ENOENT, "there is no introduction of that period");
	introduction->offered = true;
	sealing->place.common = keys;
	introduce_offer(&sealing->offer, introduction, &serving->node.prefix, serving_period_s(serving),
			RENDEZVOUS_NATIVE);
	return two_stage_seal_short(keys, &sealing->offer, sealing->value, why);
}

static int seal(const struct put *put, struct sealing *sealing, char why[static SAY_BYTES])
{
	struct serving *serving = put->serving;

	if (put->schedule == serving->common)
		return seal_common(serving, &put->task, sealing, why);
	if (put->task.client >= serving->numbers || serving->by_number[put->task.client] == none)
		return say_why(why, -ENOENT, "there is no such client");
	return serving->common && put->schedule != serving->pairs ? seal_long(serving, &put->task, sealing, why) :
							     seal_pair(serving, &put->task, sealing, why);
}

/* 0 if it is under way; else what became of it is known already. */
static int hand_over(struct put *put, struct store_result *failed)
{
	struct sealing *sealing = key_secret_new(sizeof(*sealing));
	struct store *store = put->serving->store;
	int length, error;

	if (!sealing)
		return say_why(failed->why, -ENOMEM, "no memory");
	length = rendezvous_check_clock(serving_now_ms() / 1000, failed->why);
	if (!length)
		length = seal(put, sealing, failed->why);
	error = length < 0 ? length :
		store->operations->put(store, &sealing->place, sealing->value, (size_t)length, on_put, put);
	if (length >= 0 && error)
		say_why(failed->why, error, "cannot begin: %s", strerror(-error));
	key_secret_free(sealing);
	return error;
}

static void start_put(struct serving *serving, struct publish *schedule, const struct publish_task *task)
{
	struct store_result failed = { .outcome = STORE_FAILED };
	struct put value = { serving, schedule, *task }, *put = malloc(sizeof(*put));

	if (put) {
		*put = value;
		if (!hand_over(put, &failed)) {
			serving->puts++;
			return;
		}
		free(put);
	}
	finish_put(&value, &failed);
}

void serving_put_due(struct serving *serving, __u64 now_ms)
{
	struct publish_task task;

	while (serving->common && serving->puts < SERVING_PUTS && publish_next(serving->common, now_ms, &task))
		start_put(serving, serving->common, &task);
	while (serving->pairs && serving->puts < SERVING_PUTS && publish_next(serving->pairs, now_ms, &task))
		start_put(serving, serving->pairs, &task);
	while (serving->puts < SERVING_PUTS && publish_next(serving->publish, now_ms, &task))
		start_put(serving, serving->publish, &task);
}

/* --- what others see ----------------------------------------------------------------- */

/* In two stages a client finds something where the common item stands, or one of its own. */
void serving_count(const struct serving *serving, struct publish_counts *counts)
{
	struct publish_counts common = { 0 }, pairs = { 0 };

	publish_count(serving->publish, counts);
	if (!serving->common)
		return;
	publish_count(serving->common, &common);
	if (serving->pairs)
		publish_count(serving->pairs, &pairs);
	counts->current = common.current ? counts->current : pairs.current;
	counts->next = common.next ? counts->next : pairs.next;
	counts->busy += common.busy + pairs.busy;
	counts->failing += common.failing + pairs.failing;
}

/* On a screen as it goes, in a log a line now and then, and one when all is done. */
static void tell_progress(struct serving *serving, const struct publish_counts *counts, __u64 now_ms)
{
	char done[FORMAT_AMOUNT], all[FORMAT_AMOUNT];
	bool whole = counts->current == counts->clients;

	if (counts->clients < PROGRESS_CLIENTS || counts->current == serving->status.current)
		return;
	format_count(done, counts->current);
	format_count(all, counts->clients);
	if (whole)
		say_note("published for all of %s clients", all);
	else if (say_on_screen(STDERR_FILENO))
		say_progress("published for %s of %s clients", done, all);
	else if (now_ms - serving->progress_ms >= PROGRESS_MS)
		say_note("published for %s of %s clients", done, all);
	else
		return;
	serving->progress_ms = now_ms;
}

/* What systemctl status shows. */
static void tell_systemd(struct serving *serving, const struct publish_counts *counts)
{
	char status[80];

	if (counts->current == serving->status.current && counts->clients == serving->status.clients)
		return;
	snprintf(status, sizeof(status), "STATUS=published for %u of %u clients", counts->current, counts->clients);
	mf_notify_send(&serving->notify, status);
}

static void say_recovery(struct serving *serving, const struct publish_counts *counts)
{
	if (!serving->failing || counts->failing)
		return;
	say_note("published again, nothing fails any more");
	serving->failing = false;
}

static void take_status(struct serving *serving, const struct publish_counts *counts, __u64 now_ms)
{
	struct rendezvous_status *status = &serving->status;
	struct loop_dht_status dht = { 0 };

	if (serving->dht)
		loop_dht_status(serving->dht, &dht);
	status->written_ms = now_ms;
	status->period_s = serving_period_s(serving);
	status->period = rendezvous_period(now_ms / 1000, serving_period_s(serving));
	status->clients = counts->clients;
	status->current = counts->current;
	status->next = counts->next;
	status->failing = counts->failing;
	status->wrong = (__u32)serving->registry.wrong;
	status->ipv4_nodes = dht.good_nodes[DHT_IPV4];
	status->ipv6_nodes = dht.good_nodes[DHT_IPV6];
	status->bootstrap_named = dht.named;
	status->bootstrap_resolved = dht.resolved;
	serving_level_tell(serving, status);
}

/* A disk that was full may have room again: it is said once, and tried every time. */
static void write_status(struct serving *serving)
{
	char why[SAY_BYTES];
	int error;

	if (!*serving->status_path)
		return;
	error = rendezvous_status_write(serving->status_path, &serving->status, why);
	if (error && !serving->said_status)
		say_note("%s", why);
	serving->said_status = error != 0;
}

static void tell(struct serving *serving, __u64 now_ms)
{
	struct publish_counts counts;

	if (now_ms >= serving->status_ms && now_ms - serving->status_ms < STATUS_MS)
		return;
	serving->status_ms = now_ms;
	serving_count(serving, &counts);
	tell_progress(serving, &counts, now_ms);
	tell_systemd(serving, &counts);
	say_recovery(serving, &counts);
	take_status(serving, &counts, now_ms);
	write_status(serving);
	if (serving->dht && (now_ms < serving->remembered_ms || now_ms - serving->remembered_ms >= REMEMBER_MS)) {
		serving->remembered_ms = now_ms;
		loop_dht_remember(serving->dht);
	}
}

static void on_timer(uv_timer_t *timer)
{
	serving_work(timer->data);
}

/* When something is due next. */
static __u64 due_ms(const struct serving *serving, __u64 now_ms)
{
	__u64 next_ms = serving_turn_ms(serving, now_ms);
	const struct publish *schedules[] = { serving->publish, serving->common, serving->pairs };

	for (int i = 0; serving->puts < SERVING_PUTS && i < 3; i++)
		if (schedules[i] && publish_wake_ms(schedules[i]) < next_ms)
			next_ms = publish_wake_ms(schedules[i]);
	return next_ms;
}

/* At most a second: clocks are set, and people look at the status. */
static void sleep_until(struct serving *serving, __u64 next_ms, __u64 now_ms)
{
	__u64 pause_ms = next_ms > now_ms ? next_ms - now_ms : 1;

	uv_timer_start(&serving->timer, on_timer, pause_ms < STATUS_MS ? pause_ms : STATUS_MS, 0);
}

void serving_work(struct serving *serving)
{
	__u64 now_ms = serving_now_ms();
	bool there, more;

	serving_level_turn(serving, now_ms);
	serving_node_turn(serving, now_ms);
	there = serving_turn(serving, now_ms);
	more = serving_sweep(serving) || !there;
	if (there)
		serving_put_due(serving, now_ms);
	tell(serving, now_ms);
	sleep_until(serving, more ? now_ms : due_ms(serving, now_ms), now_ms);
}
