/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A world of session engines (session_world.h) that runs: how it begins, how its time goes on, and when all of it has settled.
 */
#ifndef MAYFLY_TESTS_SESSION_RUN_H
#define MAYFLY_TESTS_SESSION_RUN_H

#include <stddef.h>
#include <stdlib.h>

#include "session_world.h"

enum { CALM_MS = 90000 }; /* until both ends have met again */

static struct lab_end template[WORLD_ENDS];
static __u64 worst_calm_ms;

/* --- its beginning -------------------------------------------------------------------- */

/* Pairs A and B, B and C, C and A, each with keys of its own for both. */
static void make_templates(void)
{
	static const char names[WORLD_ENDS] = "abbcca";

	for (int i = 0; i < WORLD_ENDS; i++)
		lab_keys(&template[i], names[i]);
	for (int i = 0; i < WORLD_ENDS; i++)
		lab_meet(&template[i], &template[i ^ 1]);
}

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

/* --- time ----------------------------------------------------------------------------- */

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

/* --- what all of it must come to ------------------------------------------------------ */

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

static bool all_settled(void)
{
	for (int i = 0; i < world.ends; i++)
		if (!is_settled(&world.end[i]))
			return false;
	return true;
}

static void check_settled(__u64 from_ms)
{
	if (!world.wrong && !all_settled())
		wrong("the two have not met again");
	if (world.now_ms - from_ms > worst_calm_ms)
		worst_calm_ms = world.now_ms - from_ms;
}

/* --- for those who begin it ----------------------------------------------------------- */

static void renew(struct world_end *end, enum session_reason reason)
{
	struct session_chance chance = lab_chance(&world.random);
	struct lab_end before = end->lab;

	session_renew(&end->lab.session, reason, local_ms(end), &chance, &world.actions);
	carry_out(end, &before);
}

static __u64 from_environment(const char *name, __u64 otherwise)
{
	const char *text = getenv(name);

	return text ? strtoull(text, NULL, 0) : otherwise;
}

#endif
