/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A world for session engines: nodes whose daemons do what the engine asks for, a network that loses, doubles, delays
 * and turns packets round, and somebody who has recorded everything. All of it follows from one seed.
 */
#ifndef MAYFLY_TESTS_SESSION_WORLD_H
#define MAYFLY_TESTS_SESSION_WORLD_H

#include <stdlib.h>

#include "session_lab.h"
#include "session_noise.h"

enum {
	WORLD_ENDS = 6,      /* three pairs of two: end i and end i ^ 1 are peers */
	WORLD_PACKETS = 128, /* on their way */
	WORLD_RECORDS = 64,  /* of what was sent, for replays */
	WORLD_LOG = 32,      /* generations of an end */
	OLD_PREFIX_MS = 8000,
	LEARNED_MS = 120000,
};

struct world_packet {
	__u64 at_ms, sent_ms; /* at 0: none */
	int from, to;
	bool by_introduction, data;
	__u8 source[8], target[8];
	struct session_association in;
	__u64 number;               /* inside a session */
	unsigned int epoch, stands; /* data: as they were when it was sent */
	__u32 bytes;
	__u8 message[SESSION_MESSAGE_MOST];
};

struct world_generation {
	__u8 hash[32];
	struct session_association association;
};

struct world_end {
	struct lab_end lab;
	bool keeps;
	long skew_ms;
	__u64 connect_ms;       /* the introduction has been looked up; 0: nothing to do */
	__u64 data_ms;
	__u32 period;           /* of its own introduction */
	__u8 old_physical[8];
	__u64 old_until_ms;
	__u8 learned[8];
	__u64 learned_until_ms;
	__u8 way_to[8];         /* the peer's prefix, when it was last looked up */
	__u64 heard_ms, sent_ms;
	struct world_generation log[WORLD_LOG];
	unsigned int logged, restarts, costly[2];
	bool sound;             /* pair: both stand, and nothing has happened since that may end that */
	unsigned int epoch;
};

struct world_faults {
	unsigned int loss, twice; /* % */
	__u64 delay_ms, event_ms, attack_ms;
	bool mesh, refusals, restarts;
	bool gentle; /* the network's alone: nobody moves, closes, starts anew or attacks */
};

static struct {
	__u64 random, now_ms, seed;
	int ends;
	bool calm, trace;
	const char *wrong;
	struct world_end end[WORLD_ENDS];
	struct world_faults faults;
	unsigned int to_choose, chosen; /* messages whose fate is said */
	__u64 choices;                  /* 2 bits each */
	struct world_packet packet[WORLD_PACKETS];
	struct world_packet record[WORLD_RECORDS];
	unsigned int recorded;
	struct session_actions actions;
} world;

#define trace(...) \
	do { \
		if (world.trace) { \
			printf("%8llu ", (unsigned long long)world.now_ms); \
			printf(__VA_ARGS__); \
		} \
	} while (0)

static void wrong(const char *what)
{
	if (!world.wrong)
		world.wrong = what;
}

static __u64 chance_of(__u64 most)
{
	return most ? lab_random(&world.random) % most : 0;
}

static bool percent(unsigned int chance)
{
	return chance && chance_of(100) < chance;
}

static struct world_end *peer_of(const struct world_end *end)
{
	return &world.end[(end - world.end) ^ 1];
}

static __u64 local_ms(const struct world_end *end)
{
	return (__u64)((long long)world.now_ms + end->skew_ms);
}

static bool is_standing(const struct world_end *end)
{
	return end->lab.session.state == SESSION_UP || end->lab.session.state == SESSION_RENEWING;
}

static void unsettle(struct world_end *end)
{
	end->sound = peer_of(end)->sound = false;
	end->epoch = ++peer_of(end)->epoch;
}

/* --- network ------------------------------------------------------------------------- */

static bool reaches(const struct world_end *end, const __u8 *prefix)
{
	return !memcmp(end->lab.physical, prefix, 8) ||
	       (world.now_ms < end->old_until_ms && !memcmp(end->old_physical, prefix, 8));
}

static void put_on_its_way(const struct world_packet *packet, __u64 late_ms)
{
	for (int i = 0; i < WORLD_PACKETS; i++) {
		if (world.packet[i].at_ms)
			continue;
		world.packet[i] = *packet;
		world.packet[i].sent_ms = world.now_ms;
		late_ms += 1 + (world.calm ? 4 : chance_of(world.faults.delay_ms));
		world.packet[i].at_ms = world.now_ms + late_ms;
		return;
	}
}

/* One of four fates, as the choices say: in time, never, twice, too late. */
static void send_as_chosen(const struct world_packet *packet)
{
	unsigned int fate = world.choices & 3;

	trace("    fate %u\n", fate);
	world.choices >>= 2;
	world.chosen++;
	if (fate != 1)
		put_on_its_way(packet, fate == 3 ? 2500 : 0);
	if (fate == 2)
		put_on_its_way(packet, 700);
}

static void send_packet(const struct world_packet *packet)
{
	if (!packet->data && world.chosen < world.to_choose) {
		send_as_chosen(packet);
		return;
	}
	if (!packet->data)
		world.record[world.recorded++ % WORLD_RECORDS] = *packet;
	if (!world.calm && percent(world.faults.loss)) {
		trace("    lost\n");
		return;
	}
	put_on_its_way(packet, 0);
	if (!world.calm && percent(world.faults.twice))
		put_on_its_way(packet, 0);
}

/* In what the end sends in; only what can leave from where it is does. */
static void send_inside(struct world_end *end, struct world_packet *packet)
{
	const struct session_association *lead = lab_lead(&end->lab);

	if (!lead)
		return;
	packet->in = *lead;
	packet->number = ++end->lab.number;
	memcpy(packet->source, lead->local.base, 8);
	memcpy(packet->target, lead->remote.base, 8);
	if (!packet->data)
		lab_target(&end->lab, packet->target);
	end->sent_ms = local_ms(end);
	if (reaches(end, packet->source))
		send_packet(packet);
}

static void world_send(struct lab_end *from, const struct session_action *action)
{
	struct world_end *end = (struct world_end *)((char *)from - offsetof(struct world_end, lab));
	struct world_packet packet = { .from = (int)(end - world.end), .by_introduction = action->by_introduction };

	packet.to = packet.from ^ 1;
	packet.bytes = action->bytes;
	memcpy(packet.message, action->message, action->bytes);
	trace("%c sends kind %u%s\n", from->name, packet.message[0], packet.by_introduction ? " by introduction" : "");
	if (!action->by_introduction) {
		send_inside(end, &packet);
		return;
	}
	memcpy(packet.source, from->physical, 8);
	memcpy(packet.target, packet.message[0] == SESSION_REQUEST ? end->way_to : end->learned, 8);
	if (packet.message[0] == SESSION_REQUEST || world.now_ms < end->learned_until_ms)
		send_packet(&packet);
}

/* --- daemon -------------------------------------------------------------------------- */

static bool is_logged(const struct world_end *end, const __u8 hash[static 32])
{
	for (int i = 0; i < WORLD_LOG; i++)
		if (!memcmp(end->log[i].hash, hash, 32))
			return true;
	return false;
}

static void log_generation(struct world_end *end, const struct session_generation *generation)
{
	struct world_generation *place = &end->log[end->logged % WORLD_LOG];

	if (!generation->association.letter || generation->deaf || is_logged(end, generation->keys.hash))
		return;
	memcpy(place->hash, generation->keys.hash, 32);
	place->association = generation->association;
	end->logged++;
}

/* What stands after an authentic message, both ends have agreed on in every detail. */
static void check_agreed(const struct world_end *end)
{
	const struct session_generation *present = &end->lab.session.present;
	const struct world_end *peer = peer_of(end);

	for (int i = 0; i < WORLD_LOG; i++)
		if (!memcmp(peer->log[i].hash, present->keys.hash, 32) &&
		    lab_is_mirror(&peer->log[i].association, &present->association))
			return;
	wrong("an association stands that the other end has not agreed on");
}

static void look_up(struct world_end *end, __u64 after_ms)
{
	if (!end->connect_ms)
		end->connect_ms = world.now_ms + 1 + after_ms;
}

static void settle(struct world_end *end)
{
	struct world_end *peer = peer_of(end);
	const struct session_generation *one = &end->lab.session.present, *other = &peer->lab.session.present;

	if (is_standing(end) && is_standing(peer) && !memcmp(one->keys.hash, other->keys.hash, 32) && !one->deaf)
		end->sound = peer->sound = true;
}

static void follow_up(struct world_end *end, const struct lab_end *before)
{
	struct lab_end *lab = &end->lab;

	log_generation(end, &lab->session.coming);
	log_generation(end, &lab->session.present);
	if (lab->lost > before->lost || lab->ended > before->ended) {
		trace("%c: %s\n", lab->name, lab->lost > before->lost ? "lost" : "ended");
		unsettle(end);
		if (end->keeps)
			look_up(end, 50 + chance_of(2000));
	}
	if (before->session.state == SESSION_CONFIRMING && lab->session.state != SESSION_CONFIRMING &&
	    lab->stands == before->stands)
		unsettle(end); /* never confirmed: the other end may have taken it up all the same */
	if (lab->stands > before->stands && is_standing(end)) {
		trace("%c stands\n", lab->name);
		check_agreed(end);
		settle(end);
	}
}

/*
 * Who leads is heard, also by the one end that has moved inside the session; but what is sent to that one goes where it was
 * until it has been agreed on anew from where it is.
 */
static bool is_heard(const struct world_end *end, const struct session_association *in)
{
	return lab_hears(&end->lab, in) || lab_has_left(&end->lab, in);
}

static void check_gap(const struct world_end *end)
{
	const struct world_end *peer = peer_of(end);
	const struct session_association *lead = lab_lead((struct lab_end *)&end->lab);

	if (end->sound && (world.faults.gentle || (is_standing(end) && is_standing(peer))) && lead &&
	    !is_heard(peer, lead))
		wrong("an end sends in what the other does not hear");
}

static void check_quiet(const struct world_end *end)
{
	const struct session *one = &end->lab.session, *other = &peer_of(end)->lab.session;

	if (!end->sound || one->state != SESSION_UP || other->state != SESSION_UP || one->coming.association.letter ||
	    other->coming.association.letter)
		return;
	if (memcmp(&one->present.keys, &other->present.keys, sizeof(one->present.keys)))
		wrong("both ends are up, with other keys");
}

static char show_letter(const struct session_generation *generation)
{
	return generation->association.letter ? generation->association.letter : '-';
}

/* After every call. `before`: counters only. */
static void carry_out(struct world_end *end, const struct lab_end *before)
{
	const char *why = lab_carry_out(&end->lab, &world.actions, local_ms(end));

	end->costly[0] += noise_costly[0];
	end->costly[1] += noise_costly[1];
	noise_costly[0] = noise_costly[1] = 0;
	if (why || noise_wrong)
		wrong(why ? why : noise_wrong);
	follow_up(end, before);
	trace("    %c: %s, present %c, coming %c%s, going %c\n", end->lab.name, session_state_name(end->lab.session.state),
	      show_letter(&end->lab.session.present), show_letter(&end->lab.session.coming),
	      end->lab.session.coming.superseded ? " (superseded)" : "", show_letter(&end->lab.session.going));
	check_gap(end);
	check_gap(peer_of(end));
	check_quiet(end);
}

static void introduction_of(const struct world_end *end, __u32 period, struct session_way *way)
{
	memset(way, 0, sizeof(*way));
	memcpy(way->key, &world.seed, 8);
	way->key[8] = (__u8)(end - world.end);
	memcpy(way->key + 12, &period, 4);
	way->period = period;
}

static void daemon_connect(struct world_end *end)
{
	struct session_chance chance = lab_chance(&world.random);
	struct lab_end before = end->lab;
	struct session_way way;

	end->connect_ms = 0;
	memcpy(end->way_to, peer_of(end)->lab.physical, 8);
	introduction_of(peer_of(end), peer_of(end)->period, &way);
	trace("%c connects\n", end->lab.name);
	session_connect(&end->lab.session, &way, local_ms(end), &chance, &world.actions);
	carry_out(end, &before);
}

/* False: not inside the session. */
static bool daemon_move(struct world_end *end)
{
	struct session_chance chance = lab_chance(&world.random);
	struct lab_end before = end->lab;

	if (!session_move(&end->lab.session, &end->lab.settings.prefix, local_ms(end), &chance, &world.actions))
		return false;
	trace("%c moves inside\n", end->lab.name);
	carry_out(end, &before);
	return true;
}

static void report_traffic(struct world_end *end)
{
	session_traffic(&end->lab.session, end->heard_ms, end->sent_ms);
	session_sealed(&end->lab.session, !world.calm && percent(2) ? SESSION_REKEY_PACKETS : 1000);
	end->heard_ms = end->sent_ms = 0;
}

static void daemon_tick(struct world_end *end)
{
	struct session_chance chance = lab_chance(&world.random);
	struct lab_end before = end->lab;

	session_tick(&end->lab.session, local_ms(end), &chance, &world.actions);
	carry_out(end, &before);
}

/* Two periods of an introduction are heard: this one and the one before. */
static bool is_introduced(const struct world_end *end, const struct world_packet *packet, struct session_way *way)
{
	struct session_header header;

	if (session_header_read(packet->message, packet->bytes, &header) ||
	    (header.number != end->period && header.number + 1 != end->period))
		return false;
	introduction_of(end, header.number, way);
	memcpy(way->prefix, packet->source, sizeof(way->prefix));
	return true;
}

static void daemon_receive(struct world_end *end, const struct world_packet *packet)
{
	struct session_chance chance = lab_chance(&world.random);
	struct lab_end before = end->lab;
	struct session_way way;
	bool introduced = is_introduced(end, packet, &way);
	enum session_look look;

	if (packet->by_introduction && introduced && packet->message[0] == SESSION_REQUEST) {
		memcpy(end->learned, packet->source, 8);
		end->learned_until_ms = world.now_ms + LEARNED_MS;
	}
	look = session_look(&end->lab.session, packet->message, packet->bytes, local_ms(end));
	trace("%c receives kind %u%s: look %d\n", end->lab.name, packet->message[0],
	      packet->by_introduction ? " by introduction" : "", look);
	if (look == SESSION_LOOK_DROP)
		return;
	session_receive(&end->lab.session, packet->by_introduction, look == SESSION_LOOK_COSTLY && introduced ? &way : NULL,
			packet->message, packet->bytes, local_ms(end), &chance, &world.actions);
	carry_out(end, &before);
}

/* --- what arrives -------------------------------------------------------------------- */

/* What is late by a whole generation is: three letters are no more. */
static void check_arrival(const struct world_end *end, const struct world_packet *packet)
{
	unsigned int entered = end->lab.stands + (end->lab.session.state == SESSION_CONFIRMING);

	if (end->sound && packet->epoch == end->epoch && entered <= packet->stands + 1 &&
	    !is_heard(end, &packet->in))
		wrong("a packet came too late to be heard");
}

static void arrive(const struct world_packet *packet)
{
	struct world_end *end = &world.end[packet->to];

	if (!reaches(end, packet->target))
		return;
	if (packet->data)
		check_arrival(end, packet);
	if (!packet->by_introduction) {
		if (!lab_hear(&end->lab, &packet->in, packet->source, packet->target, packet->number))
			return;
		end->heard_ms = local_ms(end);
	}
	if (!packet->data)
		daemon_receive(end, packet);
}

static void send_data(struct world_end *end)
{
	struct world_packet packet = { .from = (int)(end - world.end), .data = true };

	packet.to = packet.from ^ 1;
	end->data_ms = world.now_ms + 300 + chance_of(1500);
	report_traffic(end);
	if (end->sound && is_standing(end) && is_standing(peer_of(end))) {
		packet.epoch = end->epoch;
		packet.stands = peer_of(end)->lab.stands;
	} else {
		packet.epoch = ~0u;
	}
	send_inside(end, &packet);
}

#endif
