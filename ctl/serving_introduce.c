// SPDX-License-Identifier: GPL-2.0-only
/*
 * The introductions of the last, the current and the next period, and what the loader has to know of them. Each has
 * its T to itself, whatever the period was when it was made. A loader that does not take them is told of once, and
 * asked again after a pause: publication goes on meanwhile.
 */
#include <errno.h>
#include <sodium.h>
#include <string.h>

#include "ctl/serving.h"
#include "ctl/snapshot.h"

static void say_refused(struct serving *serving, int error, unsigned int type, const struct mf_message *answer)
{
	char why[SAY_BYTES];

	serving->status.refused++;
	if (serving->said_refused)
		return;
	serving->said_refused = true;
	client_why(&serving->loader, error, type, answer, why);
	say_note("introductions are published, but not all of them are taken here: %s", why);
}

/* It, or all of the node, has gone from the loader without us: the node was taken down and up again, perhaps. */
static bool is_gone(int error, const struct mf_message *answer)
{
	return error == -EREMOTEIO &&
	       (answer->refusal == MF_REFUSED_NOT_FOUND || answer->refusal == MF_REFUSED_NO_NODE ||
		answer->refusal == MF_REFUSED_NO_LISTENER);
}

/* 0: so it is now. -EREMOTEIO: refused, the next may be taken; another -errno: the loader does not answer. */
static int ask(struct serving *serving, unsigned int type, struct mf_message *message)
{
	bool adds = type == MF_ASSOC_ADD;
	int error;

	if (!*serving->loader.path)
		return 0;
	message->type = (__u16)type;
	error = client_ask_again(&serving->loader, message);
	if (is_gone(error, message))
		serving->forgotten = true;
	if (!error || (adds && error == -EREMOTEIO && message->refusal == MF_REFUSED_EXISTS) ||
	    (!adds && is_gone(error, message)))
		return 0;
	say_refused(serving, error, type, message);
	serving->lacking = true;
	return error;
}

static int add_listener(struct serving *serving, const struct introduction *introduction)
{
	struct mf_message *message = key_secret_new(sizeof(*message));
	int error;

	if (!message)
		return -ENOMEM;
	introduce_listener(&message->assoc_config, introduction, &serving->node);
	error = ask(serving, MF_ASSOC_ADD, message);
	key_secret_free(message);
	return error;
}

static int add_one(struct serving *serving, const struct introduction *introduction, size_t index)
{
	const struct registered *client = &serving->registry.entry[index];
	struct mf_message *message = key_secret_new(sizeof(*message));
	__u8 reader_seed[8];
	int error;

	if (!message)
		return -ENOMEM;
	rendezvous_reader_seed(&serving->registry.pair[index], introduction->key, reader_seed);
	introduce_client(&message->assoc_config, introduction, &serving->node, client->name, client->public_key,
			 reader_seed);
	error = ask(serving, MF_ASSOC_ADD, message);
	key_secret_free(message);
	return error;
}

static int delete_named(struct serving *serving, const char name[static MF_NAME_BYTES])
{
	struct mf_message message = { 0 };

	memcpy(message.assoc_config.name, name, MF_NAME_BYTES);
	return ask(serving, MF_ASSOC_DELETE, &message);
}

static int delete_one(struct serving *serving, __u32 period, const struct registered *client)
{
	char name[MF_NAME_BYTES];

	introduce_name(name, client->name, client->public_key, period);
	return delete_named(serving, name);
}

static int delete_listener(struct serving *serving, const struct introduction *introduction)
{
	struct mf_assoc_config config;
	int error;

	introduce_listener(&config, introduction, &serving->node);
	error = delete_named(serving, config.name);
	sodium_memzero(&config, sizeof(config));
	return error;
}

/* Tells of one client more, or one less, of the introduction in place `which`. 1: told; 0: of none; -errno: no answer. */
static int sweep_one(struct serving *serving, int which, size_t *at)
{
	const struct introduction *introduction = &serving->introductions[which];
	__u8 bit = (__u8)(1 << which);
	int error;

	for (; *at < serving->registry.count; ++*at) {
		struct registered *client = &serving->registry.entry[*at];

		if (!(client->known & bit) == introduction->leaving || client->refused & bit)
			continue;
		error = introduction->leaving ? delete_one(serving, introduction->period, client) :
						add_one(serving, introduction, *at);
		if (!error)
			client->known ^= bit;
		else if (error == -EREMOTEIO)
			client->refused |= bit;
		else
			return error;
		return 1;
	}
	return 0;
}

/* Place `which` begins anew: nobody is known of it. */
static void clear_bits(struct serving *serving, int which)
{
	for (size_t i = 0; i < serving->registry.count; i++) {
		serving->registry.entry[i].known &= (__u8)~(1 << which);
		serving->registry.entry[i].refused &= (__u8)~(1 << which);
	}
}

/* What is refused now would be refused again: no more is asked for, the place is needed. */
static int finish_leaving(struct serving *serving, int which)
{
	struct introduction *introduction = &serving->introductions[which];
	int error = delete_listener(serving, introduction);

	if (error && error != -EREMOTEIO)
		return error;
	clear_bits(serving, which);
	sodium_memzero(introduction, sizeof(*introduction));
	return 0;
}

/* Clients have no place in the loader before their listener has one. 0; -EREMOTEIO: refused; or no answer. */
static int begin_introduction(struct serving *serving, struct introduction *introduction)
{
	int error;

	if (introduction->leaving || introduction->listens)
		return 0;
	error = add_listener(serving, introduction);
	introduction->listens = !error;
	return error;
}

/* One introduction. 0; 1: the loop has its turn first; -errno: no answer. */
static int sweep_introduction(struct serving *serving, int which, unsigned int *told)
{
	struct introduction *introduction = &serving->introductions[which];
	int error = introduction->period ? begin_introduction(serving, introduction) : -EREMOTEIO;
	size_t at = 0;

	if (error)
		return error == -EREMOTEIO ? 0 : error;
	for (; *told < SERVING_SWEEP; ++*told) {
		error = sweep_one(serving, which, &at);
		if (error <= 0)
			break;
	}
	if (error)
		return error;
	return introduction->leaving ? finish_leaving(serving, which) : 0;
}

/* The loader has lost some of it: everything that is to stand is asked for again; what stands is there already. */
static void start_again(struct serving *serving)
{
	for (int i = 0; i < SERVING_INTRODUCTIONS; i++) {
		if (serving->introductions[i].leaving)
			continue;
		serving->introductions[i].listens = false;
		clear_bits(serving, i);
	}
}

/* After a pause, what was refused is asked for again. */
static bool is_pausing(struct serving *serving, __u64 now_ms)
{
	if (!serving->again_ms)
		return false;
	if (now_ms < serving->again_ms && serving->again_ms - now_ms <= SERVING_AGAIN_MS)
		return serving->silent;
	for (size_t i = 0; i < serving->registry.count; i++)
		serving->registry.entry[i].refused = 0;
	serving->again_ms = 0;
	serving->silent = serving->lacking = false;
	return false;
}

static void end_sweep(struct serving *serving, int error, __u64 now_ms)
{
	if (serving->forgotten)
		start_again(serving);
	serving->silent = error != 0;
	if ((serving->lacking || serving->forgotten) && !serving->again_ms)
		serving->again_ms = now_ms + SERVING_AGAIN_MS;
	if (!serving->lacking && !serving->forgotten) {
		serving->said_refused = false;
		serving->status.refused = 0;
	}
	serving->forgotten = false;
}

bool serving_sweep(struct serving *serving)
{
	__u64 now_ms = serving_now_ms();
	unsigned int told = 0;
	int error = 0;

	if (is_pausing(serving, now_ms))
		return false;
	for (int i = 0; !error && i < SERVING_INTRODUCTIONS; i++)
		error = sweep_introduction(serving, i, &told);
	if (error > 0)
		return true;
	end_sweep(serving, error, now_ms);
	return false;
}

static __u64 end_ms(const struct introduction *introduction)
{
	return (introduction->period + 2ULL * introduction->period_s) * 1000;
}

/* Whether the introduction is heard at `now_ms`: in its own period, the one before and the one after. */
static bool is_heard(const struct introduction *introduction, __u64 now_ms)
{
	return now_ms + introduction->period_s * 1000ULL >= introduction->period * 1000ULL &&
	       now_ms < end_ms(introduction);
}

static struct introduction *find(const struct serving *serving, __u32 period)
{
	for (int i = 0; i < SERVING_INTRODUCTIONS; i++)
		if (serving->introductions[i].period == period)
			return &serving->introductions[i];
	return NULL;
}

struct introduction *serving_introduction(const struct serving *serving, __u32 period)
{
	struct introduction *introduction = find(serving, period);

	return introduction && !introduction->leaving ? introduction : NULL;
}

void serving_take_period(struct serving *serving)
{
	__u32 period_s = serving_period_s(serving);

	for (int i = 0; i < SERVING_INTRODUCTIONS; i++) {
		struct introduction *introduction = &serving->introductions[i];

		if (!introduction->period || introduction->offered)
			continue;
		if (introduction->period % period_s)
			introduction->leaving = true;
		else
			introduction->period_s = period_s;
	}
}

/*
 * A free place; or that of one that is to leave, which a loader that does not answer must not hold up. -1: there is
 * none, but there will be.
 */
static int find_place(const struct serving *serving)
{
	int found = -1;

	for (int i = 0; i < SERVING_INTRODUCTIONS; i++) {
		if (!serving->introductions[i].period)
			return i;
		if (serving->introductions[i].leaving && serving->silent)
			found = i;
	}
	return found;
}

/* The first to end of those that are neither of the current nor of the next period, unless one is leaving already. */
static void make_place(struct serving *serving, __u32 current)
{
	__u32 next = current + serving_period_s(serving);
	struct introduction *first = NULL;

	for (int i = 0; i < SERVING_INTRODUCTIONS; i++) {
		struct introduction *introduction = &serving->introductions[i];

		if (introduction->leaving)
			return;
		if (introduction->period != current && introduction->period != next &&
		    (!first || end_ms(introduction) < end_ms(first)))
			first = introduction;
	}
	if (first)
		first->leaving = true;
}

/* One that is there already is of both periods, and stays if it was about to leave. */
static void need(struct serving *serving, __u32 current, __u32 period)
{
	struct introduction *introduction = find(serving, period);
	int place;

	if (!introduction) {
		place = find_place(serving);
		if (place < 0) {
			make_place(serving, current);
			return;
		}
		introduction = &serving->introductions[place];
		clear_bits(serving, place);
		introduce_fresh(introduction, period, serving->config.node.rendezvous.form);
		introduction->period_s = 0;
	}
	introduction->leaving = false;
	if (introduction->period_s < serving_period_s(serving))
		introduction->period_s = serving_period_s(serving);
}

bool serving_turn(struct serving *serving, __u64 now_ms)
{
	__u32 period_s = serving_period_s(serving);
	__u32 period = rendezvous_period(now_ms / 1000, period_s);

	for (int i = 0; i < SERVING_INTRODUCTIONS; i++)
		serving->introductions[i].leaving |= serving->introductions[i].period &&
						     !is_heard(&serving->introductions[i], now_ms);
	need(serving, period, period);
	need(serving, period, period + period_s);
	return serving_introduction(serving, period) && serving_introduction(serving, period + period_s);
}

__u64 serving_turn_ms(const struct serving *serving, __u64 now_ms)
{
	__u64 period_ms = serving_period_s(serving) * 1000ULL;

	return now_ms - now_ms % period_ms + period_ms;
}

void serving_delete_client(struct serving *serving, const struct registered *client)
{
	for (int i = 0; i < SERVING_INTRODUCTIONS; i++)
		if (client->known & 1 << i)
			delete_one(serving, serving->introductions[i].period, client);
}

void serving_leave(struct serving *serving)
{
	for (int i = 0; serving->introductions && i < SERVING_INTRODUCTIONS; i++)
		serving->introductions[i].leaving = serving->introductions[i].period != 0;
	serving->again_ms = 0;
	while (serving->introductions && serving_sweep(serving))
		;
}

static void delete_with(struct serving *serving, const struct snapshot *snapshot, __u8 flag)
{
	int error = 0;

	for (size_t i = 0; !error && i < snapshot->count; i++)
		if (snapshot->associations[i].config.flags & flag)
			error = delete_named(serving, snapshot->associations[i].config.name);
}

void serving_leave_earlier(struct serving *serving)
{
	struct snapshot snapshot;
	char why[SAY_BYTES];

	if (snapshot_take(&snapshot, &serving->loader, why)) {
		say_note("what an earlier serve left, if it did, stays: %s", why);
		return;
	}
	delete_with(serving, &snapshot, MF_ASSOC_ROAMS);
	delete_with(serving, &snapshot, MF_ASSOC_LISTENS);
	serving->forgotten = serving->lacking = false;
	snapshot_close(&snapshot);
}
