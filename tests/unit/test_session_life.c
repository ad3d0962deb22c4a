// SPDX-License-Identifier: GPL-2.0-only
/* A session once it stands: teardown, lifetime, idleness, whether the other end is there, restarts. */
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

/* --- restarts ------------------------------------------------------------------------ */

static void test_server_restarts(void **state)
{
	(void)state;
	meet();
	lab_restart(&server, true, now_ms); /* what was in the loader is adopted */
	assert_no_gap();
	pass(60000, true);
	session_traffic(&client.session, 0, now_ms);
	pass(30000, true);
	assert_int_equal(client.lost, 1);
	ask(&client);
	deliver_all();
	assert_met();
	check_gaps = false;
	lab_restart(&server, false, now_ms);
	session_traffic(&client.session, 0, now_ms + 1);
	pass(30000, true);
	assert_int_equal(client.lost, 2);
	ask(&client);
	deliver_all();
	assert_met();
}

/* In mid-handshake, with two generations in the loader. */
static void test_server_restarts_renewing(void **state)
{
	(void)state;
	meet();
	renew(&client, SESSION_NO_REASON);
	deliver();
	lab_restart(&server, true, now_ms);
	deliver();
	pass(16000, true);
	assert_int_equal(client.lost, 1);
	ask(&client);
	deliver_all();
	assert_met();
}

static void test_client_restarts(void **state)
{
	struct session_association before;

	(void)state;
	meet();
	before = *lab_lead(&server);
	check_gaps = false;
	lab_restart(&client, false, now_ms);
	ask(&client);
	deliver();
	assert_memory_equal(lab_lead(&server)->key, before.key, 16); /* the old one lives until the new one is confirmed */
	deliver_all();
	assert_met();
	lab_restart(&client, true, now_ms);
	check_gaps = true;
	ask(&client);
	deliver_all();
	assert_met();
}

static void test_refused_by_loader(void **state)
{
	(void)state;
	server.refuse = 1;
	ask(&client);
	deliver_all();
	assert_int_equal(client.session.state, SESSION_ASKING);
	pass(1000, true); /* the same request again */
	assert_met();
	server.refuse = 1;
	renew(&client, SESSION_NO_REASON);
	deliver_all();
	pass(1000, true);
	assert_met();
	client.refuse = 1;
	renew(&client, SESSION_NO_REASON);
	deliver_all();
	assert_int_equal(client.lost, 1);
	assert_int_equal(client.session.state, SESSION_SILENT);
	ask(&client);
	deliver_all();
	assert_met();
	assert_true(client.session.present.expires_ms > now_ms);
}

/* Refused with nothing to go back to, while an older one was still to be confirmed. */
static void test_refused_at_first(void **state)
{
	(void)state;
	ask(&client);
	deliver();
	deliver();
	lose_all();
	lab_move(&client, 3);
	check_gaps = false;
	ask(&client);
	deliver();
	client.refuse = 1;
	deliver();
	assert_int_equal(client.lost, 1);
	assert_int_equal(client.session.state, SESSION_NONE);
	assert_null(lab_lead(&client));
	lose_all();
	ask(&client);
	deliver_all();
	assert_met();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		WIRE_TEST(test_teardown), WIRE_TEST(test_teardown_unconfirmed), WIRE_TEST(test_lost_teardown),
		WIRE_TEST(test_lifetime), WIRE_TEST(test_idle), WIRE_TEST(test_pings), WIRE_TEST(test_kept),
		WIRE_TEST(test_listens),
		WIRE_TEST(test_server_restarts),
		WIRE_TEST(test_server_restarts_renewing),
		WIRE_TEST(test_client_restarts),
		WIRE_TEST(test_refused_by_loader),
		WIRE_TEST(test_refused_at_first),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
