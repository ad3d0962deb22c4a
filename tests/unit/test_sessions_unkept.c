// SPDX-License-Identifier: GPL-2.0-only
/* ctl/sessions_unkept.c: sessions that nobody keeps, each once, by the names of their peers. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "ctl/sessions_unkept.h"

enum { MOST = 24 };

static struct mf_assoc_status status[MOST];
static struct snapshot snapshot = { .associations = status };
static char why[SAY_BYTES];

static void put(const char *name, __u8 peer, bool shares)
{
	struct mf_assoc_config *config = &status[snapshot.count++].config;

	memset(config, 0, sizeof(*config));
	snprintf(config->name, sizeof(config->name), "%s", name);
	config->shares = shares;
	config->remote_count = 1;
	config->remote_prefix[0].address[15] = peer;
}

static int begin(void **state)
{
	(void)state;
	snapshot.count = 0;
	*why = 0;
	return 0;
}

static void none(void **state)
{
	(void)state;
	assert_int_equal(sessions_unkept_words(&snapshot, why), 0);
	put("file", 1, false);
	put("server@v1700000000", 2, false);
	assert_int_equal(sessions_unkept_words(&snapshot, why), 0);
	assert_string_equal(why, "");
}

/* While one association replaces the other there is one session all the same. */
static void one(void **state)
{
	(void)state;
	put("server@a", 2, true);
	put("file", 1, false);
	put("server@b", 2, true);
	assert_int_equal(sessions_unkept_words(&snapshot, why), 1);
	assert_non_null(strstr(why, "1 session (server) goes on in the loader, but nobody keeps it"));
	assert_non_null(strstr(why, "mayflyctl up FILE takes over"));
}

static void many(void **state)
{
	char name[MF_NAME_BYTES];

	(void)state;
	for (int i = 0; i < MOST; i++) {
		snprintf(name, sizeof(name), "client~%d@%c", i / 2, 'a' + i % 2);
		put(name, (__u8)(i / 2), true);
	}
	assert_int_equal(sessions_unkept_words(&snapshot, why), MOST / 2);
	assert_non_null(strstr(why, "12 sessions ("));
	assert_non_null(strstr(why, "~7, ...) go on"));
	assert_null(strstr(why, "~8"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(none, begin), cmocka_unit_test_setup(one, begin), cmocka_unit_test_setup(many, begin),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
