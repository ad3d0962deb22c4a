// SPDX-License-Identifier: GPL-2.0-only
/* ctl/node_watch.c: what has become of the node is told by its status and by how often the loader was connected to. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "ctl/node_watch.h"

static struct mf_node_status up(__u64 hops)
{
	return (struct mf_node_status){ .attached = 1, .hops = hops };
}

static enum node_news take(struct node_watch *watch, struct mf_node_status status, __u32 connections)
{
	return node_watch_take(watch, &status, connections);
}

static void goes_on(void **state)
{
	struct node_watch watch = { .connections = 1 };

	(void)state;
	assert_int_equal(take(&watch, up(5), 1), NODE_AS_BEFORE);
	assert_int_equal(take(&watch, up(9), 1), NODE_AS_BEFORE);
	assert_int_equal(take(&watch, up(9), 2), NODE_AS_BEFORE); /* the line broke, nothing else */
}

static void taken_over(void **state)
{
	struct mf_node_status status = up(1);
	struct node_watch watch = { .connections = 1, .hops = 100 };

	(void)state;
	status.adopted = 1;
	assert_int_equal(take(&watch, status, 2), NODE_AS_BEFORE);
}

static void loader_restarted(void **state)
{
	struct mf_node_status none = { 0 };
	struct node_watch watch = { .connections = 1, .hops = 100 };

	(void)state;
	assert_int_equal(take(&watch, none, 2), NODE_MISSING);
	assert_int_equal(take(&watch, none, 2), NODE_MISSING); /* it did not come up at once */
	assert_int_equal(take(&watch, up(200), 2), NODE_ANEW);
	assert_int_equal(take(&watch, up(201), 2), NODE_AS_BEFORE);
	assert_int_equal(take(&watch, none, 3), NODE_MISSING); /* another time */
}

static void taken_down(void **state)
{
	struct mf_node_status none = { 0 };
	struct node_watch watch = { .connections = 1 };

	(void)state;
	assert_int_equal(take(&watch, none, 1), NODE_DOWN);
	assert_int_equal(take(&watch, none, 2), NODE_DOWN); /* whatever becomes of the loader then */
	assert_int_equal(take(&watch, up(0), 2), NODE_ANEW);
}

static void down_and_up_between_two_looks(void **state)
{
	struct node_watch watch = { .connections = 1, .hops = 100 };

	(void)state;
	assert_int_equal(take(&watch, up(3), 1), NODE_ANEW);
	assert_int_equal(take(&watch, up(4), 1), NODE_AS_BEFORE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(goes_on),
		cmocka_unit_test(taken_over),
		cmocka_unit_test(loader_restarted),
		cmocka_unit_test(taken_down),
		cmocka_unit_test(down_and_up_between_two_looks),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
