// SPDX-License-Identifier: GPL-2.0-only
/*
 * The session engine, two ends of it back to back: every way a handshake can go, and what comes after. At every step the
 * loader has what the engine says, and what either end sends in is heard at the other (session_wire.h).
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "session_wire.h"

static int start(void **state)
{
	(void)state;
	wire_start(false);
	return 0;
}

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
		pass(1000000, true);
		assert_met();
		assert_true(client.stands > 9);
	}
}

static void renew(struct lab_end *end, enum session_reason reason)
{
	struct session_chance chance = lab_chance(&chance_state);

	session_renew(&end->session, reason, now_ms, &chance, &actions);
	carry_out(end);
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

/* --- the end ------------------------------------------------------------------------- */

static void close_end(struct lab_end *end)
{
	check_gaps = false;
	session_close(&end->session, SESSION_CLOSED, now_ms, &actions);
	carry_out(end);
}

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

/* --- attacks ------------------------------------------------------------------------- */

static void test_replayed(void **state)
{
	struct wire_message request;
	struct session before;

	(void)state;
	ask(&client);
	request = wire[0];
	deliver_all();
	before = server.session;
	assert_int_equal(arrive(&request), SESSION_LOOK_AGAIN);
	assert_int_equal(on_wire, 1);
	deliver_all();
	assert_met();
	assert_memory_equal(&before, &server.session, sizeof(before));
	close_end(&client);
	deliver_all();
	assert_int_equal(arrive(&request), SESSION_LOOK_DROP);
	for (int i = 0; i < SESSION_SEEN - 1; i++) {
		now_ms += SESSION_BUDGET_MS;
		meet();
	}
	assert_int_equal(arrive(&request), SESSION_LOOK_DROP);
	assert_met();
}

static void test_budget(void **state)
{
	struct wire_message junk;
	unsigned int costly = 0;

	(void)state;
	ask(&client);
	junk = wire[0];
	for (int i = 0; i < 10000; i++) {
		junk.message[20] = (__u8)i;
		junk.message[21] = (__u8)(i >> 8);
		costly += arrive(&junk) == SESSION_LOOK_COSTLY;
		now_ms++;
	}
	assert_in_range(costly, 15, 16);
	now_ms += SESSION_BUDGET_MS;
	deliver_all();
	assert_met();
	for (int i = 0; i < 100; i++) { /* none of it closes the way inside */
		junk.message[20]++;
		junk.source[7] ^= 1;
		arrive(&junk);
	}
	renew(&client, SESSION_NO_REASON);
	deliver_all();
	assert_met();
	assert_int_equal(client.stands, 2);
}

/* Every byte of every message, each bit of it in turn: nothing comes of it but a count. */
static void flip_all(struct lab_end *to, const struct wire_message *message)
{
	for (__u32 at = 0; at < message->bytes; at++) {
		struct session before = to->session;
		struct wire_message flipped = *message;
		unsigned int waiting = on_wire;

		flipped.message[at] ^= (__u8)(1 << at % 8);
		now_ms += SESSION_BUDGET_MS;
		receive(to, &flipped);
		now_ms -= SESSION_BUDGET_MS;
		assert_int_equal(on_wire, waiting);
		memcpy(before.refused, to->session.refused, sizeof(before.refused));
		memcpy(before.budget_ms, to->session.budget_ms, sizeof(before.budget_ms));
		assert_memory_equal(&before, &to->session, sizeof(before));
	}
	memset(to->session.budget_ms, 0, sizeof(to->session.budget_ms));
}

static void test_flipped(void **state)
{
	(void)state;
	ask(&client);
	for (int i = 0; i < 4; i++) {
		assert_int_equal(on_wire, 1);
		flip_all(wire[0].from->peer, &wire[0]);
		deliver();
	}
	assert_met();
	renew(&client, SESSION_NO_REASON);
	for (int i = 0; i < 4; i++) {
		flip_all(wire[0].from->peer, &wire[0]);
		deliver();
	}
	assert_met();
	assert_int_equal(client.stands, 2);
}

/* A message is nothing to the end that sent it, nor by another way than it was meant for. */
static void test_reflected(void **state)
{
	(void)state;
	ask(&client);
	for (int i = 0; i < 4; i++) {
		struct wire_message message = wire[0];
		struct session before = message.from->session;

		receive(message.from, &message);
		assert_int_equal(on_wire, 1);
		assert_int_equal(before.state, message.from->session.state);
		assert_memory_equal(&before.present, &message.from->session.present, sizeof(before.present));
		message.by_introduction = !message.by_introduction;
		receive(message.from->peer, &message);
		assert_int_equal(on_wire, 1);
		deliver();
	}
	assert_met();
}

/* --- counters ------------------------------------------------------------------------ */

/* A ping with this counter: whether it is answered. */
static bool is_taken(__u64 counter)
{
	unsigned int waiting = on_wire;
	struct session_notice ping = { .id = SESSION_PING };
	struct wire_message message = { .from = &client, .bytes = SESSION_SEALED_BYTES };
	struct session_header header = { SESSION_SEALED, 0 };
	const struct session_generation *present = &client.session.present;
	__u8 plain[SESSION_NOTICE_PLAIN];
	bool taken;

	for (int i = 0; i < 4; i++)
		header.number = header.number << 8 | present->keys.hash[i];
	session_header_write(message.message, &header);
	for (int i = 0; i < 8; i++)
		message.message[SESSION_HEADER_BYTES + i] = (__u8)(counter >> (56 - 8 * i));
	session_notice_write(plain, &ping);
	noise_seal(present->keys.to_responder, counter, plain, sizeof(plain), message.message + SESSION_HEADER_BYTES + 8);
	receive(&server, &message);
	taken = on_wire > waiting;
	on_wire = waiting;
	return taken;
}

static void test_window(void **state)
{
	static const struct {
		__u64 counter;
		bool taken;
	} table[] = {
		{ 0, false }, /* the confirm */
		{ 1, true }, { 1, false }, { 5, true }, { 4, true }, { 4, false }, { 2, true }, { 5, false },
		{ 68, true }, { 5, false }, { 6, true }, { 4, false }, { 3, false }, { 68, false }, { 67, true },
		{ 69, true }, { 6, false }, { 7, true }, { 132, true }, { 69, false }, { 70, true }, { 68, false },
		{ 1000000, true }, { 132, false }, { 1000000 - 64, false }, { 1000000 - 63, true }, { 1000000 - 63, false },
		{ 1ULL << 63, true }, { 1000000, false }, { (1ULL << 63) - 1, true },
		{ ~0ULL, false }, { ~0ULL - 1, true }, { ~0ULL - 1, false }, { ~0ULL - 2, true }, { ~0ULL - 64, true },
		{ ~0ULL - 65, false }, { ~0ULL, false }, { 0, false }, { 200, false },
	};

	(void)state;
	meet();
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++)
		if (is_taken(table[i].counter) != table[i].taken)
			fail_msg("row %zu", i);
}

/* --- secrets ------------------------------------------------------------------------- */

static bool holds(const void *memory, size_t bytes, const void *secret, size_t secret_bytes)
{
	return memmem(memory, bytes, secret, secret_bytes) != NULL;
}

static void test_wiped(void **state)
{
	struct session_generation generation;
	__u8 ephemeral[32];

	(void)state;
	ask(&client);
	memcpy(ephemeral, client.session.asked.noise.ephemeral, sizeof(ephemeral));
	deliver_all();
	assert_false(holds(&client.session, sizeof(client.session), ephemeral, sizeof(ephemeral)));
	generation = client.session.present;
	close_end(&client);
	deliver_all();
	for (int i = 0; i < 2; i++) {
		const struct session *session = i ? &server.session : &client.session;

		assert_false(holds(session, sizeof(*session), generation.keys.to_responder, 32));
		assert_false(holds(session, sizeof(*session), generation.keys.to_initiator, 32));
		assert_false(holds(session, sizeof(*session), generation.association.key, 16));
	}
	ask(&client);
	session_wipe(&client.session);
	assert_true(sodium_is_zero((const __u8 *)&client.session, sizeof(client.session)));
}

#define TEST(name) cmocka_unit_test_setup(name, start)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_two_messages), TEST(test_lost), TEST(test_duplicates), TEST(test_reordered),
		TEST(test_nobody_answers), TEST(test_never_confirmed), TEST(test_rekey), TEST(test_renewed),
		TEST(test_renewed_while_coming), TEST(test_roams), TEST(test_period_changes), TEST(test_teardown),
		TEST(test_teardown_unconfirmed), TEST(test_lost_teardown), TEST(test_lifetime), TEST(test_idle),
		TEST(test_pings), TEST(test_kept), TEST(test_listens), TEST(test_both_open), TEST(test_gave_way),
		TEST(test_server_restarts), TEST(test_server_restarts_renewing), TEST(test_client_restarts),
		TEST(test_refused_by_loader), TEST(test_replayed), TEST(test_budget), TEST(test_flipped),
		TEST(test_reflected), TEST(test_window), TEST(test_wiped),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
