// SPDX-License-Identifier: GPL-2.0-only
/* A server's clients that come and go, without a loader and without a store: keys, numbers, schedules. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>
#include <sodium.h>

#include "ctl/serving.h"
#include "tests/unit/serving_clients.h"

enum { PERIOD_S = 600 };

static void begin(struct serving *serving, __u32 two_stage)
{
	*serving = (struct serving){ .loader.fd = -1 };
	serving->config.node.rendezvous.period_ms = PERIOD_S * 1000;
	serving->config.node.rendezvous.two_stage = two_stage;
	serving->config.node.rendezvous.form = RENDEZVOUS_NATIVE;
	serving->private_key = key_secret_new(32);
	serving->private_key[1] = 77;
	public_of(serving->public_key, 77);
	serving->introductions = key_secret_new(SERVING_INTRODUCTIONS * sizeof(*serving->introductions));
	serving->stage = key_secret_new(sizeof(*serving->stage));
}

static void end(struct serving *serving)
{
	publish_free(serving->publish);
	publish_free(serving->common);
	registry_close(&serving->registry);
	free(serving->by_number);
	key_secret_free(serving->stage);
	key_secret_free(serving->introductions);
	key_secret_free(serving->private_key);
}

/* Whoever was added and removed again holds the keys of its time: they must not come again. */
static void test_removed_keys_never_come_again(void **state)
{
	const __u32 now_s = 1700000000;
	struct two_stage_access first, with, after;
	struct serving serving;

	(void)state;
	begin(&serving, 1);
	serve(&serving, 2);
	assert_non_null(serving.common);
	first = serving_stage_keys(&serving, now_s)->access;
	serve(&serving, 3);
	with = serving_stage_keys(&serving, now_s)->access;
	serve(&serving, 2);
	after = serving_stage_keys(&serving, now_s)->access;
	assert_memory_not_equal(after.decryption_key, first.decryption_key, 32);
	assert_memory_not_equal(after.decryption_key, with.decryption_key, 32);
	assert_memory_not_equal(after.public_key, first.public_key, 32);
	assert_memory_not_equal(after.public_key, with.public_key, 32);
	end(&serving);
}

/* Clients that come and go, in pairs and in two stages: each number stands for who has it. */
static void test_numbers(void **state)
{
	static const __u8 clients[] = { 3, 12, 2, 9, 9, 1, 16, 0, 5 };
	struct serving serving;

	(void)state;
	begin(&serving, 8);
	for (size_t i = 0; i < sizeof(clients); i++) {
		__u32 numbered = 0;

		serve(&serving, clients[i]);
		assert_int_equal(serving.common != NULL, clients[i] > 8);
		for (__u32 j = 0; j < serving.numbers; j++) {
			if (serving.by_number[j] == ~(__u32)0)
				continue;
			assert_true(serving.by_number[j] < serving.registry.count);
			assert_int_equal(serving.registry.entry[serving.by_number[j]].number, j);
			numbered++;
		}
		assert_int_equal(numbered, clients[i]);
	}
	end(&serving);
}

static void test_settled(void **state)
{
	struct config before = { .file = "f" }, now = { .file = "f" };
	char names[SAY_BYTES];

	(void)state;
	serving_settled(names, &before, &now);
	assert_string_equal(names, "");
	strcpy(now.node.rendezvous.clients, "/elsewhere"); /* that is read anew */
	now.node.prefixes.template[0].prefix_length = 64;  /* and that is moved to */
	serving_settled(names, &before, &now);
	assert_string_equal(names, "");
	now.node.rendezvous.period_ms = 1000;
	now.node.rendezvous.two_stage = 7;
	serving_settled(names, &before, &now);
	assert_string_equal(names, "Period, TwoStage");
}

/* --- another period ------------------------------------------------------------------ */

enum { T = 1700000400 }; /* of 600 s, and of 300 and 150 */

static void turn(struct serving *serving, __u64 now_s)
{
	serving_turn(serving, now_s * 1000);
	assert_false(serving_sweep(serving));
}

static unsigned int count_introductions(const struct serving *serving)
{
	unsigned int count = 0;

	for (int i = 0; i < SERVING_INTRODUCTIONS; i++)
		count += serving->introductions[i].period != 0;
	return count;
}

static void begin_periods(struct serving *serving)
{
	begin(serving, 0);
	serve(serving, 2);
	turn(serving, T + 100);
	assert_int_equal(count_introductions(serving), 2);
}

/* Introductions that somebody may have read of stay until their own end; the others go by the new period. */
static void test_shorter_period(void **state)
{
	struct introduction *present;
	struct serving serving;
	__u8 key[16];

	(void)state;
	begin_periods(&serving);
	present = serving_introduction(&serving, T);
	present->offered = true;
	memcpy(key, present->key, sizeof(key));
	assert_int_equal(serving_set_period(&serving, 300), 0);
	assert_int_equal(serving_period_s(&serving), 300);
	turn(&serving, T + 100);
	assert_int_equal(count_introductions(&serving), 2);
	present = serving_introduction(&serving, T);
	assert_memory_equal(present->key, key, sizeof(key)); /* T is of both */
	assert_int_equal(present->period_s, 600);
	assert_int_equal(serving_introduction(&serving, T + 300)->period_s, 300);
	assert_null(serving_introduction(&serving, T + 600)); /* of which nobody knew */
	for (__u32 now_s = T + 100; now_s < T + 1200; now_s += 50)
		turn(&serving, now_s);
	assert_non_null(serving_introduction(&serving, T));
	assert_null(serving_introduction(&serving, T + 300)); /* over at T + 900 */
	turn(&serving, T + 1200);
	assert_null(serving_introduction(&serving, T));
	end(&serving);
}

/* The next one, too, if somebody may have read of it. */
static void test_next_was_offered(void **state)
{
	struct serving serving;

	(void)state;
	begin_periods(&serving);
	serving_introduction(&serving, T + 600)->offered = true;
	assert_int_equal(serving_set_period(&serving, 150), 0);
	for (__u32 now_s = T + 100; now_s < T + 1800; now_s += 50) {
		turn(&serving, now_s);
		assert_int_equal(serving_introduction(&serving, T + 600)->period_s, 600);
	}
	turn(&serving, T + 1800);
	assert_null(serving_introduction(&serving, T + 600));
	end(&serving);
}

/* Back to the longer one: what was made for the shorter one serves, and lasts longer; what begins in between goes. */
static void test_longer_period(void **state)
{
	struct serving serving;

	(void)state;
	begin_periods(&serving);
	assert_int_equal(serving_set_period(&serving, 300), 0);
	turn(&serving, T + 400);
	serving_introduction(&serving, T + 300)->offered = true;
	assert_int_equal(serving_set_period(&serving, 600), 0);
	turn(&serving, T + 400);
	assert_int_equal(serving_introduction(&serving, T)->period_s, 600);
	assert_int_equal(serving_introduction(&serving, T + 300)->period_s, 300);
	assert_int_equal(serving_introduction(&serving, T + 600)->period_s, 600);
	turn(&serving, T + 900);
	assert_null(serving_introduction(&serving, T + 300));
	assert_non_null(serving_introduction(&serving, T + 600));
	assert_non_null(serving_introduction(&serving, T + 1200));
	end(&serving);
}

/* Whoever is published for is published for anew, in pairs and in two stages. */
static void test_period_begins_schedule(void **state)
{
	struct publish_counts counts;
	struct publish_task task;
	struct serving serving;
	__u64 now_ms = serving_now_ms();

	(void)state;
	begin(&serving, 8);
	serve(&serving, 3);
	assert_true(publish_next(serving.publish, now_ms + 1000, &task));
	publish_done(serving.publish, now_ms + 1000, &task, true);
	assert_int_equal(serving_set_period(&serving, 150), 0);
	publish_count(serving.publish, &counts);
	assert_int_equal(counts.clients, 3);
	assert_int_equal(counts.current, 0);
	for (int i = 0; i < 3; i++) {
		assert_true(publish_next(serving.publish, now_ms + 1000, &task));
		assert_int_equal(task.period % 150, 0);
		assert_true(serving.by_number[task.client] < 3);
	}
	serve(&serving, 12);
	assert_non_null(serving.common);
	assert_int_equal(serving_set_period(&serving, 600), 0);
	assert_non_null(serving.common);
	publish_count(serving.publish, &counts);
	assert_int_equal(counts.clients, 12);
	assert_int_equal(serving_set_period(&serving, 600), 0);
	end(&serving);
}

/* Keys of a long window are those of its period as well: two may begin at one time. */
static void test_stage_keys_of_period(void **state)
{
	const __u32 start = 1699999200; /* of windows of 3600 s and 1800 s */
	struct two_stage_access calm, watched;
	struct serving serving;

	(void)state;
	begin(&serving, 1);
	serve(&serving, 2);
	calm = serving_stage_keys(&serving, start + 10)->access;
	assert_int_equal(calm.window.start, start);
	assert_int_equal(serving_set_period(&serving, 300), 0);
	watched = serving_stage_keys(&serving, start + 10)->access;
	assert_int_equal(watched.window.start, start);
	assert_int_equal(watched.window.long_s, calm.window.long_s / 2);
	assert_memory_not_equal(watched.public_key, calm.public_key, 32);
	end(&serving);
}

static void check_places(const struct serving *serving, __u32 now_s)
{
	__u32 period_s = serving_period_s(serving), current = now_s - now_s % period_s;

	assert_non_null(serving_introduction(serving, current));
	assert_non_null(serving_introduction(serving, current + period_s));
	for (int i = 0; i < SERVING_INTRODUCTIONS; i++)
		for (int j = 0; j < i; j++)
			assert_true(!serving->introductions[i].period ||
				    serving->introductions[i].period != serving->introductions[j].period);
}

/* However the period changes, there are the present and the next introduction, and no T is there twice. */
static void test_any_periods(void **state)
{
	static const __u32 periods[] = { 600, 300, 150 };
	struct serving serving;
	__u32 now_s = T;

	(void)state;
	begin(&serving, 0);
	serve(&serving, 1);
	srandom(7);
	for (int i = 0; i < 20000; i++, now_s += (__u32)random() % 60) {
		if (random() % 10 == 0)
			assert_int_equal(serving_set_period(&serving, periods[random() % 3]), 0);
		for (int j = 0; j < 4; j++) /* one place is made a turn */
			turn(&serving, now_s);
		check_places(&serving, now_s);
		for (int j = 0; j < SERVING_INTRODUCTIONS; j++)
			serving.introductions[j].offered |= random() % 4 == 0;
	}
	end(&serving);
}

/* --- the loader, its answers put in beforehand -------------------------------------- */

static int begin_loader(struct serving *serving)
{
	int ends[2];

	begin(serving, 0);
	serve(serving, 2);
	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET, 0, ends), 0);
	serving->loader = (struct client){ .fd = ends[0], .path = "/run/x.sock" };
	client_be_patient(&serving->loader, 1);
	introduce_fresh(&serving->introductions[0], 1700000400, RENDEZVOUS_NATIVE);
	return ends[1];
}

static void end_loader(struct serving *serving, int loader)
{
	client_close(&serving->loader);
	close(loader);
	end(serving);
}

static void answer(int loader, __u32 sequence, unsigned int type, unsigned int refusal)
{
	const struct mf_message message = { .version = MF_CONTROL_VERSION, .type = (__u16)type, .sequence = sequence,
					    .refusal = (__u16)refusal };

	assert_int_equal(send(loader, &message, sizeof(message), 0), sizeof(message));
}

static unsigned int count_requests(int loader)
{
	struct mf_message message;
	unsigned int count = 0;

	while (recv(loader, &message, sizeof(message), MSG_DONTWAIT) == sizeof(message))
		count++;
	return count;
}

/* One client that is refused holds no other up, and is asked for again after the pause. */
static void test_refused_is_asked_again(void **state)
{
	struct serving serving;
	int loader = begin_loader(&serving);

	(void)state;
	answer(loader, 1, MF_ASSOC_ADD, MF_ACCEPTED);
	answer(loader, 2, MF_ASSOC_ADD, MF_REFUSED_FULL);
	answer(loader, 3, MF_ASSOC_ADD, MF_REFUSED_EXISTS);
	assert_false(serving_sweep(&serving));
	assert_int_equal(count_requests(loader), 3);
	assert_int_equal(serving.registry.entry[0].known, 0);
	assert_int_equal(serving.registry.entry[1].known, 1);
	assert_int_equal(serving.status.refused, 1);
	assert_false(serving_sweep(&serving));
	assert_int_equal(count_requests(loader), 0); /* not at once */
	serving.again_ms = 1;
	answer(loader, 4, MF_ASSOC_ADD, MF_ACCEPTED);
	assert_false(serving_sweep(&serving));
	assert_int_equal(count_requests(loader), 1);
	assert_int_equal(serving.registry.entry[0].known, 1);
	assert_int_equal(serving.status.refused, 0);
	assert_false(serving.said_refused);
	end_loader(&serving, loader);
}

/* A listener that was not taken, and a node that was taken down and up: all of it is asked for again. */
static void test_lost_is_asked_again(void **state)
{
	struct serving serving;
	int loader = begin_loader(&serving);

	(void)state;
	answer(loader, 1, MF_ASSOC_ADD, MF_REFUSED_NO_NODE);
	assert_false(serving_sweep(&serving));
	assert_int_equal(count_requests(loader), 1); /* clients come after their listener */
	for (__u32 sequence = 2; sequence <= 4; sequence++)
		answer(loader, sequence, MF_ASSOC_ADD, MF_ACCEPTED);
	assert_false(serving_sweep(&serving));
	assert_int_equal(count_requests(loader), 3);
	introduce_fresh(&serving.introductions[1], 1700001000, RENDEZVOUS_NATIVE);
	answer(loader, 5, MF_ASSOC_ADD, MF_ACCEPTED);
	answer(loader, 6, MF_ASSOC_ADD, MF_REFUSED_NO_LISTENER);
	answer(loader, 7, MF_ASSOC_ADD, MF_REFUSED_NO_LISTENER);
	assert_false(serving_sweep(&serving));
	for (__u32 sequence = 8; sequence <= 13; sequence++)
		answer(loader, sequence, MF_ASSOC_ADD, MF_ACCEPTED);
	assert_false(serving_sweep(&serving));
	assert_int_equal(count_requests(loader), 9);
	assert_int_equal(serving.registry.entry[0].known, 3);
	assert_int_equal(serving.registry.entry[1].known, 3);
	end_loader(&serving, loader);
}

/* A loader that does not answer is asked once, not for each client. */
static void test_silent_loader(void **state)
{
	struct serving serving;
	int loader = begin_loader(&serving);

	(void)state;
	assert_false(serving_sweep(&serving));
	assert_false(serving_sweep(&serving));
	assert_int_equal(count_requests(loader), 1);
	serving_leave(&serving);
	assert_int_equal(count_requests(loader), 1);
	end_loader(&serving, loader);
}

static int begin_all(void **state)
{
	(void)state;
	return sodium_init() >= 0 ? 0 : -1;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_removed_keys_never_come_again), cmocka_unit_test(test_numbers), cmocka_unit_test(test_settled),
		cmocka_unit_test(test_shorter_period), cmocka_unit_test(test_next_was_offered),
		cmocka_unit_test(test_longer_period),
		cmocka_unit_test(test_period_begins_schedule), cmocka_unit_test(test_stage_keys_of_period),
		cmocka_unit_test(test_any_periods), cmocka_unit_test(test_refused_is_asked_again),
		cmocka_unit_test(test_lost_is_asked_again), cmocka_unit_test(test_silent_loader),
	};

	return cmocka_run_group_tests(tests, begin_all, NULL);
}
