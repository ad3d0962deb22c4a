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

static int begin_all(void **state)
{
	(void)state;
	return sodium_init() >= 0 ? 0 : -1;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_removed_keys_never_come_again),
	};

	return cmocka_run_group_tests(tests, begin_all, NULL);
}
