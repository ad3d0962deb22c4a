// SPDX-License-Identifier: GPL-2.0-only
/* ctl/sessions.c and sessions_want.c without a loader: what associations are called, and what a configuration changes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>
#include <sodium.h>

#include "ctl/key.h"
#include "ctl/sessions_parts.h"

static struct sessions sessions;
static uv_loop_t loop;
static __u8 private_key[32], public_key[32], shared[32];
static const struct sessions_owner nobody = { 0 };

static int begin(void **state)
{
	(void)state;
	memset(&sessions, 0, sizeof(sessions));
	if (sodium_init() < 0 || uv_loop_init(&loop))
		return -1;
	private_key[1] = 77;
	memset(shared, 5, sizeof(shared));
	assert_int_equal(key_public(public_key, private_key), 0);
	sessions.settings.loop = &loop;
	sessions.settings.private_key = private_key;
	sessions.settings.public_key = public_key;
	sessions.settings.owner = &nobody;
	sessions.engines.size = sizeof(struct session);
	for (int i = 0; i < SESSIONS_PLACES; i++)
		sessions.socket[i].fd = -1;
	uv_timer_init(&loop, &sessions.timer);
	uv_timer_init(&loop, &sessions.sweep_timer);
	sessions.open = true;
	return mf_table_open(&sessions.by_inner, 16) || mf_table_open(&sessions.by_introduction, 16) ||
	       mf_table_open(&sessions.by_visitor, 16);
}

static int end(void **state)
{
	(void)state;
	sessions_close(&sessions);
	uv_run(&loop, UV_RUN_DEFAULT);
	return uv_loop_close(&loop);
}

static __u32 add(const char *name, __u8 key)
{
	__u8 secret[32] = { 0, key }, peer_key[32];
	int number;

	assert_int_equal(key_public(peer_key, secret), 0);
	number = sessions_add(&sessions, name, peer_key, shared);
	assert_true(number >= 0);
	return (__u32)number;
}

static void is_called(__u32 peer, const char *wanted)
{
	char name[MF_NAME_BYTES];

	sessions_name(name, &sessions.peer[peer], 'b');
	assert_string_equal(name, wanted);
}

/* What the loader has stays where it is found; whoever gets the name now takes another one there. */
static void renamed(void **state)
{
	__u32 laptop = add("laptop", 1), another, third;
	char name[MF_NAME_BYTES];

	(void)state;
	is_called(laptop, "laptop@b");
	sessions_rename(&sessions, laptop, "laptop");
	assert_false(sessions.renamed);
	sessions_rename(&sessions, laptop, "tablet");
	assert_string_equal(sessions.peer[laptop].name, "tablet");
	is_called(laptop, "laptop@b");
	another = add("laptop", 2);
	sessions_name(name, &sessions.peer[another], 'b');
	assert_string_not_equal(name, "laptop@b");
	assert_int_equal(strncmp(name, "laptop~", 7), 0);
	assert_string_equal(sessions.peer[another].name, "laptop");
	third = add("phone", 3);
	is_called(third, "phone@b");
	sessions_rename(&sessions, laptop, "desk");
	is_called(laptop, "laptop@b");
	sessions_remove(&sessions, laptop, SESSION_REMOVED);
	is_called(add("laptop2", 4), "laptop2@b");
}

/* Names that leave no room for the mark are cut, and told apart by the key. */
static void renamed_to_a_long_one(void **state)
{
	const char *longest = "a-name-of-thirty-one-characters";
	__u32 peer = add(longest, 1);
	char before[MF_NAME_BYTES], after[MF_NAME_BYTES];

	(void)state;
	assert_int_equal(strlen(longest), MF_NAME_BYTES - 1);
	sessions_name(before, &sessions.peer[peer], 'a');
	sessions_rename(&sessions, peer, "short");
	sessions_name(after, &sessions.peer[peer], 'a');
	assert_string_equal(before, after);
}

static struct session *stands(__u32 peer)
{
	struct session *session = sessions_of(&sessions, peer);

	assert_non_null(session);
	session->state = SESSION_UP;
	session->present.association.letter = 'a';
	session->present.association.rotation_ms = 3000;
	session->present.initiator = true;
	session->handshake_ms = session->stands_ms = session->heard_ms = sessions_now_ms();
	return session;
}

/* A session that stands follows what the configuration says now; the other end has to be told of a firewall alone. */
static void settled(void **state)
{
	struct session *session = stands(add("server", 1));

	(void)state;
	sessions_settle(&sessions, 20000, false);
	assert_int_equal(session->settings.idle_ms, 20000);
	assert_int_equal(session->state, SESSION_UP);
	sessions_settle(&sessions, 30000, true);
	assert_true(session->settings.firewall);
	assert_int_equal(session->settings.idle_ms, 30000);
	assert_int_equal(session->state, SESSION_RENEWING);
	assert_true(session->asked.active);
	session = stands(add("another", 2));
	assert_true(session->settings.firewall);
	assert_int_equal(session->settings.idle_ms, 30000);
}

/* Who would not hear of another period for long is told at once; who has new keys within minutes hears of it by these. */
static void reminded(void **state)
{
	static const struct {
		const char *name;
		__u32 told_s;
		bool initiator;
		__u8 carriage;
		bool wanted;
	} rows[] = {
		{ "encap", 600, false, MF_CARRIAGE_ENCAP, true },
		{ "encap, told already", 300, false, MF_CARRIAGE_ENCAP, false },
		{ "sealed", 600, false, MF_CARRIAGE_SEALED, false },
		{ "begun by this end", 600, true, MF_CARRIAGE_ENCAP, false },
		{ "of an earlier process", 0, false, MF_CARRIAGE_ENCAP, false },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		__u32 peer = add(rows[i].name, (__u8)(i + 1));
		struct session *session = stands(peer);

		session->settings.encap = session->present.peer_encap = true;
		session->present.initiator = rows[i].initiator;
		session->present.association.carriage = rows[i].carriage;
		session->present.told_period_s = rows[i].told_s;
		sessions_period(&sessions, 300);
		sessions_remind(&sessions, peer);
		if (session->said.active != rows[i].wanted)
			fail_msg("%s", rows[i].name);
		if (!rows[i].wanted)
			continue;
		assert_int_equal(session->said.notice.id, SESSION_RENEW);
		assert_int_equal(session->said.notice.period_s, 300);
	}
}

/* What has waited too long is passed over, if it has been said again since: requests are, notices may not be. */
static void stale(void **state)
{
	__u8 message[SESSION_MESSAGE_MOST] = { SESSION_REQUEST, SESSION_VERSION };

	(void)state;
	assert_false(sessions_is_stale(message, SESSION_REQUEST_BYTES, 0));
	assert_false(sessions_is_stale(message, SESSION_REQUEST_BYTES, SESSIONS_STALE_MS));
	assert_true(sessions_is_stale(message, SESSION_REQUEST_BYTES, SESSIONS_STALE_MS + 1));
	message[0] = SESSION_SEALED;
	assert_false(sessions_is_stale(message, SESSION_SEALED_BYTES, ~0ULL));
	message[0] = SESSION_RESPONSE;
	assert_false(sessions_is_stale(message, SESSION_RESPONSE_BYTES, ~0ULL));
	assert_true(SESSIONS_STALE_MS < SESSION_RETRY_FIRST_MS << SESSION_TRIES); /* who asks is still there */
}

/* Nothing of one that has ended is left: the loader gives its association's number to another. */
static void ended(void **state)
{
	__u32 peer = add("server", 1);
	struct session_actions actions = { .count = 1, .action = { { .kind = SESSION_ENDED, .reason = SESSION_IDLE } } };

	(void)state;
	assert_int_equal(sessions.peer[peer].association, (__u32)SESSIONS_NO_ASSOCIATION);
	sessions.peer[peer].association = 7;
	sessions_carry_out(&sessions, peer, &actions, 0);
	assert_int_equal(sessions.peer[peer].association, (__u32)SESSIONS_NO_ASSOCIATION);
	assert_int_equal(sessions.peer[peer].ended, SESSION_IDLE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(renamed, begin, end),
		cmocka_unit_test_setup_teardown(renamed_to_a_long_one, begin, end),
		cmocka_unit_test_setup_teardown(settled, begin, end),
		cmocka_unit_test_setup_teardown(reminded, begin, end),
		cmocka_unit_test(stale),
		cmocka_unit_test_setup_teardown(ended, begin, end),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
