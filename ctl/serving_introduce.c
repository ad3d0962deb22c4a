// SPDX-License-Identifier: GPL-2.0-only
/*
 * The introductions of the last, the current and the next period, and what the loader has to know of them. A loader that
 * does not take them is told of once: publication goes on, for a loader of another version may be on its way.
 */
#include <errno.h>
#include <sodium.h>
#include <string.h>

#include "ctl/serving.h"

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

/* What is to be deleted is not there, nor perhaps the node. */
static bool is_gone(int error, const struct mf_message *answer)
{
	return error == -EREMOTEIO &&
	       (answer->refusal == MF_REFUSED_NOT_FOUND || answer->refusal == MF_REFUSED_NO_NODE);
}

static void ask(struct serving *serving, unsigned int type, struct mf_message *message)
{
	int error;

	if (!*serving->loader.path)
		return;
	message->type = (__u16)type;
	error = client_ask_again(&serving->loader, message);
	if (error && !(type == MF_ASSOC_DELETE && is_gone(error, message)))
		say_refused(serving, error, type, message);
}

static void add_listener(struct serving *serving, const struct introduction *introduction)
{
	struct mf_message *message = key_secret_new(sizeof(*message));

	if (!message)
		return;
	introduce_listener(&message->assoc_config, introduction, &serving->node);
	ask(serving, MF_ASSOC_ADD, message);
	key_secret_free(message);
}

static void add_one(struct serving *serving, const struct introduction *introduction, size_t index)
{
	const struct registered *client = &serving->registry.entry[index];
	struct mf_message *message = key_secret_new(sizeof(*message));
	__u8 reader_seed[8];

	if (!message)
		return;
	rendezvous_reader_seed(&serving->registry.pair[index], introduction->key, reader_seed);
	introduce_client(&message->assoc_config, introduction, &serving->node, client->name, client->public_key,
			 reader_seed);
	ask(serving, MF_ASSOC_ADD, message);
	key_secret_free(message);
}

static void delete_named(struct serving *serving, const char name[static MF_NAME_BYTES])
{
	struct mf_message message = { 0 };

	memcpy(message.assoc_config.name, name, MF_NAME_BYTES);
	ask(serving, MF_ASSOC_DELETE, &message);
}

static void delete_one(struct serving *serving, __u32 period, const struct registered *client)
{
	char name[MF_NAME_BYTES];

	introduce_name(name, client->name, client->public_key, period);
	delete_named(serving, name);
}

static void delete_listener(struct serving *serving, const struct introduction *introduction)
{
	struct mf_assoc_config config;

	introduce_listener(&config, introduction, &serving->node);
	delete_named(serving, config.name);
	sodium_memzero(&config, sizeof(config));
}

/* Tells of one client more, or one less, of the introduction in place `which`. Whether there was one to tell of. */
static bool sweep_one(struct serving *serving, int which, size_t *at)
{
	const struct introduction *introduction = &serving->introductions[which];
	__u8 bit = (__u8)(1 << which);

	for (; *at < serving->registry.count; ++*at) {
		struct registered *client = &serving->registry.entry[*at];

		if (!(client->known & bit) != introduction->leaving) {
			client->known ^= bit;
			if (introduction->leaving)
				delete_one(serving, introduction->period, client);
			else
				add_one(serving, introduction, *at);
			return true;
		}
	}
	return false;
}

static void finish_leaving(struct serving *serving, struct introduction *introduction)
{
	delete_listener(serving, introduction);
	sodium_memzero(introduction, sizeof(*introduction));
}

bool serving_sweep(struct serving *serving)
{
	unsigned int told = 0;

	for (int i = 0; i < SERVING_INTRODUCTIONS; i++) {
		size_t at = 0;

		if (!serving->introductions[i].period)
			continue;
		while (told < SERVING_SWEEP && sweep_one(serving, i, &at))
			told++;
		if (told == SERVING_SWEEP)
			return true;
		if (serving->introductions[i].leaving)
			finish_leaving(serving, &serving->introductions[i]);
	}
	return false;
}

/* Whether the introduction is heard at `now_ms`: in its own period, the one before and the one after. */
static bool is_heard(const struct serving *serving, const struct introduction *introduction, __u64 now_ms)
{
	__u64 period_ms = serving_period_s(serving) * 1000ULL, start_ms = introduction->period * 1000ULL;

	return now_ms + period_ms >= start_ms && now_ms < start_ms + 2 * period_ms;
}

const struct introduction *serving_introduction(const struct serving *serving, __u32 period)
{
	for (int i = 0; i < SERVING_INTRODUCTIONS; i++)
		if (serving->introductions[i].period == period && !serving->introductions[i].leaving)
			return &serving->introductions[i];
	return NULL;
}

static void need(struct serving *serving, __u32 period)
{
	if (serving_introduction(serving, period))
		return;
	for (int i = 0; i < SERVING_INTRODUCTIONS; i++) {
		if (serving->introductions[i].period)
			continue;
		introduce_fresh(&serving->introductions[i], period, serving->config.node.rendezvous.form);
		add_listener(serving, &serving->introductions[i]);
		return;
	}
}

void serving_turn(struct serving *serving, __u64 now_ms)
{
	__u32 period_s = serving_period_s(serving);
	__u32 period = rendezvous_period(now_ms / 1000, period_s);

	for (int i = 0; i < SERVING_INTRODUCTIONS; i++)
		serving->introductions[i].leaving |= serving->introductions[i].period &&
						     !is_heard(serving, &serving->introductions[i], now_ms);
	need(serving, period);
	need(serving, period + period_s);
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
		serving->introductions[i].leaving = true;
	while (serving->introductions && serving_sweep(serving))
		;
}
