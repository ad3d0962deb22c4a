// SPDX-License-Identifier: GPL-2.0-only
/* ctl/wrap.c: lines that are wider than the terminal, broken between words. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "ctl/wrap.h"

static void wrap_is(const char *text, unsigned int columns, const char *wanted)
{
	size_t length;
	char *found = NULL;
	FILE *memory = open_memstream(&found, &length);

	wrap_lines(memory, text, columns);
	fclose(memory);
	assert_string_equal(found, wanted);
	free(found);
}

static void test_fits(void **state)
{
	(void)state;
	wrap_is("", 40, "");
	wrap_is("\n\n", 40, "\n\n");
	wrap_is("one two\nthree", 10, "one two\nthree");
	wrap_is("one two", 7, "one two");
}

static void test_words(void **state)
{
	(void)state;
	wrap_is("one two three four\n", 9, "one two\n  three\n  four\n");
	wrap_is("one two  \n", 7, "one two\n"); /* spaces at the end take no line */
	wrap_is("fd6d:a67a:315:5fbe:c880:788a:b528:1377 is it\n", 20, "fd6d:a67a:315:5fbe:c880:788a:b528:1377\n  is it\n");
	wrap_is("fd6d:a67a:315:5fbe:c880:788a:b528:1377\n", 20, "fd6d:a67a:315:5fbe:c880:788a:b528:1377\n");
}

/* What follows stands below where the last column began, or a little to the right of the only one. */
static void test_hangs(void **state)
{
	(void)state;
	wrap_is("warn  the clock is wrong\n", 20, "warn  the clock is\n      wrong\n");
	wrap_is("      -> mend the clock\n", 20, "      -> mend the\n        clock\n");
	wrap_is("  a  b  cc dd ee\n", 12, "  a  b  cc\n     dd ee\n"); /* the third begins too far to the right */
}

static void test_colours(void **state)
{
	(void)state;
	wrap_is("\033[32mok  \033[0m  one two\n", 13, "\033[32mok  \033[0m  one two\n");
	wrap_is("\033[32mok  \033[0m  one two\n", 12, "\033[32mok  \033[0m  one\n      two\n");
	wrap_is("\033[1munfinished colour", 10, "\033[1munfinished\n  colour");
	wrap_is("\033[1", 10, "\033[1");
}

/* A test's stdout is none: nothing is broken, nothing kept. */
static void test_no_terminal(void **state)
{
	FILE *before = stdout;
	struct wrap wrap;

	(void)state;
	assert_int_equal(wrap_columns(-1), 0);
	wrap_open(&wrap);
	if (!wrap_columns(1))
		assert_ptr_equal(stdout, before);
	wrap_close(&wrap);
	assert_ptr_equal(stdout, before);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_fits), cmocka_unit_test(test_words), cmocka_unit_test(test_hangs),
		cmocka_unit_test(test_colours), cmocka_unit_test(test_no_terminal),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
