// SPDX-License-Identifier: GPL-2.0-only
/*
 * The session engine, two ends of it back to back: every way a handshake can go. At every step the loader has what the
 * engine says, and what either end sends in is heard at the other (session_wire.h).
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "session_wire.h"

/* --- a handshake --------------------------------------------------------------------- */

static void test_two_messages(void **state)
{
	(void)state;
	ask(&client);
	assert_int_equal(client.session.state, SESSION_ASKING);
	assert_int_equal(on_wire, 1);
	assert_int_equal(deliver(), SESSION_LOOK_COSTLY);
	assert_int_equal(on_wire, 1);
	assert_null(lab_lead(&server));
	assert_int_equal(deliver(), SESSION_LOOK_FINE); /* response: traffic may flow */
	assert_int_equal(client.session.state, SESSION_CONFIRMING);
	assert_non_null(lab_lead(&client));
	deliver();
	assert_int_equal(server.session.state, SESSION_UP);
	assert_int_equal(client.stands, 0);
	deliver();
	assert_int_equal(client.stands, 1);
	assert_int_equal(client.introduced, 1);
	assert_int_equal(server.stands, 1);
	assert_met();
	assert_int_equal(client.session.peer_period_s, LAB_PERIOD);
	assert_int_equal(client.session.present.association.rotation_ms, 3000);
}

/* Each of the four messages lost, once or twice. */
static void test_lost(void **state)
{
	(void)state;
	for (unsigned int lost = 0; lost < 4; lost++)
		for (unsigned int times = 1; times <= 2; times++) {
			wire_start(lost & 1);
			for (unsigned int i = 0; i < times; i++) {
				if (!i)
					ask(&client);
				while (on_wire && wire[0].message[0] != (lost < 2 ? lost : 2u))
					deliver();
				if (lost == 3)
					deliver();
				lose_all();
				assert_true(next_tick(now_ms + 5000));
			}
			deliver_all();
			assert_met();
			assert_int_equal(client.lost, 0);
		}
}

static void test_duplicates(void **state)
{
	struct wire_message copies[WIRE_MOST];
	unsigned int count = 0;

	(void)state;
	ask(&client);
	while (on_wire) {
		copies[count] = take(0);
		arrive(&copies[count]);
		arrive(&copies[count++]);
		assert_true(count < WIRE_MOST);
	}
	assert_met();
	for (unsigned int i = count; i-- > 0;) /* all again, the last first */
		arrive(&copies[i]);
	deliver_all();
	assert_met();
	assert_int_equal(client.stands, 1);
	assert_int_equal(server.stands, 1);
}

/* A second request overtakes the first. */
static void test_reordered(void **state)
{
	struct wire_message first;

	(void)state;
	ask(&client);
	first = take(0);
	ask(&client);
	deliver();
	arrive(&first); /* takes the place of the second's: the client cannot use it */
	check_gaps = false; /* and learns so by and by */
	deliver_all();
	pass(16000, true);
	assert_int_equal(client.lost, 1);
	check_gaps = true;
	ask(&client);
	deliver_all();
	assert_met();
}

static void test_nobody_answers(void **state)
{
	(void)state;
	ask(&client);
	pass(9000, false);
	assert_int_equal(client.lost, 0);
	pass(7000, false);
	assert_int_equal(client.lost, 1);
	assert_int_equal(client.session.state, SESSION_NONE);
	assert_true(session_wake_ms(&client.session) == ~0ULL);
}

static void test_never_confirmed(void **state)
{
	(void)state;
	ask(&client);
	deliver();
	deliver();
	check_gaps = false;
	pass(SESSION_CONFIRM_MS + 1000, false);
	assert_int_equal(client.lost, 1);
	assert_int_equal(client.session.state, SESSION_NONE);
	assert_int_equal(server.session.coming.association.letter, 0);
	assert_true(session_wake_ms(&server.session) == ~0ULL);
}

/* --- another generation -------------------------------------------------------------- */

/* Each of the messages of a re-key lost: never a moment in which an end is not heard. */
static void test_rekey(void **state)
{
	(void)state;
	for (unsigned int lost = 0; lost <= 4; lost++) {
		struct session_association before;

		wire_start(false);
		server.session.settings.lifetime_s = 100;
		meet();
		before = *lab_lead(&client);
		while (client.session.state == SESSION_UP)
			assert_true(next_tick(now_ms + 93000));
		for (unsigned int i = 0; on_wire; i++) {
			if (i == lost)
				take(0);
			else
				deliver();
		}
		while (!lab_lead(&client) || lab_is_mirror(lab_lead(&server), &before) || client.session.state != SESSION_UP) {
			assert_true(next_tick(now_ms + 5000));
			deliver_all();
		}
		assert_met();
		assert_true(lab_hears(&server, &before));
		pass(SESSION_GRACE_MS + 9000 + 1, true);
		assert_false(lab_hears(&server, &before));
		assert_int_equal(client.lost, 0);
		client.session.settings.keep = true;
		pass(1000000, true);
		assert_met();
		assert_true(client.stands > 9);
	}
}

static void test_renewed(void **state)
{
	(void)state;
	meet();
	server.session.settings.rotation_ms = 500;
	server.session.settings.period_s = 300;
	renew(&server, SESSION_LEVEL);
	take(0); /* lost: said again */
	pass(1000, true);
	assert_met();
	assert_int_equal(client.session.present.association.rotation_ms, 500);
	assert_int_equal(client.session.peer_period_s, 300);
	lab_move(&server, 2); /* the server moves: its old prefix hears it out */
	renew(&server, SESSION_MOVED);
	deliver_all();
	assert_met();
	assert_memory_equal(client.session.present.association.remote.base, server.physical, 8);
	pass(60000, true);
	assert_int_equal(client.stands, 3);
}

/* Another rotation between the answer and its confirmation. */
static void test_renewed_while_coming(void **state)
{
	(void)state;
	meet();
	renew(&client, SESSION_NO_REASON);
	deliver();
	server.session.settings.rotation_ms = 700;
	renew(&server, SESSION_LEVEL);
	deliver_all();
	pass(1000, true);
	assert_met();
	assert_int_equal(client.session.present.association.rotation_ms, 700);
}

static void test_roams(void **state)
{
	struct wire_message request;

	(void)state;
	meet();
	lab_move(&client, 9);
	renew(&client, SESSION_MOVED); /* inside nobody moves */
	assert_int_equal(client.lost, 1);
	assert_int_equal(on_wire, 0);
	ask(&client);
	request = wire[0];
	wire[0].source[7] ^= 1; /* from elsewhere than it says */
	deliver();
	assert_int_equal(on_wire, 0);
	assert_int_equal(server.session.refused[3], 1);
	arrive(&request);
	deliver_all();
	assert_met();
	assert_memory_equal(server.session.present.association.remote.base, client.physical, 8);
}

static void test_period_changes(void **state)
{
	(void)state;
	ask(&client);
	introduction_period += 600; /* the daemon gives the new one: the old request is not for it */
	introduction_key[0] ^= 1;
	deliver();
	assert_int_equal(on_wire, 0);
	pass(16000, true);
	assert_int_equal(client.lost, 1);
	meet();
}

/* All answers to the confirmation are lost: what is given up is heard on, since the other end sends in it. */
static void test_confirmed_in_vain(void **state)
{
	(void)state;
	meet();
	renew(&client, SESSION_NO_REASON);
	deliver();
	deliver();
	deliver();
	lose_all();
	while (client.session.state == SESSION_CONFIRMING) {
		assert_true(next_tick(now_ms + 7000));
		check_gaps = false; /* the server hears what it has replaced for a grace only */
		lose_all();
	}
	assert_int_equal(client.lost, 1);
	assert_true(lab_hears(&client, lab_lead(&server)));
	check_gaps = true;
	ask(&client);
	check_gaps = false;
	deliver_all();
	assert_met();
}

/* A renewal is asked for until it is heard of. */
static void test_renewed_at_last(void **state)
{
	(void)state;
	meet();
	server.session.settings.rotation_ms = 500;
	renew(&server, SESSION_LEVEL);
	pass(80000, false);
	assert_met();
	pass(60000, true);
	assert_met();
	assert_int_equal(client.session.present.association.rotation_ms, 500);
}

/* A late request, whose answer nobody waits for, does not make the server forget that it wants another rotation. */
static void test_renewed_all_the_same(void **state)
{
	struct wire_message late;

	(void)state;
	meet();
	ask(&client);
	late = take(0);
	memset(&client.session.asked, 0, sizeof(client.session.asked));
	client.session.state = SESSION_UP;
	server.session.settings.rotation_ms = 500;
	renew(&server, SESSION_LEVEL);
	lose_all();
	arrive(&late);
	lose_all();
	pass(SESSION_CONFIRM_MS + 1000, false);
	pass(60000, true);
	assert_met();
	assert_int_equal(client.session.present.association.rotation_ms, 500);
}

static void test_connects_while_renewing(void **state)
{
	struct wire_message request;

	(void)state;
	meet();
	renew(&client, SESSION_NO_REASON);
	request = take(0);
	ask(&client);
	assert_int_equal(on_wire, 0);
	arrive(&request);
	deliver_all();
	assert_met();
}

/* Nothing else is asked for while an answer waits to be confirmed, or the server would hear the client no more. */
static void test_connects_while_confirming(void **state)
{
	(void)state;
	meet();
	renew(&client, SESSION_NO_REASON);
	deliver();
	deliver();
	take(0);
	ask(&client);
	assert_int_equal(on_wire, 0);
	pass(1000, true);
	assert_met();
	assert_int_equal(client.stands, 2);
}

/* --- both ---------------------------------------------------------------------------- */

static void test_both_open(void **state)
{
	(void)state;
	for (int order = 0; order < 8; order++) {
		wire_start(order & 1);
		if (order & 4)
			meet();
		ask(order & 2 ? &server : &client);
		ask(order & 2 ? &client : &server);
		deliver_all();
		pass(SESSION_CONFIRM_MS + 1000, true);
		assert_met();
		assert_true(client.session.present.initiator == (order & 1));
		assert_int_equal(client.lost + server.lost, 0);
	}
}

/* One that asked when nobody was there yet says so again as soon as the other is heard: no retry has to be waited for. */
static void test_insists(void **state)
{
	(void)state;
	ask(&server); /* the lower one */
	lose_all();
	ask(&client);
	deliver();
	assert_int_equal(on_wire, 1);
	assert_ptr_equal(wire[0].from, &server);
	assert_memory_equal(wire[0].message, server.session.asked.message, SESSION_REQUEST_BYTES);
	deliver_all();
	assert_met();
	assert_true(server.session.present.initiator);
}

/* The end that gave way is told when nothing comes of it. */
static void test_gave_way(void **state)
{
	(void)state;
	ask(&client);
	ask(&server); /* the lower one */
	deliver();
	deliver();
	assert_int_equal(client.session.state, SESSION_ASKING);
	lose_all();
	check_gaps = false;
	lab_restart(&server, false, now_ms);
	pass(SESSION_CONFIRM_MS + 1000, true);
	assert_int_equal(client.lost, 1);
	assert_int_equal(client.session.state, SESSION_NONE);
}

/* Each has entered what the other offered: what stood before is heard until they are of one mind. */
static void test_crossing(void **state)
{
	struct session_association before, before_server;
	struct wire_message response;

	(void)state;
	wire_start(true);
	meet();
	before = *lab_lead(&client);
	before_server = *lab_lead(&server);
	ask(&server);
	deliver(); /* the client offers */
	response = take(0);
	ask(&client);
	arrive(&response); /* the server enters that, and offers when it is asked */
	take(on_wire - 1); /* its confirmation is lost */
	deliver();
	assert_int_equal(server.session.state, SESSION_CONFIRMING);
	deliver();
	assert_int_equal(client.session.state, SESSION_CONFIRMING);
	assert_true(client.session.coming.superseded);
	deliver_all();
	assert_met();
	assert_true(lab_hears(&server, &before));
	assert_true(lab_hears(&client, &before_server));
	pass(SESSION_CONFIRM_MS + 1000, true);
	assert_met();
	assert_int_equal(client.session.coming.association.letter, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		WIRE_TEST(test_two_messages), WIRE_TEST(test_lost), WIRE_TEST(test_duplicates),
		WIRE_TEST(test_reordered), WIRE_TEST(test_nobody_answers), WIRE_TEST(test_never_confirmed),
		WIRE_TEST(test_rekey), WIRE_TEST(test_renewed), WIRE_TEST(test_renewed_while_coming),
		WIRE_TEST(test_roams), WIRE_TEST(test_period_changes), WIRE_TEST(test_confirmed_in_vain),
		WIRE_TEST(test_renewed_at_last), WIRE_TEST(test_connects_while_confirming),
		WIRE_TEST(test_renewed_all_the_same), WIRE_TEST(test_connects_while_renewing),
		WIRE_TEST(test_both_open), WIRE_TEST(test_insists), WIRE_TEST(test_gave_way), WIRE_TEST(test_crossing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
