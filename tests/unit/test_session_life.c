// SPDX-License-Identifier: GPL-2.0-only
/* A session once it stands: teardown, lifetime, idleness, and whether the other end is there. Two ends back to back. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "session_wire.h"

/* --- the end ------------------------------------------------------------------------- */

static void test_teardown(void **state)
{
	struct wire_message again;

	(void)state;
	meet();
	close_end(&client);
	again = wire[0];
	deliver_all();
	assert_int_equal(server.ended, 1);
	assert_int_equal(server.reason, SESSION_CLOSED);
	assert_int_equal(server.session.state, SESSION_NONE);
	meet();
	receive(&server, &again);
	assert_met();
}

/* Closed between the response and its confirmation. */
static void test_teardown_unconfirmed(void **state)
{
	(void)state;
	ask(&client);
	deliver();
	deliver();
	take(0);
	close_end(&client);
	deliver_all();
	assert_int_equal(server.ended, 1);
	assert_int_equal(server.session.present.association.letter, 0);
}

static void test_lost_teardown(void **state)
{
	(void)state;
	server.session.settings.idle_ms = 30000;
	meet();
	close_end(&client);
	lose_all();
	pass(29000, true);
	assert_int_equal(server.ended, 0);
	pass(2000, true);
	assert_int_equal(server.ended, 1);
	assert_int_equal(server.reason, SESSION_IDLE);
}

static void test_lifetime(void **state)
{
	(void)state;
	server.session.settings.lifetime_s = 100;
	meet();
	check_gaps = false;
	pass(121000, false); /* nobody asks for another one in time */
	assert_int_equal(server.ended, 1);
	assert_int_equal(server.reason, SESSION_EXPIRED);
	assert_int_equal(client.lost, 1);
}

static void test_idle(void **state)
{
	(void)state;
	client.session.settings.idle_ms = 20000;
	meet();
	session_traffic(&client.session, now_ms + 5000, now_ms + 4000);
	check_gaps = false;
	pass(24000, true);
	assert_int_equal(client.ended, 0);
	pass(2000, true);
	assert_int_equal(client.ended, 1);
	assert_int_equal(server.ended, 1);
	assert_int_equal(server.reason, SESSION_IDLE);
}

/* --- is it there? -------------------------------------------------------------------- */

static void test_pings(void **state)
{
	(void)state;
	meet();
	session_traffic(&client.session, 0, now_ms + 1);
	assert_true(session_wake_ms(&client.session) <= now_ms + SESSION_SILENCE_MS);
	pass(SESSION_SILENCE_MS, true);
	assert_int_equal(client.session.state, SESSION_UP);
	assert_int_equal(client.session.heard_ms, now_ms);
	assert_false(client.session.said.active);
	session_traffic(&client.session, 0, now_ms + 1);
	pass(SESSION_SILENCE_MS + 16000, false);
	assert_int_equal(client.lost, 1);
	assert_int_equal(client.session.state, SESSION_SILENT);
	assert_no_gap();
	ask(&client);
	deliver_all();
	assert_met();
}

/* Kept: never idle at either end, though nothing but pings is said. */
static void test_kept(void **state)
{
	(void)state;
	client.session.settings.keep = true;
	meet();
	pass(3000000, true);
	assert_met();
	assert_int_equal(client.ended + server.ended + client.lost, 0);
}

/* It only hears: the other end must hear of it all the same. */
static void test_listens(void **state)
{
	(void)state;
	server.session.settings.idle_ms = 100000;
	meet();
	for (int i = 0; i < 300; i++) {
		session_traffic(&client.session, now_ms, 0);
		pass(1000, true);
	}
	assert_met();
	check_gaps = false;
	pass(1500000, true); /* and then it is idle */
	assert_int_equal(client.session.state, SESSION_NONE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		WIRE_TEST(test_teardown), WIRE_TEST(test_teardown_unconfirmed), WIRE_TEST(test_lost_teardown),
		WIRE_TEST(test_lifetime), WIRE_TEST(test_idle), WIRE_TEST(test_pings), WIRE_TEST(test_kept),
		WIRE_TEST(test_listens),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
