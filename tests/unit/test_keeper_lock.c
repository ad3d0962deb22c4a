// SPDX-License-Identifier: GPL-2.0-only
/* ctl/keeper_lock.c: one keeper at a time, and never the number of one that has gone. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <sys/file.h>
#include <unistd.h>

#include "ctl/keeper_lock.h"

static char directory[] = "/tmp/mayfly-keeper-XXXXXX", path[KEEPER_PATH_BYTES];

static int set_up(void **state)
{
	(void)state;
	if (!mkdtemp(directory))
		return -1;
	snprintf(path, sizeof(path), "%s/eth0.up", directory);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	unlink(path);
	return rmdir(directory);
}

static void one_at_a_time(void **state)
{
	char why[SAY_BYTES];
	int lock = keeper_lock(path, why);

	(void)state;
	assert_true(lock >= 0);
	assert_int_equal(keeper_sign(lock), 0);
	assert_int_equal(keeper_pid(path), getpid());
	assert_true(keeper_lock(path, why) < 0);
	close(lock);
	assert_int_equal(keeper_pid(path), 0);
}

static void number_of_before_is_gone(void **state)
{
	char why[SAY_BYTES];
	int lock = keeper_lock(path, why);

	(void)state;
	assert_int_equal(keeper_sign(lock), 0);
	close(lock);
	lock = keeper_lock(path, why);
	assert_true(lock >= 0);
	assert_int_equal(keeper_pid(path), 0); /* not signed yet */
	close(lock);
}

static void cleared_unless_locked(void **state)
{
	char why[SAY_BYTES];
	int lock = keeper_lock(path, why);

	(void)state;
	keeper_clear(path);
	assert_int_equal(access(path, F_OK), 0);
	close(lock);
	keeper_clear(path);
	assert_int_equal(access(path, F_OK), -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_at_a_time),
		cmocka_unit_test(number_of_before_is_gone),
		cmocka_unit_test(cleared_unless_locked),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
