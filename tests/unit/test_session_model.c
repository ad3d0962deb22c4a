// SPDX-License-Identifier: GPL-2.0-only
/*
 * The session engine in a world that does its worst (session_world.h), over many seeds: every schedule is a minute of
 * loss, duplication, reordering, restarts, refusals, roaming (inside the session or beside it), renewals, other carriages,
 * worn keys, closings, crossing handshakes, floods and an attacker who replays, alters and turns round what he has
 * recorded; then calm. All the time:
 * what stands has been agreed on, nothing is taken that was not sent, or twice, no counter is used twice, no key is given
 * to an end twice or to two generations, nobody sends in what the other end does not hear. In the end, within CALM_MS:
 * both ends are up, under the same keys, as the responder wants it, and sealed unless both say that encap will do.
 *
 * MF_SCHEDULES=1000000 runs that many with a stand-in for the cryptography, MF_DEPTH=8 tries the fates of so many
 * messages, MF_SEED=n or MF_CHOICE=n shows what happens in one.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "session_world.h"

enum {
	CALM_MS = 90000,
	WITH_NOISE = 500,    /* schedules with the cryptography that it is */
	WITH_STAND_IN = 20000,
	DEPTH = 5,            /* messages whose fates are all tried */
	BUDGET_EACH = SESSION_BUDGET_BURST + 1,
};

static struct lab_end template[WORLD_ENDS];
static __u64 worst_calm_ms, handshakes, moved_inside;

/* --- a schedule ---------------------------------------------------------------------- */

static void set_up(__u64 seed)
{
	static const __u64 delays[] = { 5, 50, 300, 1500 };
	static const unsigned int losses[] = { 0, 5, 20, 50 };
	struct world_faults *faults = &world.faults;

	bool trace_it = world.trace;

	memset(&world, 0, offsetof(typeof(world), end));
	world.trace = trace_it;
	memset(world.packet, 0, sizeof(world.packet));
	memset(sealed, 0, sizeof(sealed));
	memset(lab_given, 0, sizeof(lab_given));
	noise_wrong = NULL;
	world.recorded = world.to_choose = world.chosen = 0;
	world.random = world.seed = seed;
	world.now_ms = 1000000;
	faults->mesh = percent(40);
	faults->refusals = percent(30);
	faults->restarts = percent(60);
	faults->loss = losses[chance_of(4)];
	faults->twice = (unsigned int)chance_of(2) * 20;
	faults->delay_ms = delays[chance_of(4)];
	faults->event_ms = 500 + chance_of(8000);
	faults->attack_ms = percent(60) ? 20 + chance_of(3000) : 0;
	faults->gentle = percent(25);
	world.ends = percent(20) ? WORLD_ENDS : 2;
}

static void set_up_ends(void)
{
	for (int i = 0; i < world.ends; i++) {
		struct world_end *end = &world.end[i];

		end->lab = template[i];
		end->lab.peer = &peer_of(end)->lab;
		end->lab.send = world_send;
		end->lab.settings.lifetime_s = percent(50) ? 20 + (__u32)chance_of(100) : 0;
		end->lab.settings.idle_ms = percent(30) ? 20000 + (__u32)chance_of(60000) : 0;
		end->lab.settings.rotation_ms = percent(50) ? 200 : 3000;
		end->lab.settings.encap = percent(50);
		end->keeps = !(i & 1) || world.faults.mesh;
		end->lab.settings.keep = end->keeps;
		end->period = 2;
		end->data_ms = world.now_ms + chance_of(1000);
		end->skew_ms = (long)chance_of(2000);
		lab_move(&end->lab, 1);
		session_init(&end->lab.session, &end->lab.settings);
		if (end->keeps)
			look_up(end, chance_of(world.faults.mesh ? 30 : 3000));
	}
}

/* --- faults -------------------------------------------------------------------------- */

static void restart(struct world_end *end)
{
	bool adopts = percent(50);

	trace("%c restarts, %s\n", end->lab.name, adopts ? "adopts" : "finds nothing");
	unsettle(end);
	lab_restart(&end->lab, adopts, local_ms(end));
	end->restarts++;
	end->connect_ms = 0;
	if (end->keeps)
		look_up(end, chance_of(2000));
}

static void renew(struct world_end *end, enum session_reason reason)
{
	struct session_chance chance = lab_chance(&world.random);
	struct lab_end before = end->lab;

	session_renew(&end->lab.session, reason, local_ms(end), &chance, &world.actions);
	carry_out(end, &before);
}

/* With its old prefix for a while, or without. */
static void roam(struct world_end *end)
{
	bool hard = percent(50);

	trace("%c moves%s\n", end->lab.name, hard ? " at once" : "");
	memcpy(end->old_physical, end->lab.physical, 8);
	end->old_until_ms = hard ? 0 : world.now_ms + OLD_PREFIX_MS;
	lab_move(&end->lab, (__u16)chance_of(60000));
	if (daemon_move(end)) {
		moved_inside++;
		return;
	}
	unsettle(end);
	renew(end, SESSION_MOVED);
	if (end->keeps)
		look_up(end, chance_of(500));
}

static void change_rotation(struct world_end *end)
{
	trace("%c has another rotation\n", end->lab.name);
	end->lab.settings.rotation_ms = 100 + (__u32)chance_of(5000);
	end->lab.session.settings.rotation_ms = end->lab.settings.rotation_ms;
	renew(end, SESSION_LEVEL);
}

static void change_carriage(struct world_end *end)
{
	struct session_settings *settings = &end->lab.settings;

	settings->encap = percent(50);
	settings->padding = (__u8)chance_of(3);
	trace("%c wants %s, padding %u\n", end->lab.name, settings->encap ? "encap" : "sealed", settings->padding);
	end->lab.session.settings.encap = settings->encap;
	end->lab.session.settings.padding = settings->padding;
	renew(end, SESSION_NO_REASON);
}

static void close_session(struct world_end *end)
{
	struct lab_end before = end->lab;

	trace("%c closes\n", end->lab.name);
	session_close(&end->lab.session, SESSION_CLOSED, local_ms(end), &world.actions);
	carry_out(end, &before);
}

/* Requests that look like the peer's: nobody knows before a key agreement. */
static void flood(struct world_end *end)
{
	struct world_packet packet = { .to = (int)(end - world.end), .by_introduction = percent(50) };
	struct session_header header = { SESSION_REQUEST, packet.by_introduction ? end->period : 0 };

	packet.from = packet.to ^ 1;
	packet.bytes = SESSION_REQUEST_BYTES;
	session_header_write(packet.message, &header);
	for (int i = 0; i < 100; i++) {
		packet.message[SESSION_HEADER_BYTES] = (__u8)i;
		daemon_receive(end, &packet);
	}
}

static void do_gentle_event(struct world_end *end)
{
	switch (chance_of(4)) {
	case 0: change_rotation(end); break;
	case 3: change_carriage(end); break;
	case 1: end->period++; break;
	case 2: renew(end, SESSION_NO_REASON); break;
	}
}

static void do_event(struct world_end *end)
{
	switch (chance_of(11)) {
	case 0: if (world.faults.restarts) restart(end); break;
	case 1: roam(end); break;
	case 2: change_rotation(end); break;
	case 3: close_session(end); break;
	case 4: end->lab.refuse = world.faults.refusals ? (unsigned int)chance_of(3) : 0; break;
	case 5: end->period++; break;
	case 6: end->skew_ms += (long)chance_of(600) - 300; break;
	case 7: renew(end, SESSION_NO_REASON); break;
	case 8: if (end->keeps) look_up(end, 0); break;
	case 9: flood(end); break;
	case 10: change_carriage(end); break;
	}
}

/* By the way in, which knows whose it is and hears nobody from elsewhere before he was heard where he is to be. */
static bool is_refused(const struct world_packet *packet)
{
	struct lab_end *lab = &world.end[packet->to].lab;

	return lab_find(lab, &packet->in) >= 0 &&
	       !lab_hear(lab, &packet->in, packet->source, packet->target, packet->number);
}

/* What was recorded, once more: as it was, altered, from elsewhere, to somebody else, by another way. */
static void attack(void)
{
	unsigned int known = world.recorded < WORLD_RECORDS ? world.recorded : WORLD_RECORDS;
	struct world_packet packet;

	if (!known)
		return;
	packet = world.record[chance_of(known)];
	switch (chance_of(6)) {
	case 0: packet.message[chance_of(packet.bytes)] ^= (__u8)(1 << chance_of(8)); break;
	case 1: packet.source[7] ^= (__u8)chance_of(256); break;
	case 2: packet.to = packet.from; break;
	case 3: packet.to = (int)chance_of((__u64)world.ends); break;
	case 4: packet.by_introduction = !packet.by_introduction; break;
	}
	trace("attack: kind %u\n", packet.message[0]);
	if (!packet.by_introduction && is_refused(&packet))
		return;
	daemon_receive(&world.end[packet.to], &packet);
}

/* --- time ---------------------------------------------------------------------------- */

static __u64 wake_of(const struct world_end *end)
{
	__u64 wake_ms = session_wake_ms(&end->lab.session);

	if (wake_ms == ~0ULL)
		return wake_ms;
	wake_ms = (__u64)((long long)wake_ms - end->skew_ms);
	return (long long)wake_ms < (long long)world.now_ms ? world.now_ms : wake_ms;
}

static struct world_packet *next_packet(void)
{
	struct world_packet *next = NULL;

	for (int i = 0; i < WORLD_PACKETS; i++)
		if (world.packet[i].at_ms && (!next || world.packet[i].at_ms < next->at_ms))
			next = &world.packet[i];
	return next;
}

/* What is due at one end. */
static void run_end(struct world_end *end)
{
	if (wake_of(end) <= world.now_ms)
		daemon_tick(end);
	if (end->connect_ms && end->connect_ms <= world.now_ms)
		daemon_connect(end);
	if (end->data_ms <= world.now_ms)
		send_data(end);
}

static void sooner(__u64 *one_ms, __u64 other_ms)
{
	if (other_ms < *one_ms)
		*one_ms = other_ms;
}

/* Goes on to what happens next, at most until then. */
static void step(__u64 until_ms)
{
	struct world_packet *packet = next_packet(), copy;
	__u64 at_ms = until_ms;

	for (int i = 0; i < world.ends; i++) {
		sooner(&at_ms, wake_of(&world.end[i]));
		sooner(&at_ms, world.end[i].data_ms);
		if (world.end[i].connect_ms)
			sooner(&at_ms, world.end[i].connect_ms);
	}
	if (packet && packet->at_ms <= at_ms) {
		world.now_ms = packet->at_ms > world.now_ms ? packet->at_ms : world.now_ms;
		copy = *packet;
		packet->at_ms = 0;
		arrive(&copy);
		return;
	}
	world.now_ms = at_ms > world.now_ms ? at_ms : world.now_ms;
	for (int i = 0; i < world.ends; i++)
		run_end(&world.end[i]);
}

static void storm(void)
{
	__u64 until_ms = world.now_ms + 15000 + chance_of(60000), event_ms = world.now_ms, attack_ms = world.now_ms;

	for (unsigned int turns = 0; !world.wrong && world.now_ms < until_ms; turns++) {
		__u64 next_ms = until_ms;

		sooner(&next_ms, event_ms);
		if (world.faults.attack_ms && !world.faults.gentle)
			sooner(&next_ms, attack_ms);
		step(next_ms);
		if (world.now_ms >= event_ms) {
			event_ms = world.now_ms + 1 + chance_of(2 * world.faults.event_ms);
			(world.faults.gentle ? do_gentle_event : do_event)(&world.end[chance_of((__u64)world.ends)]);
		}
		if (world.faults.attack_ms && !world.faults.gentle && world.now_ms >= attack_ms) {
			attack_ms = world.now_ms + 1 + chance_of(2 * world.faults.attack_ms);
			attack();
		}
		if (turns > 100000)
			wrong("time stands still");
	}
}

/* The same keys at both ends; what was adopted has none, and its traffic flows. */
static bool have_same_keys(const struct session_generation *one, const struct session_generation *other)
{
	return one->deaf || other->deaf || !memcmp(&one->keys, &other->keys, sizeof(one->keys));
}

/* Encap if both say so, padded as each end likes. */
static bool is_carried_as_wanted(const struct session *session, const struct session *other)
{
	const struct session_association *present = &session->present.association;
	bool encap = session->settings.encap && other->settings.encap;

	return present->carriage == (encap ? MF_CARRIAGE_ENCAP : MF_CARRIAGE_SEALED) &&
	       present->padding == session->settings.padding;
}

/* The responder's wishes are what stands, and those of both for the carriage. */
static bool is_as_wanted(const struct world_end *end)
{
	const struct session *session = &end->lab.session, *other = &peer_of(end)->lab.session;
	const struct session_association *present = &session->present.association;

	return session->present.deaf || other->present.deaf ||
	       (is_carried_as_wanted(session, other) &&
		(session->present.initiator || (present->rotation_ms == session->settings.rotation_ms &&
						lab_same_template(&present->local, &session->settings.prefix))));
}

/* What leads is sealed by the same two keys at both ends. */
static bool are_sealed_alike(const struct world_end *end)
{
	const struct lab_end *one = &end->lab, *other = &peer_of(end)->lab;

	return lab_are_mirrored(&one->keys[one->lead - 'a'], &other->keys[other->lead - 'a']);
}

static bool is_settled(const struct world_end *end)
{
	const struct session_generation *one = &end->lab.session.present, *other = &peer_of(end)->lab.session.present;

	return is_standing(end) && is_standing(peer_of(end)) && is_as_wanted(end) && have_same_keys(one, other) &&
	       lab_is_mirror(&one->association, &other->association) && are_sealed_alike(end) && reaches(end, one->association.local.base) &&
	       reaches(peer_of(end), other->association.local.base);
}

static void check_budget(const struct world_end *end, __u64 elapsed_ms)
{
	__u64 each = (__u64)BUDGET_EACH * (end->restarts + 1) + elapsed_ms / SESSION_BUDGET_MS + 1;

	if (end->costly[0] > 2 * each)
		wrong("more key agreements than the budget has");
}

static bool all_settled(void)
{
	for (int i = 0; i < world.ends; i++)
		if (!is_settled(&world.end[i]))
			return false;
	return true;
}

static void calm(void)
{
	__u64 from_ms = world.now_ms;

	world.calm = true;
	for (int i = 0; i < world.ends; i++)
		world.end[i].lab.refuse = 0;
	for (unsigned int turns = 0; !world.wrong && world.now_ms < from_ms + CALM_MS && !all_settled(); turns++) {
		step(from_ms + CALM_MS);
		if (turns > 100000)
			wrong("time stands still");
	}
	if (!world.wrong && !all_settled())
		wrong("the two have not met again");
	if (world.now_ms - from_ms > worst_calm_ms)
		worst_calm_ms = world.now_ms - from_ms;
}

static const char *run_schedule(__u64 seed)
{
	__u64 from_ms;

	set_up(seed);
	memset(world.end, 0, sizeof(world.end[0]) * (size_t)world.ends);
	set_up_ends();
	from_ms = world.now_ms;
	storm();
	calm();
	for (int i = 0; i < world.ends; i++) {
		check_budget(&world.end[i], world.now_ms - from_ms + 1000);
		handshakes += world.end[i].lab.stands;
	}
	return world.wrong;
}

/* --- all ----------------------------------------------------------------------------- */

static __u64 from_environment(const char *name, __u64 otherwise)
{
	const char *text = getenv(name);

	return text ? strtoull(text, NULL, 0) : otherwise;
}

enum { BOTH_ASK = 1, STANDS_BEFORE = 2, MOVES = 4, SCENARIOS = 6, RESTARTS = 4, RESTART_AT = 3 };

static void set_up_quietly(unsigned int scenario)
{
	set_up(1);
	world.ends = 2;
	world.calm = true;
	world.faults = (struct world_faults){ .mesh = (scenario & BOTH_ASK) != 0, .gentle = true };
	memset(world.end, 0, 2 * sizeof(world.end[0]));
	set_up_ends();
	for (int i = 0; i < 2; i++) {
		world.end[i].connect_ms = 0;
		world.end[i].lab.settings.encap &= !(scenario & MOVES);
		world.end[i].lab.session.settings.encap = world.end[i].lab.settings.encap;
	}
}

static void run_until_settled(__u64 least_ms, __u64 most_ms)
{
	const __u64 from_ms = world.now_ms;

	while (!world.wrong && world.now_ms < from_ms + most_ms && (world.now_ms < from_ms + least_ms || !all_settled()))
		step(from_ms + (world.now_ms < from_ms + least_ms ? least_ms : most_ms));
	if (!all_settled())
		wrong("the two have not met again");
	if (world.now_ms - from_ms > worst_calm_ms)
		worst_calm_ms = world.now_ms - from_ms;
}

/* 1: the server, adopting; 2: the server, with nothing; 3: the client, with nothing. */
static void restart_in_the_middle(unsigned int which)
{
	struct world_end *end = &world.end[which != 3];

	while (!world.wrong && world.chosen < RESTART_AT)
		step(world.now_ms + 1000);
	world.faults.gentle = false;
	unsettle(end);
	lab_restart(&end->lab, which == 1, local_ms(end));
	look_up(&world.end[0], 500);
}

static void move_at_once(struct world_end *end)
{
	end->old_until_ms = 0;
	lab_move(&end->lab, 9);
	if (!daemon_move(end))
		wrong("an initiator whose packets are sealed does not move inside its session");
}

static const char *run_chosen(__u64 number, unsigned int depth)
{
	unsigned int scenario = number % SCENARIOS, which = number / SCENARIOS % RESTARTS;

	set_up_quietly(scenario);
	if (scenario & (STANDS_BEFORE | MOVES)) {
		daemon_connect(&world.end[0]);
		run_until_settled(0, 1000);
	}
	world.choices = number / SCENARIOS / RESTARTS;
	world.to_choose = depth;
	if (scenario & MOVES)
		move_at_once(&world.end[0]);
	else if (scenario & STANDS_BEFORE)
		renew(&world.end[0], SESSION_NO_REASON);
	else
		daemon_connect(&world.end[0]);
	if (scenario & BOTH_ASK)
		daemon_connect(&world.end[1]);
	if (which)
		restart_in_the_middle(which);
	run_until_settled(8000, CALM_MS);
	return world.wrong;
}

/* Every fate of each of the first messages of a handshake, begun in every way, with every restart. */
static void test_exhaustively(void **state)
{
	unsigned int depth = (unsigned int)from_environment("MF_DEPTH", DEPTH), bad = 0;
	__u64 count = (__u64)SCENARIOS * RESTARTS << 2 * depth;

	(void)state;
	noise_cheap = true;
	worst_calm_ms = 0;
	for (__u64 number = 0; number < count && bad < 10; number++) {
		const char *why = run_chosen(number, depth);

		if (why)
			printf("choice %llu: %s\n", (unsigned long long)number, why);
		bad += why != NULL;
	}
	printf("%llu ways that the first %u messages can go, at most %llu ms until the two had met\n",
	       (unsigned long long)count, depth, (unsigned long long)worst_calm_ms);
	noise_cheap = false;
	assert_int_equal(bad, 0);
}

/* --- many ---------------------------------------------------------------------------- */

static void show(__u64 seed, const char *why, bool trace_it)
{
	printf("seed %llu: %s\n", (unsigned long long)seed, why ? why : "fine");
	if (trace_it)
		return;
	printf("MF_SEED=%llu shows how\n", (unsigned long long)seed);
}

static void run_many(__u64 first, __u64 count)
{
	unsigned int bad = 0;

	worst_calm_ms = handshakes = moved_inside = 0;
	for (__u64 seed = first; seed < first + count && bad < 10; seed++) {
		const char *why = run_schedule(seed);

		if (why) {
			show(seed, why, false);
			bad++;
		}
	}
	printf("%llu schedules, %llu times a session stood, %llu moves inside, at most %llu ms until all had met again\n",
	       (unsigned long long)count, (unsigned long long)handshakes, (unsigned long long)moved_inside,
	       (unsigned long long)worst_calm_ms);
	assert_int_equal(bad, 0);
}

static void test_with_noise(void **state)
{
	(void)state;
	noise_cheap = false;
	run_many(1, WITH_NOISE);
}

static void test_with_stand_in(void **state)
{
	(void)state;
	noise_cheap = true;
	run_many(from_environment("MF_FIRST", 1), from_environment("MF_SCHEDULES", WITH_STAND_IN));
	noise_cheap = false;
}

/* Pairs A and B, B and C, C and A, each with keys of its own for both. */
static void make_templates(void)
{
	static const char names[WORLD_ENDS] = "abbcca";

	for (int i = 0; i < WORLD_ENDS; i++)
		lab_keys(&template[i], names[i]);
	for (int i = 0; i < WORLD_ENDS; i++)
		lab_meet(&template[i], &template[i ^ 1]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_with_noise),
		cmocka_unit_test(test_with_stand_in),
		cmocka_unit_test(test_exhaustively),
	};

	make_templates();
	if (getenv("MF_CHOICE")) {
		noise_cheap = world.trace = true;
		printf("%s\n", run_chosen(from_environment("MF_CHOICE", 0), (unsigned int)from_environment("MF_DEPTH", DEPTH)));
		return 0;
	}
	if (getenv("MF_SEED")) {
		noise_cheap = true;
		world.trace = true;
		show(from_environment("MF_SEED", 1), run_schedule(from_environment("MF_SEED", 1)), true);
		return 0;
	}
	return cmocka_run_group_tests(tests, NULL, NULL);
}
