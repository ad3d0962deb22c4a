// SPDX-License-Identifier: GPL-2.0-only
/* mayflyctl derive, as run: against MTD'15 figure 1 and values computed apart from it (Python's hashlib). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>
#include <jansson.h>
#include <sodium.h>

#include "ctl/ctl.h"

static const struct ctl_command command = { .name = "derive", .run = command_derive, .arguments = "..." };
static const struct ctl ctl = { .command = &command };

/* Runs it with stdout in `text`; the exit status. */
static int run(char *text, size_t size, int argc, ...)
{
	char *argv[24] = { (char *)"derive" };
	FILE *file = tmpfile();
	int before = dup(STDOUT_FILENO), status;
	va_list arguments;
	size_t got;

	va_start(arguments, argc);
	for (int i = 1; i <= argc; i++)
		argv[i] = va_arg(arguments, char *);
	va_end(arguments);
	fflush(stdout);
	dup2(fileno(file), STDOUT_FILENO);
	status = command_derive(&ctl, argc + 1, argv);
	fflush(stdout);
	dup2(before, STDOUT_FILENO);
	close(before);
	rewind(file);
	got = fread(text, 1, size - 1, file);
	text[got] = 0;
	fclose(file);
	return status;
}

#define K "20dea16802a9fd9a5658be00e7f507d7"

static void test_figure_1(void **state)
{
	char text[1024];

	(void)state;
	assert_int_equal(run(text, sizeof(text), 8, "--iid", "0000000000000000", "--key", K, "--rotation", "3000ms",
			     "--at", "1431376080000"), CTL_FINE);
	assert_string_equal(text, "477125360 1431376077614 635cf3cbc1ac5c98 47038\n");
	assert_int_equal(run(text, sizeof(text), 8, "--iid", "c31d129a6aacd457", "--key", K, "--rotation", "200ms",
			     "--at", "1700000000123"), CTL_FINE);
	assert_string_equal(text, "8500000001 1700000000014 be445638a8047a90 29468\n");
}

static void test_addresses(void **state)
{
	char text[1024];

	(void)state;
	assert_int_equal(run(text, sizeof(text), 12, "--iid", "0000000000000000", "--key", K, "--rotation", "3s", "--at",
			     "1431376080000", "--prefix", "2001:468:c80:c111::/64", "--slots", "2"), CTL_FINE);
	assert_string_equal(text, "477125360 1431376077614 2001:468:c80:c111:635c:f3cb:c1ac:5c98 47038\n"
				  "477125361 1431376080614 2001:468:c80:c111:cee1:cf0a:5034:1ea2 12218\n");
	assert_int_equal(run(text, sizeof(text), 10, "--iid", "0000000000000000", "--key", K, "--rotation", "3s", "--at",
			     "1431376080000", "--prefix", "2001:468:c80:c111:aaaa::/80"), CTL_FINE);
	assert_string_equal(text, "477125360 1431376077614 2001:468:c80:c111:aaaa:635c:f3cb:c1ac 47038\n");
}

static void test_json(void **state)
{
	char text[1024];
	json_t *array;

	(void)state;
	assert_int_equal(run(text, sizeof(text), 9, "--iid", "0000000000000000", "--key", K, "--at", "1431376080000",
			     "--slots", "3", "--json"), CTL_FINE);
	array = json_loads(text, 0, NULL);
	assert_int_equal(json_array_size(array), 3);
	assert_string_equal(json_string_value(json_object_get(json_array_get(array, 0), "identifier")),
			    "635cf3cbc1ac5c98");
	assert_int_equal(json_integer_value(json_object_get(json_array_get(array, 1), "start_ms")), 1431376080614);
	assert_int_equal(json_integer_value(json_object_get(json_array_get(array, 0), "port")), 47038);
	json_decref(array);
}

static void test_usage(void **state)
{
	char text[64];

	(void)state;
	assert_int_equal(run(text, sizeof(text), 0), CTL_USAGE);
	assert_int_equal(run(text, sizeof(text), 2, "--iid", "0"), CTL_USAGE);
	assert_int_equal(run(text, sizeof(text), 2, "--iid", "0000000000000000"), CTL_USAGE);
	assert_int_equal(run(text, sizeof(text), 4, "--iid", "0000000000000000", "--key", "1234"), CTL_USAGE);
	assert_int_equal(run(text, sizeof(text), 6, "--iid", "0000000000000000", "--key", K, "--rotation", "10ms"),
			 CTL_USAGE);
	assert_int_equal(run(text, sizeof(text), 6, "--iid", "0000000000000000", "--key", K, "--slots", "0"), CTL_USAGE);
	assert_int_equal(run(text, sizeof(text), 5, "--iid", "0000000000000000", "--key", K, "more"), CTL_USAGE);
	assert_int_equal(run(text, sizeof(text), 1, "--slots"), CTL_USAGE);
	assert_int_equal(run(text, sizeof(text), 4, "--iid", "0000000000000000", "--key-file", "/nonexistent"),
			 CTL_FAILED);
	assert_string_equal(text, "");
}

static int set_up(void **state)
{
	(void)state;
	return sodium_init() < 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_figure_1), cmocka_unit_test(test_addresses), cmocka_unit_test(test_json),
		cmocka_unit_test(test_usage),
	};

	return cmocka_run_group_tests(tests, set_up, NULL);
}
