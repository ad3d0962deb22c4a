/* SPDX-License-Identifier: GPL-2.0-only */
/* Two session ends back to back: what is on its way between them, in order, for a test to deliver, lose or turn. */
#ifndef MAYFLY_TESTS_SESSION_WIRE_H
#define MAYFLY_TESTS_SESSION_WIRE_H

#include "session_lab.h"

enum { WIRE_MOST = 64 };

struct wire_message {
	struct lab_end *from;
	bool by_introduction;
	struct session_association in; /* inside a session: what it went out in */
	__u8 source[8], target[8]; /* target: inside a session */
	__u64 number;
	__u32 bytes;
	__u8 message[SESSION_MESSAGE_MOST];
};

static struct lab_end client, server; /* the client has the higher public key, or the lower: see keys_of() */
static struct wire_message wire[WIRE_MOST];
static unsigned int on_wire;
static __u64 now_ms, chance_state;
static __u8 introduction_key[16];
static __u32 introduction_period;
static struct session_actions actions;
static bool check_gaps; /* each end hears what the other sends in */

static inline void wire_put(struct lab_end *from, const struct session_action *action)
{
	struct wire_message *message = &wire[on_wire];

	assert_true(on_wire < WIRE_MOST);
	*message = (struct wire_message){ from, action->by_introduction, .bytes = action->bytes };
	memcpy(message->source, from->physical, 8);
	memcpy(message->message, action->message, action->bytes);
	message->number = ++from->number;
	if (!action->by_introduction && lab_lead(from)) {
		message->in = *lab_lead(from);
		memcpy(message->source, message->in.local.base, 8);
		lab_target(from, message->target);
	}
	if (action->by_introduction || lab_lead(from))
		on_wire++;
}

static inline void assert_no_gap(void)
{
	const struct session_association *from_client = lab_lead(&client), *from_server = lab_lead(&server);

	if (from_client && !lab_hears(&server, from_client))
		fail_msg("the server does not hear what the client sends in");
	if (from_server && !lab_hears(&client, from_server) && !lab_has_left(&client, from_server))
		fail_msg("the client does not hear what the server sends in, and has not left");
}

static inline void carry_out(struct lab_end *end)
{
	const char *wrong = lab_carry_out(end, &actions, now_ms);

	if (wrong)
		fail_msg("%c: %s", end->name, wrong);
	if (check_gaps)
		assert_no_gap();
}

static inline void wire_start(bool client_is_lower)
{
	on_wire = 0;
	now_ms = 1000000;
	chance_state = 1;
	check_gaps = true;
	memset(lab_given, 0, sizeof(lab_given));
	memset(introduction_key, 7, sizeof(introduction_key));
	introduction_period = 1431375600;
	lab_keys(&client, 'c');
	lab_keys(&server, 's');
	if ((memcmp(client.public_key, server.public_key, 32) < 0) != client_is_lower) {
		lab_keys(&client, 's');
		lab_keys(&server, 'c');
	}
	lab_meet(&client, &server);
	lab_meet(&server, &client);
	client.send = server.send = wire_put;
}

static inline struct session_way way_of(const __u8 *source)
{
	struct session_way way = { .period = introduction_period };

	memcpy(way.key, introduction_key, sizeof(way.key));
	if (source)
		memcpy(way.prefix, source, sizeof(way.prefix));
	return way;
}

static inline void ask(struct lab_end *end)
{
	struct session_way way = way_of(NULL);
	struct session_chance chance = lab_chance(&chance_state);

	session_connect(&end->session, &way, now_ms, &chance, &actions);
	carry_out(end);
}

static inline enum session_look receive(struct lab_end *to, const struct wire_message *message)
{
	struct session_way way = way_of(message->source);
	struct session_chance chance = lab_chance(&chance_state);
	enum session_look look = session_look(&to->session, message->message, message->bytes, now_ms);

	if (look == SESSION_LOOK_DROP)
		return look;
	session_receive(&to->session, message->by_introduction, look == SESSION_LOOK_COSTLY ? &way : NULL,
			message->message, message->bytes, now_ms, &chance, &actions);
	carry_out(to);
	return look;
}

static inline struct wire_message take(unsigned int at)
{
	struct wire_message message = wire[at];

	assert_true(at < on_wire);
	memmove(&wire[at], &wire[at + 1], (on_wire - at - 1) * sizeof(wire[0]));
	on_wire--;
	return message;
}

static inline enum session_look arrive(const struct wire_message *message)
{
	struct lab_end *to = message->from->peer;

	if (!message->by_introduction &&
	    !lab_hear(to, &message->in, message->source, message->target, message->number))
		return SESSION_LOOK_DROP;
	return receive(to, message);
}

static inline enum session_look deliver(void)
{
	struct wire_message message = take(0);

	return arrive(&message);
}

static inline void deliver_all(void)
{
	while (on_wire)
		deliver();
}

static inline void lose_all(void)
{
	on_wire = 0;
}

static inline void tick(struct lab_end *end)
{
	struct session_chance chance = lab_chance(&chance_state);

	session_tick(&end->session, now_ms, &chance, &actions);
	carry_out(end);
}

/* The earlier of what either end waits for, at most until `until`. False: nothing. */
static inline bool next_tick(__u64 until)
{
	__u64 one = session_wake_ms(&client.session), other = session_wake_ms(&server.session);
	__u64 at = one < other ? one : other;

	if (at > until) {
		now_ms = until;
		return false;
	}
	if (at > now_ms)
		now_ms = at;
	if (one <= now_ms)
		tick(&client);
	if (other <= now_ms)
		tick(&server);
	return true;
}

/* Time passes; the wire carries everything, or nothing. */
static inline void pass(__u64 for_ms, bool carries)
{
	__u64 until = now_ms + for_ms;
	int turns = 0;

	while (next_tick(until)) {
		if (carries)
			deliver_all();
		else
			lose_all();
		assert_true(turns++ < 10000);
	}
}

static inline void assert_met(void)
{
	const struct session_generation *one = &client.session.present, *other = &server.session.present;

	assert_int_equal(client.session.state, SESSION_UP);
	assert_int_equal(server.session.state, SESSION_UP);
	assert_memory_equal(&one->keys, &other->keys, sizeof(one->keys));
	assert_true(lab_is_mirror(&one->association, &other->association));
	assert_no_gap();
}

static inline void meet(void)
{
	ask(&client);
	deliver_all();
	assert_met();
}

static inline void renew(struct lab_end *end, enum session_reason reason)
{
	struct session_chance chance = lab_chance(&chance_state);

	session_renew(&end->session, reason, now_ms, &chance, &actions);
	carry_out(end);
}

/* To another network: false: not inside the session. */
static inline bool move(struct lab_end *end, __u16 net)
{
	struct session_chance chance = lab_chance(&chance_state);

	lab_move(end, net);
	if (!session_move(&end->session, &end->settings.prefix, now_ms, &chance, &actions))
		return false;
	carry_out(end);
	return true;
}

static inline void close_end(struct lab_end *end)
{
	check_gaps = false;
	session_close(&end->session, SESSION_CLOSED, now_ms, &actions);
	carry_out(end);
}

static inline int wire_setup(void **state)
{
	(void)state;
	wire_start(false);
	return 0;
}

#define WIRE_TEST(name) cmocka_unit_test_setup(name, wire_setup)

#endif
