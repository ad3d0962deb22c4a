// SPDX-License-Identifier: GPL-2.0-only
/* ctl/meet_print.c: what was found, in words and as JSON, and never K. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <time.h>

#include <cmocka.h>
#include <jansson.h>

#include "ctl/meet_print.h"
#include "tests/unit/capture.h"

enum { PERIOD_S = 600 };

static struct config_peer peer;
static struct config_rendezvous rendezvous;
static struct meeting meeting;
static char said[1 << 14];

static int set_up(void **state)
{
	static const __u8 inner[16] = { 0xfd, 0x6d, [15] = 1 };

	(void)state;
	memset(&peer, 0, sizeof(peer));
	snprintf(peer.name, sizeof(peer.name), "server");
	peer.addresses.count = 1;
	memcpy(peer.addresses.prefix[0].address, inner, sizeof(inner));
	config_rendezvous_init(&rendezvous);
	meeting_begin(&meeting, (__u64)time(NULL), PERIOD_S);
	for (int i = 0; i < MEETING_PERIODS; i++)
		meeting.lookup[i] = (struct meeting_lookup){
			.period = meeting.lookup[i].period, .ended = true,
			.result = { .outcome = STORE_NOTHING, .nodes = 5, .silent = 2, .sent = 30 + (__u32)i, .received = 20 },
		};
	return 0;
}

/* The introduction of one of the three periods. */
static void find(int which, enum rendezvous_form form)
{
	struct meeting_lookup *lookup = &meeting.lookup[which];

	lookup->opened = true;
	lookup->offer = (struct rendezvous_offer){ .form = form, .key = "SECRETSECRETSEC", .rotation_ms = 3000,
						   .prefix = { { 0x20, 1, 0xd, 0xb8 }, .prefix_length = 64, .hop_bits = 64 } };
	lookup->result.outcome = STORE_DONE;
	lookup->result.holders = 8;
	lookup->result.took_ms = 1234;
}

static void print(void as(const struct config_peer *, const struct meeting *, const struct config_rendezvous *))
{
	struct capture capture = capture_begin();

	as(&peer, &meeting, &rendezvous);
	capture_end(&capture, said, sizeof(said));
	assert_null(strstr(said, "SECRET"));
}

static void test_words(void **state)
{
	static const struct {
		enum rendezvous_form form;
		enum config_store store;
		bool two_stage;
		const char *words;
	} rows[] = {
		{ RENDEZVOUS_NATIVE, CONFIG_STORE_DHT, false, "dht (native), held by 8" },
		{ RENDEZVOUS_FULL, CONFIG_STORE_ANNOUNCE, false, "announce (full), held by 8" },
		{ RENDEZVOUS_COMPACT, CONFIG_STORE_REDIS, false, "redis (compact), held by 8" },
		{ RENDEZVOUS_NATIVE, CONFIG_STORE_DHT, true, "dht (two stages), held by 8" },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		find(0, rows[i].form);
		rendezvous.store.kind = rows[i].store;
		meeting.two_stage = rows[i].two_stage;
		print(meet_print);
		assert_non_null(strstr(said, rows[i].words));
		assert_non_null(strstr(said, "server is to be met"));
		assert_non_null(strstr(said, "fd6d::1"));
		assert_non_null(strstr(said, "2001:db8::/64"));
		assert_non_null(strstr(said, " old\n"));
		assert_non_null(strstr(said, "15 of nodes, 6 times none; 93 datagrams sent"));
	}
}

/* The next period's, by a clock that is ahead; from a server under attack. */
static void test_other_period(void **state)
{
	(void)state;
	find(2, RENDEZVOUS_NATIVE);
	meeting.step = 1;
	print(meet_print);
	assert_non_null(strstr(said, ", in "));
	assert_non_null(strstr(said, "the server is not calm"));
}

static void test_json(void **state)
{
	json_t *object;

	(void)state;
	print(meet_print_json);
	object = json_loads(said, 0, NULL);
	assert_non_null(object);
	assert_true(json_is_false(json_object_get(object, "found")));
	assert_true(json_string_length(json_object_get(object, "why")) > 0);
	assert_int_equal(json_integer_value(json_object_get(object, "sent")), 93);
	json_decref(object);

	find(0, RENDEZVOUS_COMPACT);
	print(meet_print_json);
	object = json_loads(said, 0, NULL);
	assert_non_null(object);
	assert_true(json_is_true(json_object_get(object, "found")));
	assert_string_equal(json_string_value(json_object_get(object, "form")), "compact");
	assert_string_equal(json_string_value(json_object_get(object, "prefix")), "2001:db8::/64");
	assert_int_equal(json_integer_value(json_object_get(object, "rotation_ms")), 3000);
	assert_int_equal(json_integer_value(json_object_get(object, "holders")), 8);
	json_decref(object);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_words, set_up), cmocka_unit_test_setup(test_other_period, set_up),
		cmocka_unit_test_setup(test_json, set_up),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
