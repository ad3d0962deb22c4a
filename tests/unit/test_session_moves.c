// SPDX-License-Identifier: GPL-2.0-only
/*
 * A client that comes to another network, inside its session: packets of the server go where it was until it has been heard
 * in a generation of where it is; session messages follow the newest packet (session_lab.h).
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "session_wire.h"

/* --- what goes where ----------------------------------------------------------------- */

static bool is_at(const __u8 *prefix, const struct lab_end *end)
{
	return !memcmp(prefix, end->physical, 8);
}

/* Where the server's packets go. */
static bool follows(void)
{
	return is_at(lab_lead(&server)->remote.base, &client);
}

static void assert_moved(void)
{
	assert_met();
	assert_true(follows());
	assert_true(is_at(lab_lead(&client)->local.base, &client));
	assert_int_equal(client.lost, 0);
	assert_int_equal(server.ended + client.ended, 0);
}

/* Nobody is asked by an introduction meanwhile. */
static void deliver_inside(void)
{
	while (on_wire) {
		assert_false(wire[0].by_introduction);
		deliver();
	}
}

static void pass_inside(__u64 for_ms)
{
	const __u64 until = now_ms + for_ms;

	while (next_tick(until))
		deliver_inside();
}

/* --- it comes along ------------------------------------------------------------------ */

static void test_moves(void **state)
{
	struct session_association before;
	__u8 was[8];

	(void)state;
	meet();
	before = *lab_lead(&server);
	memcpy(was, client.physical, 8);
	assert_true(move(&client, 9));
	assert_int_equal(client.session.state, SESSION_RENEWING);
	assert_int_equal(on_wire, 1);
	assert_false(wire[0].by_introduction);
	assert_true(is_at(wire[0].source, &client));
	deliver();
	assert_int_equal(on_wire, 1);
	assert_true(is_at(wire[0].target, &client)); /* the answer goes there, and nothing else */
	assert_memory_equal(lab_lead(&server), &before, sizeof(before));
	deliver();
	assert_int_equal(client.session.state, SESSION_CONFIRMING);
	assert_memory_equal(lab_lead(&server)->remote.base, was, 8);
	deliver();
	assert_true(follows());
	deliver();
	assert_int_equal(on_wire, 0);
	assert_moved();
	assert_int_equal(client.stands, 2);
	client.session.settings.keep = true;
	pass(1000000, true);
	assert_moved();
}

/* Each of the four messages lost, once or twice. */
static void test_lost(void **state)
{
	(void)state;
	for (unsigned int lost = 0; lost < 4; lost++)
		for (unsigned int times = 1; times <= 2; times++) {
			wire_start(lost & 1);
			meet();
			assert_true(move(&client, 9));
			for (unsigned int i = 0; i < times; i++) {
				while (on_wire && wire[0].message[0] != (lost < 2 ? lost : 2u))
					deliver();
				if (lost == 3)
					deliver();
				lose_all();
				assert_true(next_tick(now_ms + 5000));
			}
			deliver_inside();
			assert_moved();
		}
}

/* On before it was answered; and back again. */
static void test_twice(void **state)
{
	(void)state;
	meet();
	assert_true(move(&client, 9));
	assert_true(move(&client, 10));
	deliver_inside(); /* the answer to the first goes nowhere, or is not used */
	assert_moved();
	assert_true(move(&client, 9));
	lose_all();
	assert_true(move(&client, 10));
	deliver_inside();
	assert_moved();
}

/* The second request overtakes the first: the server takes up what nobody waits for, and is asked by the introduction. */
static void test_overtaken(void **state)
{
	struct wire_message first;

	(void)state;
	meet();
	assert_true(move(&client, 9));
	first = take(0);
	assert_true(move(&client, 10));
	deliver();
	arrive(&first);
	check_gaps = false;
	deliver_all();
	pass(16000, true);
	assert_int_equal(client.lost, 1);
	ask(&client);
	deliver_all();
	assert_met();
	assert_true(follows());
}

/* Where it was it has said PING for the last time: that nobody answers there says nothing of where it is. */
static void test_while_silent(void **state)
{
	(void)state;
	for (int answered = 0; answered <= 1; answered++) {
		wire_start(false);
		meet();
		session_traffic(&client.session, 0, now_ms + 1);
		while (client.session.said.tries < SESSION_TRIES - 1) {
			assert_true(next_tick(now_ms + SESSION_SILENCE_MS));
			lose_all();
		}
		assert_true(move(&client, 9));
		lose_all();
		if (answered)
			pass_inside(2000);
		else
			pass(8500, false); /* PING would have been given up */
		assert_int_equal(client.lost, 0);
	}
	assert_moved();
}

/* Lost before, and the new network brings it back. */
static void test_when_lost(void **state)
{
	(void)state;
	meet();
	session_traffic(&client.session, 0, now_ms + 1);
	pass(SESSION_SILENCE_MS + 16000, false);
	assert_int_equal(client.session.state, SESSION_SILENT);
	assert_int_equal(client.lost, 1);
	assert_true(move(&client, 9));
	deliver_inside();
	assert_met();
	assert_true(follows());
}

/* --- it does not --------------------------------------------------------------------- */

static void test_unanswered(void **state)
{
	(void)state;
	meet();
	assert_true(move(&client, 9));
	pass(9000, false);
	assert_int_equal(client.lost, 0);
	pass(7000, false);
	assert_int_equal(client.lost, 1);
	assert_int_equal(client.session.state, SESSION_SILENT);
	assert_int_equal(on_wire, 0);
	ask(&client);
	assert_true(wire[0].by_introduction);
	deliver_all();
	assert_met();
	assert_true(follows());
}

/* What is not sealed is heard from nowhere else. */
static void test_encap(void **state)
{
	(void)state;
	client.session.settings.encap = server.session.settings.encap = true;
	meet();
	assert_int_equal(lab_lead(&client)->carriage, MF_CARRIAGE_ENCAP);
	assert_false(move(&client, 9));
	assert_int_equal(actions.count, 0);
	assert_int_equal(client.session.state, SESSION_UP);
	/* One that asks for it all the same. */
	client.session.present.association.local = client.settings.prefix;
	*lab_lead(&client) = client.session.present.association;
	check_gaps = false;
	renew(&client, SESSION_NO_REASON);
	receive(&server, &wire[0]);
	lose_all();
	assert_int_equal(server.session.refused[3], 1);
	assert_int_equal(server.session.coming.association.letter, 0);
	pass(16000, false);
	assert_int_equal(client.lost, 1);
	ask(&client);
	deliver_all();
	assert_met();
	assert_true(follows());
}

/* Only the end that asks for generations moves, in one that the other has heard it in, and whose keys it has. */
static void test_who(void **state)
{
	struct session_association adopted;

	(void)state;
	assert_false(move(&client, 8)); /* in nothing */
	meet();
	assert_false(move(&server, 9));
	renew(&server, SESSION_MOVED);
	deliver_all();
	assert_met();
	renew(&client, SESSION_NO_REASON);
	deliver();
	deliver();
	assert_int_equal(client.session.state, SESSION_CONFIRMING);
	assert_false(move(&client, 9));
	deliver_all();
	adopted = *lab_lead(&client);
	lab_restart(&client, true, now_ms);
	assert_false(move(&client, 10));
	assert_memory_equal(lab_lead(&client), &adopted, sizeof(adopted));
}

/* Another host in the same network is nobody that the server knows. */
static void test_other_host(void **state)
{
	struct mf_template prefix;
	struct session_chance chance = lab_chance(&chance_state);

	(void)state;
	client.settings.prefix.hop_bits = 32;
	client.settings.prefix.prefix_length = 96;
	client.settings.prefix.base[11] = 1;
	client.session.settings.prefix = client.settings.prefix;
	meet();
	prefix = client.settings.prefix;
	prefix.base[7] = 9;
	prefix.base[11] = 2;
	assert_false(session_move(&client.session, &prefix, now_ms, &chance, &actions));
	prefix.base[11] = 1;
	assert_true(session_move(&client.session, &prefix, now_ms, &chance, &actions));
	carry_out(&client);
}

static void test_refused_by_loader(void **state)
{
	struct session_association before;

	(void)state;
	meet();
	before = *lab_lead(&client);
	client.refuse = 1;
	assert_true(move(&client, 9));
	assert_int_equal(client.lost, 1);
	assert_int_equal(on_wire, 0);
	assert_memory_equal(lab_lead(&client), &before, sizeof(before));
	ask(&client);
	client.refuse = 1;
	deliver_all(); /* of the answer: nothing is left to be put back */
	assert_memory_equal(&lab_lead(&client)->local, &before.local, sizeof(before.local));
	ask(&client);
	deliver_all();
	assert_met();
	assert_true(follows());
}

/* --- who lies ------------------------------------------------------------------------ */

/*
 * A client that names a prefix, asks from where it was, and cannot be heard from there: nothing ever goes there, and the
 * server forgets it.
 */
static void test_names_another_prefix(void **state)
{
	struct session_association before;
	__u8 was[8];

	(void)state;
	meet();
	before = *lab_lead(&server);
	memcpy(was, client.physical, 8);
	assert_true(move(&client, 9));
	memcpy(wire[0].source, was, 8);
	deliver();
	assert_memory_equal(wire[0].target, was, 8);
	receive(&client, &wire[0]); /* which it gets, at the other end of the old path */
	take(0);
	assert_int_equal(client.session.state, SESSION_CONFIRMING);
	check_gaps = false;
	for (const __u64 until = now_ms + SESSION_CONFIRM_MS + 1; next_tick(until);)
		while (on_wire) {
			struct wire_message message = take(0);

			memcpy(message.source, was, 8);
			assert_true(message.from == &client || !memcmp(message.target, was, 8));
			assert_memory_equal(lab_lead(&server), &before, sizeof(before));
			if (message.from == &client)
				assert_int_equal(arrive(&message), SESSION_LOOK_DROP);
		}
	assert_int_equal(server.session.coming.association.letter, 0);
	assert_memory_equal(lab_lead(&server), &before, sizeof(before));
	assert_int_equal(server.session.state, SESSION_UP);
}

/* Somebody who sends a packet of the client's on, from elsewhere and faster, gets an answer that he cannot read. */
static void test_sent_on(void **state)
{
	struct wire_message elsewhere;

	(void)state;
	meet();
	renew(&client, SESSION_NO_REASON);
	elsewhere = take(0);
	elsewhere.source[7] ^= 1;
	arrive(&elsewhere);
	assert_memory_equal(wire[0].target, elsewhere.source, 8);
	lose_all();
	assert_true(is_at(lab_lead(&server)->remote.base, &client));
	pass_inside(1000); /* the client asks again, and is heard from where it is */
	assert_moved();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		WIRE_TEST(test_moves), WIRE_TEST(test_lost), WIRE_TEST(test_twice), WIRE_TEST(test_overtaken),
		WIRE_TEST(test_while_silent), WIRE_TEST(test_when_lost), WIRE_TEST(test_unanswered),
		WIRE_TEST(test_encap), WIRE_TEST(test_who), WIRE_TEST(test_other_host),
		WIRE_TEST(test_refused_by_loader), WIRE_TEST(test_names_another_prefix), WIRE_TEST(test_sent_on),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
