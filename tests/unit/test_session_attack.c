// SPDX-License-Identifier: GPL-2.0-only
/* What somebody may try against the session engine: replays, floods, bits turned, counters; and what it forgets. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "session_wire.h"

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

/* A request that the client's key has made, with this in it. */
static struct wire_message request_of(const struct session_request *request)
{
	const struct noise_end *end = &client.session.settings.end;
	struct wire_message message = { .from = &client, .by_introduction = true, .bytes = SESSION_REQUEST_BYTES };
	struct session_header header = { SESSION_REQUEST, introduction_period };
	__u8 prologue[SESSION_PROLOGUE_BYTES], plain[SESSION_REQUEST_PLAIN], ephemeral[32];
	struct noise_handshake noise;

	randombytes_buf(ephemeral, sizeof(ephemeral));
	memcpy(message.source, client.physical, sizeof(message.source));
	session_prologue(prologue, introduction_key, end->own_public, end->peer_public);
	session_request_write(plain, request);
	session_header_write(message.message, &header);
	assert_int_equal(noise_write_request(&noise, end, prologue, sizeof(prologue), ephemeral, plain, sizeof(plain),
					     message.message + SESSION_HEADER_BYTES), 0);
	return message;
}

/* Who names another client, or another's stable address, is not answered, though his key is known. */
static void test_names_another(void **state)
{
	const struct session_settings *settings = &client.session.settings;
	const struct session_request right = {
		.client_id = session_client_id(settings->end.own_public), .prefix = settings->prefix, .seed = { 5 },
	};

	(void)state;
	for (int row = 0; row < 4; row++) {
		struct session_request request = right;
		struct wire_message message;

		memcpy(request.inner, settings->inner_own, sizeof(request.inner));
		request.client_id ^= row == 1;
		request.inner[15] ^= row == 2;
		request.prefix.base[7] ^= row == 3;
		message = request_of(&request);
		arrive(&message);
		assert_int_equal(on_wire, !row);
		assert_int_equal(server.session.refused[1] + server.session.refused[3], row);
		lose_all();
	}
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

int main(void)
{
	const struct CMUnitTest tests[] = {
		WIRE_TEST(test_replayed), WIRE_TEST(test_budget), WIRE_TEST(test_flipped),
		WIRE_TEST(test_reflected), WIRE_TEST(test_names_another), WIRE_TEST(test_window), WIRE_TEST(test_wiped),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
