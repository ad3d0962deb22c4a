// SPDX-License-Identifier: GPL-2.0-only
/* Two stages with a store that shows what it likes: the common item is read back, and pairs are published for where it is not there. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>
#include <sodium.h>

#include "ctl/serving.h"
#include "tests/unit/serving_clients.h"

enum { CLIENTS = 5, ASKED_MOST = 64, LATER_MS = 7000 /* than a first retry */ };

/* A store that keeps what it is asked, and answers when it is told to. */
struct asked {
	bool get, common;
	struct store_place place;
	__u8 value[RENDEZVOUS_VALUE_BYTES];
	size_t length;
	store_accept *accept;
	store_done *done;
	void *owner;
};

static __u32 period_s; /* such that neither it nor the long window ends soon */
static struct asked asked[ASKED_MOST];
static unsigned int asked_count;
static enum { HONEST, HIDES, REFUSES, SILENT } manner;

static struct asked *add(const struct store_place *place, store_done *done, void *owner)
{
	struct asked *one = &asked[asked_count++];

	assert_in_range(asked_count, 1, ASKED_MOST);
	*one = (struct asked){ .place = *place, .done = done, .owner = owner, .common = place->common != NULL };
	return one;
}

static int put(struct store *store, const struct store_place *place, const __u8 *value, size_t length, store_done *done,
	       void *owner)
{
	struct asked *one = add(place, done, owner);

	(void)store;
	memcpy(one->value, value, length);
	one->length = length;
	return 0;
}

static int get(struct store *store, const struct store_place *place, bool thorough, store_accept *accept, store_done *done,
	       void *owner)
{
	struct asked *one = add(place, done, owner);

	(void)store;
	assert_false(thorough); /* as a reader does */
	one->get = true;
	one->accept = accept;
	return 0;
}

static const struct store_operations operations = { .name = "fake", .put = put, .get = get };
static struct store store = { &operations };

/* What was put at the place that is read. */
static const struct asked *find_put(const struct asked *read)
{
	for (unsigned int i = 0; i < asked_count; i++)
		if (!asked[i].get && !memcmp(asked[i].place.public_key, read->place.public_key, 32))
			return &asked[i];
	return NULL;
}

static enum store_outcome answer_get(const struct asked *one)
{
	const struct asked *there = find_put(one);
	__u8 noise[RENDEZVOUS_VALUE_BYTES] = { 1 };

	if (manner == SILENT)
		return STORE_NO_ANSWER;
	if (manner == HIDES)
		return one->accept(one->owner, noise, sizeof(noise)) ? STORE_DONE : STORE_FOREIGN;
	assert_non_null(there);
	return one->accept(one->owner, there->value, there->length) ? STORE_DONE : STORE_FOREIGN;
}

struct seen {
	unsigned int common, reads, clients;
};

/* Publishes what is due until nothing is any more; counts what is of now. */
static struct seen publish(struct serving *serving, __u64 now_ms)
{
	struct seen seen = { 0 };

	asked_count = 0;
	do {
		unsigned int before = asked_count;

		serving_put_due(serving, now_ms);
		if (before == asked_count)
			break;
		for (unsigned int i = before; i < asked_count; i++) {
			struct store_result result = { .outcome = STORE_DONE };

			if (asked[i].place.period * 1000ULL <= now_ms) { /* not of the next one, which comes by chance */
				seen.reads += asked[i].get;
				seen.common += asked[i].common;
				seen.clients += !asked[i].get && !asked[i].common;
			}
			if (asked[i].get)
				result.outcome = answer_get(&asked[i]);
			else if (asked[i].common && manner == REFUSES)
				result.outcome = STORE_REFUSED;
			serving->puts += 1000; /* its end begins nothing of its own */
			asked[i].done(asked[i].owner, &result);
			serving->puts -= 1000;
		}
	} while (true);
	return seen;
}

static void choose_period(void)
{
	__u32 now_s = (__u32)(serving_now_ms() / 1000);

	period_s = 86400 / TWO_STAGE_PERIODS_DEFAULT;
	while (now_s % period_s > period_s / 2 || now_s % (period_s * TWO_STAGE_PERIODS_DEFAULT) > period_s * 3)
		period_s--;
}

static void begin(struct serving *serving)
{
	choose_period();
	*serving = (struct serving){ .loader.fd = -1, .store = &store };
	serving->config.node.rendezvous.period_ms = period_s * 1000;
	serving->config.node.rendezvous.two_stage = 2;
	serving->config.node.rendezvous.form = RENDEZVOUS_NATIVE;
	serving->node.prefix = (struct mf_template){ .base = { 0x20, 1, 0xd, 0xb8 }, .prefix_length = 64, .hop_bits = 64 };
	serving->private_key = key_secret_new(32);
	serving->private_key[1] = 77;
	public_of(serving->public_key, 77);
	serving->introductions = key_secret_new(SERVING_INTRODUCTIONS * sizeof(*serving->introductions));
	memset(serving->introductions, 0, SERVING_INTRODUCTIONS * sizeof(*serving->introductions));
	serving->stage = key_secret_new(sizeof(*serving->stage));
	memset(serving->stage, 0, sizeof(*serving->stage));
	assert_int_equal(uv_loop_init(&serving->loop), 0);
	uv_timer_init(&serving->loop, &serving->timer);
	serving->timer.data = serving;
	assert_int_equal(serving_level_open(serving), 0);
	serve(serving, CLIENTS);
	assert_non_null(serving->common);
	while (!serving_turn(serving, serving_now_ms()))
		;
	manner = HONEST;
}

static void end(struct serving *serving)
{
	serving_level_close(serving);
	uv_close((uv_handle_t *)&serving->timer, NULL);
	uv_run(&serving->loop, UV_RUN_DEFAULT);
	uv_loop_close(&serving->loop);
	serving_level_free(serving);
	publish_free(serving->publish);
	publish_free(serving->common);
	publish_free(serving->pairs);
	registry_close(&serving->registry);
	free(serving->by_number);
	key_secret_free(serving->stage);
	key_secret_free(serving->introductions);
	key_secret_free(serving->private_key);
}

static void demand(struct seen seen, unsigned int common, unsigned int reads, unsigned int clients)
{
	assert_int_equal(seen.common, common);
	assert_int_equal(seen.reads, reads);
	assert_int_equal(seen.clients, clients);
}

static void test_read_back(void **state)
{
	struct publish_counts counts;
	struct serving serving;

	(void)state;
	begin(&serving);
	demand(publish(&serving, serving_now_ms()), 1, 1, CLIENTS);
	serving_count(&serving, &counts);
	assert_int_equal(counts.current, CLIENTS);
	assert_int_equal(counts.failing, 0);
	assert_null(serving.pairs);
	end(&serving);
}

/* Taken, and shown to nobody, twice: each client gets one of its own; then it is shown, and they end, but not at once. */
static void test_hidden(void **state)
{
	struct publish_counts counts;
	struct serving serving;

	(void)state;
	begin(&serving);
	manner = HIDES;
	demand(publish(&serving, serving_now_ms()), 1, 1, CLIENTS);
	serving_count(&serving, &counts);
	assert_int_equal(counts.current, 0);
	assert_int_equal(counts.failing, 1);
	assert_null(serving.pairs);
	demand(publish(&serving, serving_now_ms() + LATER_MS), 1, 1, CLIENTS);
	assert_non_null(serving.pairs);
	serving_count(&serving, &counts);
	assert_int_equal(counts.current, CLIENTS);
	assert_int_equal(counts.failing, 1);

	serve(&serving, CLIENTS - 1); /* somebody goes: the others' are put again, by other keys */
	manner = HONEST;
	demand(publish(&serving, serving_now_ms() + 3 * LATER_MS), 1, 1, 2 * (CLIENTS - 1));
	assert_non_null(serving.pairs);
	serving.pairs_until_ms = 0;
	serve(&serving, CLIENTS - 2);
	publish(&serving, serving_now_ms() + 1);
	assert_null(serving.pairs);
	end(&serving);
}

/* Each item of a client is one that this client finds and opens. */
static void test_pairs_open(void **state)
{
	struct rendezvous_pair pair;
	struct rendezvous_offer offer;
	struct serving serving;
	struct store_place place;
	__u8 own[32] = { 0, 1 };
	unsigned int found = 0;
	char why[SAY_BYTES];
	__u32 period;

	(void)state;
	begin(&serving);
	manner = REFUSES;
	demand(publish(&serving, serving_now_ms()), 1, 0, CLIENTS);
	demand(publish(&serving, serving_now_ms() + LATER_MS), 1, 0, CLIENTS);
	period = rendezvous_period(serving_now_ms() / 1000, period_s);
	assert_int_equal(rendezvous_pair(&pair, own, serving.public_key, 0), 0);
	store_place_of(&place, &pair, period_s, period);
	for (unsigned int i = 0; i < asked_count; i++)
		if (!memcmp(asked[i].place.public_key, place.public_key, 32))
			found += !rendezvous_open(&pair, period_s, period, asked[i].value, asked[i].length, &offer, why);
	assert_int_equal(found, 1);
	end(&serving);
}

/* Nobody answers the reader: that is no proof. */
static void test_silent(void **state)
{
	struct serving serving;

	(void)state;
	begin(&serving);
	manner = SILENT;
	demand(publish(&serving, serving_now_ms()), 1, 1, CLIENTS);
	demand(publish(&serving, serving_now_ms() + LATER_MS), 0, 0, 0);
	assert_null(serving.pairs);
	end(&serving);
}

/* Who is removed finds nothing any more, and the others' items say so at once. */
static void test_removal_puts_all_again(void **state)
{
	struct serving serving;

	(void)state;
	begin(&serving);
	demand(publish(&serving, serving_now_ms()), 1, 1, CLIENTS);
	demand(publish(&serving, serving_now_ms() + 1), 0, 0, 0);
	serve(&serving, CLIENTS - 1);
	demand(publish(&serving, serving_now_ms() + 1), 1, 1, CLIENTS - 1);
	end(&serving);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_read_back), cmocka_unit_test(test_hidden), cmocka_unit_test(test_pairs_open),
		cmocka_unit_test(test_silent), cmocka_unit_test(test_removal_puts_all_again),
	};

	if (sodium_init() < 0)
		return 1;
	return cmocka_run_group_tests(tests, NULL, NULL);
}
