// SPDX-License-Identifier: GPL-2.0-only
/* ctl/keeper_lock.c: one holder, known by its number, gone when its process is, and its file; and which addresses name a network. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "ctl/keeper_lock.h"

static void test_path(void **state)
{
	char path[KEEPER_PATH_BYTES];

	(void)state;
	keeper_path(path, "/run/mayfly/eth0.sock");
	assert_string_equal(path, "/run/mayfly/eth0.up");
}

static void test_one_holder(void **state)
{
	char path[] = "/tmp/test_keeper_lock.XXXXXX", why[SAY_BYTES];
	int status, lock = mkstemp(path);
	pid_t child;

	(void)state;
	close(lock);
	assert_int_equal(keeper_pid(path), 0);
	assert_int_equal(keeper_end(path, 100), -ESRCH);
	lock = keeper_lock(path, why);
	assert_true(lock >= 0);
	assert_int_equal(keeper_lock(path, why), -EWOULDBLOCK);
	child = fork();
	if (!child) {
		keeper_sign(lock);
		pause();
		_exit(0);
	}
	close(lock);
	while (keeper_pid(path) != child)
		usleep(1000);
	signal(SIGCHLD, SIG_IGN); /* or it stays, and its lock does not */
	assert_int_equal(keeper_end(path, 5000), 0);
	waitpid(child, &status, 0);
	assert_int_equal(keeper_pid(path), 0);
	unlink(path);
}

static void test_number_of_before_is_gone(void **state)
{
	char path[] = "/tmp/test_keeper_lock.XXXXXX", why[SAY_BYTES];
	int lock = mkstemp(path);

	(void)state;
	close(lock);
	lock = keeper_lock(path, why);
	assert_int_equal(keeper_sign(lock), 0);
	assert_int_equal(keeper_pid(path), getpid());
	close(lock);
	lock = keeper_lock(path, why);
	assert_int_equal(keeper_pid(path), 0); /* not signed yet */
	close(lock);
	unlink(path);
}

static void test_cleared_unless_locked(void **state)
{
	char path[] = "/tmp/test_keeper_lock.XXXXXX", why[SAY_BYTES];
	int lock = mkstemp(path);

	(void)state;
	close(lock);
	lock = keeper_lock(path, why);
	keeper_clear(path);
	assert_int_equal(access(path, F_OK), 0);
	close(lock);
	keeper_clear(path);
	assert_int_equal(access(path, F_OK), -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_path),
		cmocka_unit_test(test_one_holder),
		cmocka_unit_test(test_number_of_before_is_gone),
		cmocka_unit_test(test_cleared_unless_locked),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
