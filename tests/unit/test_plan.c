// SPDX-License-Identifier: GPL-2.0-only
/* ctl/plan.c: a reload asks for what differs and nothing else, in an order that can be followed. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "ctl/plan.h"
#include "tests/unit/taken_in.h"

enum { MOST = 8 };

#define NODE "[Node]\nInterface=eth0\nPrefix=2001:db8:1::/64,2001:db8:8::/64\nAddress=fd00::1\n"
#define PEER(name, address) "[Peer]\nName=" name "\nPrefix=2001:db8:2::/64\nKeyFile=/k\nLocalSeed=0000000000000001\n" \
	"RemoteSeed=0000000000000002\nAddress=" address "\n"

struct world {
	struct config config;
	struct config_keys keys;
	__u8 key[MOST][KEY_HOP_BYTES];
	struct snapshot present;
	struct mf_assoc_status status[MOST];
	struct plan plan;
};

static void read_config(struct world *world, const char *text)
{
	char why[SAY_BYTES];

	config_close(&world->config);
	assert_int_equal(config_parse(&world->config, "f", text, strlen(text), why), 0);
	assert_int_equal(config_complete(&world->config, NULL, why), 0);
	for (size_t i = 0; i < world->config.peer_count; i++)
		memset(world->key[i], world->config.peers[i].name[0], KEY_HOP_BYTES);
	world->keys.key = world->key;
}

static void let_loader_have_it(struct world *world)
{
	take_all_in(&world->present, world->status, &world->config, world->key);
}

static void make(struct world *world)
{
	plan_close(&world->plan);
	assert_int_equal(plan_make(&world->plan, &world->config, &world->keys, &world->present), 0);
}

static void assert_step(const struct world *world, size_t at, enum plan_kind kind, const char *name)
{
	assert_true(at < world->plan.count);
	assert_int_equal(world->plan.step[at].kind, kind);
	if (name)
		assert_string_equal(world->plan.step[at].name, name);
	else
		assert_null(world->plan.step[at].name);
}

static int set_up(void **state)
{
	*state = calloc(1, sizeof(struct world));
	return !*state;
}

static int tear_down(void **state)
{
	struct world *world = *state;

	plan_close(&world->plan);
	config_close(&world->config);
	free(world);
	return 0;
}

static void test_from_nothing(void **state)
{
	struct world *world = *state;

	read_config(world, NODE PEER("a", "fd00::2") PEER("b", "fd00::3"));
	make(world);
	assert_int_equal(world->plan.count, 3);
	assert_step(world, 0, PLAN_NODE, NULL);
	assert_int_equal(world->plan.step[0].differences, 0);
	assert_step(world, 1, PLAN_ADD, "a");
	assert_step(world, 2, PLAN_ADD, "b");
}

static void test_nothing_to_do(void **state)
{
	struct world *world = *state;

	read_config(world, NODE PEER("b", "fd00::2") PEER("a", "fd00::3"));
	let_loader_have_it(world);
	make(world);
	assert_int_equal(world->plan.count, 0);
	assert_int_equal(world->plan.untouched, 2);
}

static void test_one_of_each(void **state)
{
	struct world *world = *state;

	read_config(world, NODE PEER("stays", "fd00::2") PEER("goes", "fd00::3") PEER("changes", "fd00::4"));
	let_loader_have_it(world);
	read_config(world, NODE "LookAhead=3m\n" PEER("stays", "fd00::2") PEER("changes", "fd00::4") "Rotation=5s\n"
			   PEER("new", "fd00::5"));
	make(world);
	assert_int_equal(world->plan.count, 4);
	assert_int_equal(world->plan.untouched, 1);
	assert_step(world, 0, PLAN_DELETE, "goes");
	assert_step(world, 1, PLAN_NODE, NULL);
	assert_int_equal(world->plan.step[1].differences, PLAN_LOOK_AHEAD);
	assert_step(world, 2, PLAN_CHANGE, "changes");
	assert_int_equal(world->plan.step[2].differences, PLAN_ROTATION);
	assert_step(world, 3, PLAN_ADD, "new");
	assert_int_equal(world->plan.step[3].peer, 2);
}

/* The loader tells no key; that it has another one shows in where it stands. */
static void test_another_key(void **state)
{
	struct world *world = *state;

	read_config(world, NODE PEER("a", "fd00::2") PEER("b", "fd00::3"));
	let_loader_have_it(world);
	world->key[1][5] ^= 1;
	make(world);
	assert_int_equal(world->plan.count, 1);
	assert_step(world, 0, PLAN_CHANGE, "b");
	assert_int_equal(world->plan.step[0].differences, PLAN_KEY);
}

struct difference {
	const char *line;
	unsigned int differences;
};

static void test_differences(void **state)
{
	static const struct difference rows[] = {
		{ "Carriage=rewrite\n", PLAN_CARRIAGE }, { "Firewall=peer\n", PLAN_FLAGS },
		{ "ZeroChecksum=yes\n", PLAN_FLAGS }, { "Carriage=rewrite\nPort=7\n", PLAN_CARRIAGE | PLAN_PORT },
		{ "LocalPrefix=2001:db8:8::/64\n", PLAN_LOCAL_PREFIX }, { "LocalAddress=fd00:7::/64\n", PLAN_LOCAL_ADDRESS },
		{ "", 0 },
	};
	struct world *world = *state;
	char text[1024];

	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		read_config(world, NODE PEER("a", "fd00::2"));
		let_loader_have_it(world);
		snprintf(text, sizeof(text), "%s%s", NODE PEER("a", "fd00::2"), rows[i].line);
		read_config(world, text);
		make(world);
		assert_int_equal(world->plan.count, rows[i].differences ? 1 : 0);
		if (rows[i].differences)
			assert_int_equal(world->plan.step[0].differences, rows[i].differences);
	}
}

/* Two peers change places: neither can take a prefix that the other still has. */
static void test_swap(void **state)
{
	struct world *world = *state;

	read_config(world, NODE PEER("a", "fd00::2") PEER("b", "fd00::3") PEER("c", "fd00::4"));
	let_loader_have_it(world);
	read_config(world, NODE PEER("a", "fd00::3") PEER("b", "fd00::2") PEER("c", "fd00::4"));
	make(world);
	assert_int_equal(world->plan.count, 4);
	assert_step(world, 0, PLAN_DELETE, "a");
	assert_step(world, 1, PLAN_DELETE, "b");
	assert_step(world, 2, PLAN_ADD, "a");
	assert_step(world, 3, PLAN_ADD, "b");
	assert_true(world->plan.step[0].replaces && world->plan.step[2].replaces);
	assert_int_equal(world->plan.untouched, 1);
}

/* One gives a prefix to another and takes a new one. */
static void test_handover(void **state)
{
	struct world *world = *state;

	read_config(world, NODE PEER("a", "fd00::2") PEER("b", "fd00::3"));
	let_loader_have_it(world);
	read_config(world, NODE PEER("a", "fd00::4") PEER("b", "fd00::2"));
	make(world);
	assert_int_equal(world->plan.count, 3);
	assert_step(world, 0, PLAN_DELETE, "a");
	assert_step(world, 1, PLAN_CHANGE, "b");
	assert_step(world, 2, PLAN_ADD, "a");
}

/* A rename deletes first, or the prefix would still be taken. */
static void test_rename(void **state)
{
	struct world *world = *state;

	read_config(world, NODE PEER("a", "fd00::2"));
	let_loader_have_it(world);
	read_config(world, NODE PEER("z", "fd00::2"));
	make(world);
	assert_int_equal(world->plan.count, 2);
	assert_step(world, 0, PLAN_DELETE, "a");
	assert_false(world->plan.step[0].replaces);
	assert_step(world, 1, PLAN_ADD, "z");
}

/* The node's prefix changes: associations leave it before, and come back in the new one. */
static void test_other_prefix(void **state)
{
	struct world *world = *state;

	read_config(world, NODE PEER("a", "fd00::2") PEER("b", "fd00::3") "LocalPrefix=2001:db8:8::/64\n");
	let_loader_have_it(world);
	read_config(world, "[Node]\nInterface=eth0\nPrefix=2001:db8:9::/64,2001:db8:8::/64\nAddress=fd00::1\n"
		    PEER("a", "fd00::2") PEER("b", "fd00::3") "LocalPrefix=2001:db8:8::/64\n");
	make(world);
	assert_int_equal(world->plan.count, 3);
	assert_step(world, 0, PLAN_DELETE, "a");
	assert_step(world, 1, PLAN_NODE, NULL);
	assert_int_equal(world->plan.step[1].differences, PLAN_NODE_PREFIX);
	assert_step(world, 2, PLAN_ADD, "a");
	assert_int_equal(world->plan.untouched, 1);
}

static void test_words(void **state)
{
	char words[PLAN_WORDS_BYTES];

	(void)state;
	assert_string_equal(plan_difference_words(words, 0), "");
	assert_string_equal(plan_difference_words(words, PLAN_KEY | PLAN_ROTATION), "key, Rotation");
	plan_difference_words(words, ~0U);
	assert_true(strlen(words) < PLAN_WORDS_BYTES - 1);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_from_nothing), TEST(test_nothing_to_do), TEST(test_one_of_each), TEST(test_another_key),
		TEST(test_differences),  TEST(test_swap),          TEST(test_handover),    TEST(test_rename),
		TEST(test_other_prefix), TEST(test_words),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
