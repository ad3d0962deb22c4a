// SPDX-License-Identifier: GPL-2.0-only
/* Command line of mayfly-loader. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include <errno.h>
#include <getopt.h>

#include "loader/options.h"

static int read_options(struct mf_options *options, const char *first, ...)
{
	char *argv[32] = { (char *)"mayfly-loader" };
	const char *word = first;
	va_list arguments;
	int argc = 1;

	va_start(arguments, first);
	while (word) {
		argv[argc++] = (char *)word;
		word = va_arg(arguments, const char *);
	}
	va_end(arguments);
	optind = 0;
	return mf_options_read(options, argc, argv);
}

static void right_ones(void **state)
{
	struct mf_options options;

	(void)state;
	assert_int_equal(read_options(&options, "--interface", "eth0", NULL), 0);
	assert_string_equal(options.socket, "/run/mayfly/eth0.sock");
	assert_string_equal(options.bpffs, "/sys/fs/bpf/mayfly");
	assert_int_equal(options.in + options.out + options.tc + options.detach + options.replace, 0);
	assert_int_equal(read_options(&options, "--interface", "eth0", "--socket", "/x", "--bpffs", "/b", "--user", "root",
				      "--in", "generic", "--out", "tc", "--tc", "clsact", "--clock-ahead", "-1500",
				      "--detach", "--replace", NULL), 0);
	assert_string_equal(options.socket, "/x");
	assert_string_equal(options.bpffs, "/b");
	assert_int_equal(options.user, 0);
	assert_int_equal(options.in, MF_IN_GENERIC);
	assert_int_equal(options.out, MF_OUT_TC);
	assert_int_equal(options.tc, MF_TC_BY_FILTER);
	assert_int_equal(options.clock_ahead_ms, -1500);
	assert_int_equal(options.detach, 1);
	assert_int_equal(options.replace, 1);
}

static void wrong_ones(void **state)
{
	struct mf_options options;

	(void)state;
	assert_int_equal(read_options(&options, NULL), -EINVAL);
	assert_int_equal(read_options(&options, "--interface", "../x", NULL), -EINVAL);
	assert_int_equal(read_options(&options, "--interface", "a-name-that-is-too-long", NULL), -EINVAL);
	assert_int_equal(read_options(&options, "--interface", "eth0", "more", NULL), -EINVAL);
	assert_int_equal(read_options(&options, "--interface", "eth0", "--in", "fast", NULL), -EINVAL);
	assert_int_equal(read_options(&options, "--interface", "eth0", "--out", "", NULL), -EINVAL);
	assert_int_equal(read_options(&options, "--interface", "eth0", "--user", "no such user", NULL), -EINVAL);
	assert_int_equal(read_options(&options, "--interface", "eth0", "--clock-ahead", "1s", NULL), -EINVAL);
	assert_int_equal(read_options(&options, "--frobnicate", NULL), -EINVAL);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(right_ones), cmocka_unit_test(wrong_ones) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
