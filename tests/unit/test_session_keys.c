// SPDX-License-Identifier: GPL-2.0-only
/* What a session's packets are sealed with: whether they are, how long a key lives, and who has it when. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "session_wire.h"

static const struct seal_keys *keys_of_lead(const struct lab_end *end)
{
	return &end->keys[end->lead - 'a'];
}

static bool is_sealed(struct lab_end *end)
{
	const struct session_association *lead = lab_lead(end);

	assert_non_null(lead);
	return lead->carriage == MF_CARRIAGE_SEALED;
}

/* --- what both agree on -------------------------------------------------------------- */

static void test_both_directions(void **state)
{
	(void)state;
	meet();
	assert_true(is_sealed(&client) && is_sealed(&server));
	assert_true(lab_are_mirrored(keys_of_lead(&client), keys_of_lead(&server)));
	assert_int_equal(keys_of_lead(&client)->out.sender, SEAL_BY_INITIATOR);
	assert_int_equal(keys_of_lead(&server)->out.sender, SEAL_BY_RESPONDER);
}

static void test_encap_if_both_say_so(void **state)
{
	(void)state;
	for (int said = 0; said < 4; said++) {
		wire_start(false);
		client.session.settings.encap = said & 1;
		server.session.settings.encap = said & 2;
		meet();
		assert_int_equal(is_sealed(&client), said != 3);
		assert_int_equal(is_sealed(&server), said != 3);
	}
}

/* Nothing that reaches the other end makes it believe that encap will do. */
static void test_nobody_between_chooses(void **state)
{
	const __u32 at = SESSION_HEADER_BYTES + NOISE_KEY_BYTES + 39;

	(void)state;
	server.session.settings.encap = true;
	ask(&client);
	wire[0].message[at] ^= SESSION_ENCAP_WILL_DO;
	deliver();
	assert_int_equal(server.session.coming.association.letter, 0);
	now_ms += 2000;
	tick(&client);
	deliver();
	wire[0].message[at] ^= SESSION_ENCAP_WILL_DO;
	deliver();
	assert_int_equal(client.session.present.association.letter, 0);
	pass(5000, true);
	assert_met();
	assert_true(is_sealed(&client));
}

static void test_padding_is_ones_own(void **state)
{
	(void)state;
	client.session.settings.padding = MF_PADDING_FULL;
	meet();
	assert_int_equal(lab_lead(&client)->padding, MF_PADDING_FULL);
	assert_int_equal(lab_lead(&server)->padding, MF_PADDING_NONE);
}

/* --- a change of mind ---------------------------------------------------------------- */

/* Either end, whatever the session is in the middle of: in the end it is as both want it. */
static void test_changed(void **state)
{
	(void)state;
	for (int who = 0; who < 2; who++) {
		struct lab_end *end = who ? &server : &client;

		wire_start(false);
		client.session.settings.encap = server.session.settings.encap = true;
		meet();
		assert_false(is_sealed(&client));
		end->session.settings.encap = false;
		renew(end, SESSION_NO_REASON);
		pass(1000, true);
		assert_met();
		assert_true(is_sealed(&client));
		end->session.settings.padding = MF_PADDING_CLASSES;
		renew(end, SESSION_NO_REASON);
		pass(1000, true);
		assert_met();
		assert_int_equal(lab_lead(end)->padding, MF_PADDING_CLASSES);
		assert_int_equal(client.stands, 3);
		pass(30000, true);
		assert_int_equal(client.stands, 3);
	}
}

static void test_changed_while_renewing(void **state)
{
	(void)state;
	client.session.settings.encap = server.session.settings.encap = true;
	meet();
	renew(&client, SESSION_NO_REASON);
	client.session.settings.encap = false;
	renew(&client, SESSION_NO_REASON);
	deliver_all();
	assert_false(is_sealed(&client)); /* as it was asked for */
	pass(1000, true);
	assert_met();
	assert_true(is_sealed(&client));
	assert_int_equal(client.stands, 3);
}

/* Somebody keeps back whatever would lead to a sealed one: packets in the clear end with the session, in a minute. */
static void test_changed_in_vain(void **state)
{
	(void)state;
	for (int who = 0; who < 2; who++) {
		struct lab_end *end = who ? &server : &client;

		wire_start(false);
		client.session.settings.keep = true;
		client.session.settings.encap = server.session.settings.encap = true;
		meet();
		check_gaps = false;
		end->session.settings.encap = false;
		renew(end, SESSION_NO_REASON);
		pass(SESSION_REFUSED_MS - 1, false);
		assert_int_equal(end->ended, 0);
		pass(1, false);
		assert_int_equal(end->ended, 1);
		assert_int_equal(end->session.state, SESSION_NONE);
	}
}

/* --- new keys ------------------------------------------------------------------------ */

/* By time: 84 to 130 s, whoever answers; a K alone lives for an hour. */
static void test_by_time(void **state)
{
	__u64 least_ms = ~0ULL, most_ms = 0;

	(void)state;
	client.session.settings.keep = true;
	meet();
	for (int i = 0; i < 200; i++) {
		__u64 from_ms = now_ms;

		while (client.stands < 2 + (unsigned int)i) {
			assert_true(next_tick(now_ms + 60000));
			deliver_all();
		}
		assert_met();
		least_ms = now_ms - from_ms < least_ms ? now_ms - from_ms : least_ms;
		most_ms = now_ms - from_ms > most_ms ? now_ms - from_ms : most_ms;
	}
	assert_in_range(least_ms, 84000, 86000);
	assert_in_range(most_ms, 127000, 130000);
	wire_start(false);
	client.session.settings.keep = client.session.settings.encap = server.session.settings.encap = true;
	meet();
	pass(2159000, true);
	assert_int_equal(client.stands, 1);
	pass(1190000, true);
	assert_int_equal(client.stands, 2);
	assert_met();
}

static void test_never_renewed(void **state)
{
	(void)state;
	meet();
	check_gaps = false;
	pass(167000, false);
	assert_int_equal(server.ended, 0);
	pass(1001, false);
	assert_int_equal(server.ended, 1);
	assert_int_equal(server.reason, SESSION_EXPIRED);
}

/* By count: an initiator asks, a responder has it asked. */
static void test_by_count(void **state)
{
	(void)state;
	for (int who = 0; who < 2; who++) {
		struct lab_end *end = who ? &server : &client;

		wire_start(false);
		meet();
		session_sealed(&end->session, SESSION_REKEY_PACKETS - 1);
		pass(1000, true);
		assert_int_equal(client.stands, 1);
		session_sealed(&end->session, SESSION_REKEY_PACKETS);
		assert_true(session_wake_ms(&end->session) <= now_ms);
		tick(end);
		assert_int_equal(on_wire, 1);
		take(0); /* lost: said again */
		pass(1500, true);
		assert_met();
		assert_int_equal(client.stands, 2);
		assert_false(end->session.present.worn);
		pass(60000, true);
		assert_int_equal(client.stands, 2);
	}
	assert_true(SESSION_REKEY_PACKETS == 1ULL << 36);
}

/* New keys are no reason to be: nobody uses it, and so it ends in time, in spite of them. */
static void test_idle_all_the_same(void **state)
{
	(void)state;
	meet();
	check_gaps = false;
	pass(SESSION_IDLE_DEFAULT_MS - 2000, true);
	assert_met();
	assert_true(client.stands > 4);
	pass(3000, true);
	assert_int_equal(client.ended + server.ended, 2);
	assert_int_equal(server.reason, SESSION_IDLE);
	assert_int_equal(client.lost, 0);
}

/* One that asks by the introduction again wants it again. */
static void test_wanted_again(void **state)
{
	(void)state;
	meet();
	pass(SESSION_IDLE_DEFAULT_MS - 2000, true);
	ask(&client);
	deliver_all();
	pass(SESSION_IDLE_DEFAULT_MS - 3000, true);
	assert_met();
}

/* --- keys that nobody has any more --------------------------------------------------- */

static void test_adopted(void **state)
{
	(void)state;
	for (int encap = 0; encap < 2; encap++) {
		__u64 lives_ms = 1200ULL * (encap ? SESSION_LIFETIME_ENCAP_S : SESSION_LIFETIME_SEALED_S);

		wire_start(false);
		client.settings.encap = server.settings.encap = encap;
		client.settings.idle_ms = server.settings.idle_ms = 86400000;
		client.session.settings = client.settings;
		server.session.settings = server.settings;
		meet();
		check_gaps = false;
		lab_restart(&client, true, now_ms);
		lab_restart(&server, true, now_ms);
		pass(lives_ms - 1, true);
		assert_int_equal(client.ended + server.ended, 0);
		pass(1, true);
		assert_int_equal(client.ended, 1);
		assert_int_equal(server.ended, 1);
		assert_null(lab_lead(&client));
		assert_null(lab_lead(&server));
	}
}

/* The server starts anew: its client has other keys from it before those are over. */
static void test_adopted_by_server(void **state)
{
	(void)state;
	client.session.settings.keep = true;
	meet();
	lab_restart(&server, true, now_ms);
	while (!client.lost)
		assert_true(next_tick(now_ms + 60000)), lose_all();
	assert_no_gap();
	ask(&client);
	deliver_all();
	assert_met();
	assert_int_equal(server.ended, 0);
}

/* --- where they are ------------------------------------------------------------------ */

static bool has_key(const struct lab_end *end, const struct mf_seal_key *key)
{
	return memmem(&end->session, sizeof(end->session), key->key, sizeof(key->key)) ||
	       memmem(&end->session, sizeof(end->session), key->mask, sizeof(key->mask));
}

/* The loader has them, from the one action that brings them; the engine has never had them. */
static void test_kept_by_nobody(void **state)
{
	(void)state;
	ask(&client);
	while (on_wire) {
		deliver();
		for (int i = 0; i < SESSION_GENERATIONS; i++) {
			assert_true(!client.heard[i].letter || !has_key(&client, &client.keys[i].out));
			assert_true(!client.heard[i].letter || !has_key(&client, &client.keys[i].in));
			assert_true(!server.heard[i].letter || !has_key(&server, &server.keys[i].out));
			assert_true(!server.heard[i].letter || !has_key(&server, &server.keys[i].in));
		}
	}
	assert_met();
}

/* What the loader has refused is over, and so are its keys: what comes in its place has others (lab_give() looks). */
static void test_refused(void **state)
{
	(void)state;
	server.refuse = 1;
	ask(&client);
	deliver();
	assert_int_equal(server.session.coming.association.letter, 0);
	client.refuse = 1;
	pass(1500, true);
	assert_int_equal(client.lost, 1);
	ask(&client);
	deliver_all();
	assert_met();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		WIRE_TEST(test_changed_in_vain), WIRE_TEST(test_both_directions), WIRE_TEST(test_encap_if_both_say_so),
		WIRE_TEST(test_nobody_between_chooses), WIRE_TEST(test_padding_is_ones_own),
		WIRE_TEST(test_changed), WIRE_TEST(test_changed_while_renewing),
		WIRE_TEST(test_by_time), WIRE_TEST(test_never_renewed), WIRE_TEST(test_by_count),
		WIRE_TEST(test_idle_all_the_same), WIRE_TEST(test_wanted_again),
		WIRE_TEST(test_adopted), WIRE_TEST(test_adopted_by_server),
		WIRE_TEST(test_kept_by_nobody), WIRE_TEST(test_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
