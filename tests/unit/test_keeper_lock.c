// SPDX-License-Identifier: GPL-2.0-only
/* ctl/keeper_lock.c: one holder, known by the kernel's word, gone when its process is; its file, which may go. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "ctl/keeper_lock.h"

enum { PATH_BYTES = 64 };

/* A directory of its own; `socket` is where a loader's would be. */
static void begin(char directory[PATH_BYTES], char socket[PATH_BYTES], char path[KEEPER_PATH_BYTES])
{
	strcpy(directory, "/tmp/test_keeper_lock.XXXXXX");
	assert_non_null(mkdtemp(directory));
	snprintf(socket, PATH_BYTES, "%s/eth0.sock", directory);
	keeper_path(path, socket, SESSIONS_UP);
}

static void end(const char *directory, const char *path)
{
	unlink(path);
	assert_int_equal(rmdir(directory), 0);
}

/* A child that is the holder, until a signal ends it; whether it can write its number or not. */
static pid_t hold_with(int lock, const char *path, rlim_t bytes)
{
	const struct rlimit room = { bytes, RLIM_INFINITY };
	pid_t child = fork();

	if (!child) {
		setrlimit(RLIMIT_FSIZE, &room);
		signal(SIGXFSZ, SIG_IGN);
		keeper_sign(lock, "/etc/mayfly/eth0.conf");
		for (;;)
			pause();
	}
	close(lock);
	while (keeper_pid(path) != child)
		usleep(1000);
	return child;
}

static pid_t hold(int lock, const char *path)
{
	return hold_with(lock, path, RLIM_INFINITY);
}

static void test_path(void **state)
{
	char path[KEEPER_PATH_BYTES];

	(void)state;
	keeper_path(path, "/run/mayfly/eth0.sock", SESSIONS_UP);
	assert_string_equal(path, "/run/mayfly/eth0.up");
	keeper_path(path, "/run/mayfly/eth0.sock", SESSIONS_SERVE);
	assert_string_equal(path, "/run/mayfly/eth0.serve.lock");
}

static void test_one_holder(void **state)
{
	char directory[PATH_BYTES], socket[PATH_BYTES], path[KEEPER_PATH_BYTES], why[SAY_BYTES];
	struct stat file;
	int lock, status;
	pid_t child;

	(void)state;
	begin(directory, socket, path);
	assert_int_equal(keeper_of(socket, SESSIONS_UP), KEEPER_NOBODY);
	assert_int_equal(keeper_end(socket, SESSIONS_UP, 100), -ESRCH);
	lock = keeper_lock(path, why);
	assert_true(lock >= 0);
	assert_int_equal(fstat(lock, &file), 0);
	assert_int_equal(file.st_mode & 07777, 0600); /* who may read it could lock it */
	assert_int_equal(keeper_lock(path, why), -EWOULDBLOCK);
	assert_int_equal(keeper_of(socket, SESSIONS_UP), KEEPER_NOBODY); /* not signed yet */
	child = hold(lock, path);
	assert_int_equal(keeper_of(socket, SESSIONS_UP), child);
	assert_int_equal(keeper_of(socket, SESSIONS_SERVE), KEEPER_NOBODY);
	assert_int_equal(keeper_lock(path, why), -EWOULDBLOCK);
	signal(SIGCHLD, SIG_IGN); /* or it stays, and its lock does not */
	assert_int_equal(keeper_end(socket, SESSIONS_UP, 5000), 0);
	waitpid(child, &status, 0);
	assert_int_equal(keeper_of(socket, SESSIONS_UP), KEEPER_NOBODY);
	signal(SIGCHLD, SIG_DFL);
	end(directory, path);
}

/* Which file he reads; where there was no room to write it down it is not known, but he is. */
static void test_file(void **state)
{
	char directory[PATH_BYTES], socket[PATH_BYTES], path[KEEPER_PATH_BYTES], why[SAY_BYTES], file[KEEPER_FILE_BYTES];

	(void)state;
	begin(directory, socket, path);
	assert_false(keeper_file(socket, SESSIONS_UP, file));
	for (int full = 0; full < 2; full++) {
		int lock = keeper_lock(path, why);
		pid_t child = hold_with(lock, path, full ? 0 : RLIM_INFINITY);

		assert_int_equal(keeper_of(socket, SESSIONS_UP), child);
		assert_int_equal(keeper_file(socket, SESSIONS_UP, file), !full);
		if (!full)
			assert_string_equal(file, "/etc/mayfly/eth0.conf");
		kill(child, SIGKILL);
		waitpid(child, NULL, 0);
		assert_false(keeper_file(socket, SESSIONS_UP, file));
	}
	end(directory, path);
}

/* Whatever number stands in the file: it is the holder that is told, and nobody where there is none. */
static void test_number_is_not_believed(void **state)
{
	char directory[PATH_BYTES], socket[PATH_BYTES], path[KEEPER_PATH_BYTES], why[SAY_BYTES];
	pid_t bystander = fork(), child;
	FILE *stream;
	int status;

	(void)state;
	if (!bystander)
		for (;;)
			pause();
	begin(directory, socket, path);
	stream = fopen(path, "w");
	fprintf(stream, "%d\n", (int)bystander);
	fclose(stream);
	assert_int_equal(keeper_of(socket, SESSIONS_UP), KEEPER_NOBODY);
	assert_int_equal(keeper_tell(socket, SESSIONS_UP, SIGTERM), KEEPER_NOBODY);
	child = hold(keeper_lock(path, why), path);
	stream = fopen(path, "r+");
	fprintf(stream, "%d\n", (int)bystander);
	fclose(stream);
	assert_int_equal(keeper_tell(socket, SESSIONS_UP, SIGTERM), child);
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(WTERMSIG(status), SIGTERM);
	assert_int_equal(waitpid(bystander, &status, WNOHANG), 0);
	kill(bystander, SIGKILL);
	waitpid(bystander, &status, 0);
	end(directory, path);
}

/* Somebody has removed the file: the holder makes another one, unless somebody else was faster. */
static void test_minded(void **state)
{
	char directory[PATH_BYTES], socket[PATH_BYTES], path[KEEPER_PATH_BYTES], why[SAY_BYTES];
	int lock, status;
	pid_t child;

	(void)state;
	begin(directory, socket, path);
	lock = keeper_lock(path, why);
	assert_int_equal(keeper_sign(lock, "/etc/mayfly/eth0.conf"), 0);
	assert_int_equal(keeper_mind(path, "/etc/mayfly/eth0.conf", &lock, why), 0);
	unlink(path);
	assert_int_equal(keeper_mind(path, "/etc/mayfly/eth0.conf", &lock, why), 1);
	assert_int_equal(keeper_lock(path, why), -EWOULDBLOCK);
	unlink(path);
	child = hold(keeper_lock(path, why), path);
	assert_int_equal(keeper_mind(path, "/etc/mayfly/eth0.conf", &lock, why), -EWOULDBLOCK);
	assert_int_equal(keeper_of(socket, SESSIONS_UP), child);
	kill(child, SIGKILL);
	waitpid(child, &status, 0);
	end(directory, path);
	assert_int_equal(keeper_mind(path, "/etc/mayfly/eth0.conf", &lock, why), -ENOENT); /* no directory */
	close(lock);
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
		cmocka_unit_test(test_one_holder), cmocka_unit_test(test_file),
		cmocka_unit_test(test_number_is_not_believed),
		cmocka_unit_test(test_minded),
		cmocka_unit_test(test_cleared_unless_locked),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
