// SPDX-License-Identifier: GPL-2.0-only
/* ctl/serving_log.c: a line when a session begins, a line when it ends, none in between. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "ctl/identity.h"
#include "ctl/serving.h"

static struct session session;
static struct sessions_peer peer;
static char words[SERVING_LOG_WORDS];

static int begin(void **state)
{
	struct mf_template *remote = &session.present.association.remote;

	(void)state;
	memset(&session, 0, sizeof(session));
	session.present.association.letter = 'a';
	session.present.association.rotation_ms = 3000;
	memset(session.present.association.key, 0xa5, sizeof(session.present.association.key));
	*remote = (struct mf_template){ .base = { 0x20, 0x01, 0x0d, 0xb8, 0, 1 }, .prefix_length = 64, .hop_bits = 64 };
	peer = (struct sessions_peer){ .used = true, .name = "laptop", .session = &session };
	return 0;
}

static void says_nothing(enum session_state state)
{
	session.state = state;
	assert_false(serving_log_words(words, &peer));
}

static void begins_and_ends(void **state)
{
	char wanted[SERVING_LOG_WORDS], address[FORMAT_ADDRESS];
	__u8 inner[16];

	(void)state;
	identity_address(inner, peer.public_key);
	says_nothing(SESSION_NONE);
	says_nothing(SESSION_ASKING);
	says_nothing(SESSION_CONFIRMING);
	session.state = SESSION_UP;
	assert_true(serving_log_words(words, &peer));
	snprintf(wanted, sizeof(wanted), "laptop: session begins: %s, hops in 2001:db8:1::/64, every 3s",
		 format_address(address, inner));
	assert_string_equal(words, wanted);
	says_nothing(SESSION_UP);
	says_nothing(SESSION_RENEWING);
	says_nothing(SESSION_SILENT);
	says_nothing(SESSION_CONFIRMING);
	says_nothing(SESSION_UP);
	session.state = SESSION_NONE;
	peer.ended = SESSION_IDLE;
	assert_true(serving_log_words(words, &peer));
	assert_string_equal(words, "laptop: session ended: idle");
	says_nothing(SESSION_NONE);
}

static void was_another_process_s(void **state)
{
	(void)state;
	session.state = SESSION_UP;
	session.present.deaf = true;
	assert_true(serving_log_words(words, &peer));
	assert_non_null(strstr(words, "laptop: session of an earlier process goes on: fd6d:"));
	peer.session = NULL;
	peer.ended = SESSION_REMOVED;
	assert_true(serving_log_words(words, &peer));
	assert_string_equal(words, "laptop: session ended: removed");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(begins_and_ends, begin), cmocka_unit_test_setup(was_another_process_s, begin),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
