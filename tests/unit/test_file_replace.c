// SPDX-License-Identifier: GPL-2.0-only
/* ctl/file_replace.c, ctl/state.c: a file is there as it was or as it is to be, and nothing is left beside it. */
#include <errno.h>
#include <limits.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "ctl/file_replace.h"
#include "ctl/state.h"

static char directory[] = "/tmp/mayfly-test-replace-XXXXXX";
static char path[128], beside[128];

static int set_up(void **state)
{
	(void)state;
	if (!mkdtemp(directory))
		return -1;
	snprintf(path, sizeof(path), "%s/file", directory);
	snprintf(beside, sizeof(beside), "%s/file.new", directory);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	unlink(path);
	return rmdir(directory);
}

static void holds(const char *wanted, mode_t mode)
{
	char text[64] = "";
	FILE *stream = fopen(path, "r");
	struct stat status;

	assert_non_null(stream);
	assert_int_equal(fread(text, 1, sizeof(text) - 1, stream), strlen(wanted));
	assert_string_equal(text, wanted);
	assert_int_equal(fstat(fileno(stream), &status), 0);
	assert_int_equal(status.st_mode & 07777, mode);
	fclose(stream);
	assert_int_equal(access(beside, F_OK), -1);
}

static void test_replaced(void **state)
{
	char why[SAY_BYTES];

	(void)state;
	assert_int_equal(file_replace(path, "one\n", 4, 0600, why), 0);
	holds("one\n", 0600);
	assert_int_equal(symlink("/dev/null", beside), 0); /* left by whoever: not followed, and gone afterwards */
	assert_int_equal(file_replace(path, "other\n", 6, 0644, why), 0);
	holds("other\n", 0644);
}

static void test_refused(void **state)
{
	const struct rlimit none = { 0, RLIM_INFINITY };
	char why[SAY_BYTES], longest[PATH_MAX];
	struct rlimit before;

	(void)state;
	memset(longest, 'x', sizeof(longest));
	longest[sizeof(longest) - 1] = 0;
	assert_int_equal(file_replace(longest, "", 0, 0600, why), -ENAMETOOLONG);
	assert_int_equal(file_replace("/nonexistent/file", "", 0, 0600, why), -ENOENT);
	assert_non_null(strstr(why, "/nonexistent/file"));

	assert_int_equal(mkdir(beside, 0700), 0); /* in the way */
	assert_int_equal(file_replace(path, "third\n", 6, 0644, why), -EEXIST);
	rmdir(beside);
	assert_int_equal(file_replace(directory, "third\n", 6, 0644, why), -EISDIR); /* rename(2) says so */
	snprintf(longest, sizeof(longest), "%s.new", directory);
	assert_int_equal(access(longest, F_OK), -1);

	signal(SIGXFSZ, SIG_IGN); /* no room: the write fails */
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &none), 0);
	assert_int_equal(file_replace(path, "third\n", 6, 0644, why), -EFBIG);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
	holds("other\n", 0644);
}

static void test_state(void **state)
{
	char found[CONFIG_PATH_BYTES], longest[CONFIG_PATH_BYTES];

	(void)state;
	assert_string_equal(state_path(found, directory, "file"), path);
	assert_null(state_path(found, "/nonexistent/deeper", "file"));
	memset(longest, '/', sizeof(longest));
	longest[sizeof(longest) - 1] = 0;
	assert_null(state_path(found, longest, "file"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_replaced), cmocka_unit_test(test_refused), cmocka_unit_test(test_state),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
