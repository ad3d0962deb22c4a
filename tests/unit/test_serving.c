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

enum { PERIOD_S = 600 };

static void public_of(__u8 public_key[static 32], __u8 number)
{
	__u8 secret[32] = { 0, number };

	assert_int_equal(key_public(public_key, secret), 0);
}

/* What reload does: clients numbered 1 to `clients`, by the registry's own code. */
static void serve(struct serving *serving, __u8 clients)
{
	struct config_peer meets[16] = { 0 };
	struct config config = { .file = "f", .meets = meets, .meet_count = clients };
	struct registry registry;
	char why[SAY_BYTES] = "";

	for (__u8 i = 0; i < clients; i++) {
		snprintf(meets[i].name, sizeof(meets[i].name), "client-%u", i);
		public_of(meets[i].public_key, (__u8)(i + 1));
	}
	if (registry_load(&registry, &config, serving->private_key, serving->public_key, &serving->registry, why))
		fail_msg("%s", why);
	assert_int_equal(serving_take_registry(serving, &registry), 0);
	assert_int_equal(serving->registry.count, clients);
}

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
	serving_settled(names, &before, &now);
	assert_string_equal(names, "");
	now.node.prefixes.template[0].prefix_length = 64;
	now.node.rendezvous.two_stage = 7;
	serving_settled(names, &before, &now);
	assert_string_equal(names, "Prefix, TwoStage");
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
		cmocka_unit_test(test_refused_is_asked_again),
		cmocka_unit_test(test_lost_is_asked_again), cmocka_unit_test(test_silent_loader),
	};

	return cmocka_run_group_tests(tests, begin_all, NULL);
}
