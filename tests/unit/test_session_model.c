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
 * MF_SCHEDULES=1000000 runs that many with a stand-in for the cryptography, MF_SEED=n shows what happens in one.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "session_run.h"

enum {
	WITH_NOISE = 500,    /* schedules with the cryptography that it is */
	WITH_STAND_IN = 20000,
	BUDGET_EACH = SESSION_BUDGET_BURST + 1,
};

static __u64 handshakes, moved_inside;

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

/* --- a schedule ---------------------------------------------------------------------- */

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

static void check_budget(const struct world_end *end, __u64 elapsed_ms)
{
	__u64 each = (__u64)BUDGET_EACH * (end->restarts + 1) + elapsed_ms / SESSION_BUDGET_MS + 1;

	if (end->costly[0] > 2 * each)
		wrong("more key agreements than the budget has");
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
	check_settled(from_ms);
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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_with_noise),
		cmocka_unit_test(test_with_stand_in),
	};

	make_templates();
	if (getenv("MF_SEED")) {
		noise_cheap = true;
		world.trace = true;
		show(from_environment("MF_SEED", 1), run_schedule(from_environment("MF_SEED", 1)), true);
		return 0;
	}
	return cmocka_run_group_tests(tests, NULL, NULL);
}
