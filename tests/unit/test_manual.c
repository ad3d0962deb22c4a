// SPDX-License-Identifier: GPL-2.0-only
/* What people are told is what is there: keys and verdicts in the manual pages and docs/OPERATIONS.md, the example as a configuration. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "ctl/config.h"
#include "ctl/config_key.h"
#include "ctl/verdict.h"
#include "tests/unit/tree.h"

static void demand_word(const char *text, const char *before, const char *word)
{
	char wanted[128];

	snprintf(wanted, sizeof(wanted), "%s%s", before, word);
	if (!strstr(text, wanted))
		fail_msg("the manual does not tell of %s", word);
}

static void demand_keys(const char *text, const struct config_key_table *table)
{
	for (unsigned int i = 0; i < table->count; i++) {
		char first[64], second[64];

		snprintf(first, sizeof(first), ".It Ic %s", table->keys[i].name);
		snprintf(second, sizeof(second), ", %s", table->keys[i].name);
		if (!strstr(text, first))
			demand_word(text, "", second);
	}
}

static void test_keys(void **state)
{
	char *text = read_file("docs/man/mayfly.conf.5");

	(void)state;
	demand_keys(text, &config_node_keys);
	demand_keys(text, &config_peer_keys);
	free(text);
}

static void test_verdicts(void **state)
{
	char *text = read_file("docs/man/mayflyctl.8");

	(void)state;
	for (unsigned int i = 0; i < MF_VERDICTS; i++)
		demand_word(text, ".It ", verdict_name(i));
	for (unsigned int i = MF_EVENT_PROBE_RANDOM; i <= MF_EVENT_NO_ASSOCIATION; i++)
		demand_word(text, ".It ", event_name(i));
	free(text);
}

/* Whoever has a verdict before him finds it in the table, with what to do. */
static void test_operations(void **state)
{
	char *text = read_file("docs/OPERATIONS.md"), row[96], *found;

	(void)state;
	for (unsigned int i = 0; i < MF_VERDICTS; i++) {
		snprintf(row, sizeof(row), "\n| `%s` | ", verdict_name(i));
		found = strstr(text, row);
		if (!found)
			fail_msg("docs/OPERATIONS.md does not tell of %s", verdict_name(i));
		if (strstr(found + 1, row))
			fail_msg("docs/OPERATIONS.md tells of %s twice", verdict_name(i));
	}
	free(text);
}

static void test_example(void **state)
{
	static const __u8 node_public[32] = { 1 };
	char *text = read_file("dist/mayfly.conf.example"), why[SAY_BYTES] = "";
	struct config config;

	(void)state;
	if (config_parse(&config, "mayfly.conf.example", text, strlen(text), why) ||
	    config_complete(&config, node_public, why))
		fail_msg("%s", why);
	assert_int_equal(config.peer_count, 1);
	config_close(&config);
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_keys), cmocka_unit_test(test_verdicts), cmocka_unit_test(test_operations),
		cmocka_unit_test(test_example),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
