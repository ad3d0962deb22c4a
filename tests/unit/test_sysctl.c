// SPDX-License-Identifier: GPL-2.0-only
/* loader/sysctl.c, in a network of this test's own: what is set, and what cannot be. */
#include <errno.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "loader/sysctl.h"

static void test_set(void **state)
{
	FILE *stream;
	int value = -1;

	(void)state;
	if (unshare(CLONE_NEWNET)) {
		printf("a network of its own takes root\n");
		skip();
	}
	for (int wanted = 1; wanted >= 0; wanted--) {
		assert_int_equal(mf_sysctl_set("ipv6", "lo", "forwarding", wanted ? "1" : "0"), 0);
		stream = fopen("/proc/sys/net/ipv6/conf/lo/forwarding", "r");
		assert_non_null(stream);
		assert_int_equal(fscanf(stream, "%d", &value), 1);
		fclose(stream);
		assert_int_equal(value, wanted);
	}
	assert_int_equal(mf_sysctl_set("ipv6", "nosuch", "forwarding", "1"), -ENOENT);
	assert_int_equal(mf_sysctl_set("ipv6", "lo", "forwarding", "a word"), -EINVAL);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_set) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
