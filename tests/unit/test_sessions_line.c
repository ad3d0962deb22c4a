// SPDX-License-Identifier: GPL-2.0-only
/* ctl/sessions_line.c: what a reader makes of a line that is none, or one of a later version. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "ctl/sessions_line.h"

static void test_foreign(void **state)
{
	static const char *const texts[] = {
		"", "[]", "{}", "{\"event\":1,\"peer\":\"a\"}", "{\"event\":\"session\"}", "{\"peer\":\"a\"}",
		"{\"event\":\"complete\",\"peer\":\"a\"}", "{\"event\":\"session\",\"peer\":\"a\\u001bb\"}",
		"{\"event\":\"session\",\"peer\":\"a\",\"idle_ms\":-1}",
		"{\"event\":\"session\",\"peer\":\"a\",\"idle_ms\":1.5}",
		"{\"event\":\"session\",\"peer\":\"a\",\"refused\":{\"budget\":\"1\"}}",
		"{\"event\":\"session\",\"peer\":\"a name that is longer than an association's\"}",
	};
	static const char later[] = "{\"event\":\"session\",\"peer\":\"a\",\"later\":[],\"refused\":1}";
	struct sessions_line line = { .peer = "kept" };
	char why[SAY_BYTES];

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++) {
		if (sessions_line_parse(texts[i], strlen(texts[i]), &line, why) != -EINVAL)
			fail_msg("%s was taken", texts[i]);
		assert_string_equal(line.peer, "kept");
	}
	assert_int_equal(sessions_line_parse(later, sizeof(later) - 1, &line, why), 0);
	assert_true(line.idle_ms == SESSIONS_UNKNOWN);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_foreign) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
