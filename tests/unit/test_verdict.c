// SPDX-License-Identifier: GPL-2.0-only
/* ctl/verdict.c: every verdict and event has a name of its own and a meaning. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "ctl/verdict.h"

static void test_names(void **state)
{
	(void)state;
	for (unsigned int i = 0; i < MF_VERDICTS; i++) {
		assert_true(strlen(verdict_name(i)) > 3 && strlen(verdict_name(i)) <= 22);
		assert_true(strlen(verdict_meaning(i)) > 3);
		for (unsigned int j = 0; j < i; j++)
			assert_string_not_equal(verdict_name(i), verdict_name(j));
	}
	assert_string_equal(verdict_name(MF_VERDICTS), "unknown");
	assert_string_equal(verdict_name(~0U), "unknown");
}

static void test_drops(void **state)
{
	(void)state;
	for (unsigned int i = 0; i < MF_VERDICTS; i++)
		assert_int_equal(verdict_is_drop(i), i >= MF_DROP_DEAD);
	assert_string_equal(verdict_name(MF_DROP_INNER_DESTINATION), "drop_inner_destination");
	assert_string_equal(verdict_name(MF_PASS_OTHER), "pass_other");
}

static void test_events(void **state)
{
	(void)state;
	for (unsigned int i = MF_EVENT_PROBE_RANDOM; i <= MF_EVENT_NO_ASSOCIATION; i++)
		assert_string_not_equal(event_name(i), "unknown");
	assert_string_equal(event_name(0), "unknown");
	assert_string_equal(event_name(99), "unknown");
	assert_string_equal(event_name(MF_EVENT_PATH_MTU), "path_mtu");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_names), cmocka_unit_test(test_drops), cmocka_unit_test(test_events),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
