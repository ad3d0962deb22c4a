/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Two ends for tests of the session engine: keys, a loader that does as it is told, and the check that holds at every
 * step: the loader has what the engine thinks it has, and each end sends in something that it hears itself.
 */
#ifndef MAYFLY_TESTS_SESSION_LAB_H
#define MAYFLY_TESTS_SESSION_LAB_H

#include <sodium.h>
#include <stdio.h>
#include <string.h>

#include "ctl/session.h"

enum { LAB_PERIOD = 600 };

/* What a loader knows of who is heard in an association. */
struct lab_path {
	bool heard;        /* where it was agreed that it is, once at least */
	__u64 newest;      /* number of the newest packet heard */
	__u8 elsewhere[8]; /* where that came from; zero: where it was agreed */
};

struct lab_end {
	char name;
	struct lab_end *peer;
	__u8 private_key[32], public_key[32], shared[32], inner[16];
	__u8 physical[8]; /* prefix that reaches it */
	struct session_settings settings;
	struct session session;
	struct session_association heard[SESSION_GENERATIONS]; /* letter 0: none */
	struct seal_keys keys[SESSION_GENERATIONS];            /* of the same */
	struct lab_path path[SESSION_GENERATIONS];             /* likewise */
	__u64 number;        /* of the last packet that it has sent */
	char lead;
	unsigned int refuse; /* so many ADDs and CHANGEs to come */
	unsigned int stands, ended, lost, introduced;
	enum session_reason reason;
	void (*send)(struct lab_end *from, const struct session_action *action);
};

/* Keys that ends have been given, newest last: none may be given twice, and who has the same pair are the two ends of one. */
enum { LAB_KEYS = 256 };

struct lab_given {
	const struct lab_end *end;
	struct seal_keys keys;
};

static struct lab_given lab_given[LAB_KEYS];
static unsigned int lab_given_at;

static inline __u64 lab_random(__u64 *state)
{
	__u64 x = *state += 0x9e3779b97f4a7c15ULL;

	x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9ULL;
	x = (x ^ x >> 27) * 0x94d049bb133111ebULL;
	return x ^ x >> 31;
}

static inline struct session_chance lab_chance(__u64 *state)
{
	struct session_chance chance;
	__u64 words[sizeof(chance) / 8];

	for (size_t i = 0; i < sizeof(words) / 8; i++)
		words[i] = lab_random(state);
	memcpy(&chance, words, sizeof(chance));
	return chance;
}

static inline struct mf_template lab_prefix(const __u8 physical[static 8])
{
	struct mf_template prefix = { .prefix_length = 64, .hop_bits = 64 };

	memcpy(prefix.base, physical, 8);
	return prefix;
}

static inline void lab_move(struct lab_end *end, __u16 net)
{
	const __u8 physical[8] = { 0x20, 0x01, 0x0d, 0xb8, 0, (__u8)end->name, (__u8)(net >> 8), (__u8)net };

	memcpy(end->physical, physical, sizeof(physical));
	end->settings.prefix = lab_prefix(physical);
	end->session.settings.prefix = end->settings.prefix;
}

static inline void lab_keys(struct lab_end *end, char name)
{
	memset(end, 0, sizeof(*end));
	end->name = name;
	memset(end->private_key, name, 32);
	crypto_scalarmult_base(end->public_key, end->private_key);
	memset(end->inner, name, sizeof(end->inner));
}

static inline void lab_meet(struct lab_end *end, struct lab_end *peer)
{
	end->peer = peer;
	if (crypto_scalarmult(end->shared, end->private_key, peer->public_key))
		return;
	end->settings = (struct session_settings){
		.end = { end->private_key, end->public_key, peer->public_key, end->shared },
		.rotation_ms = 3000,
		.period_s = LAB_PERIOD,
	};
	memcpy(end->settings.inner_own, end->inner, 16);
	memcpy(end->settings.inner_peer, peer->inner, 16);
	lab_move(end, 1);
	session_init(&end->session, &end->settings);
}

/* --- loader -------------------------------------------------------------------------- */

static inline struct session_association *lab_letter(struct lab_end *end, char letter)
{
	return letter >= 'a' && letter < 'a' + SESSION_GENERATIONS ? &end->heard[letter - 'a'] : NULL;
}

static inline bool lab_same_template(const struct mf_template *one, const struct mf_template *other)
{
	return !memcmp(one, other, sizeof(*one));
}

/* The same association, seen from the other end, wherever the two are. */
static inline bool lab_is_kin(const struct session_association *one, const struct session_association *other)
{
	return !memcmp(one->key, other->key, 16) && !memcmp(one->seed_local, other->seed_remote, 8) &&
	       !memcmp(one->seed_remote, other->seed_local, 8) && one->rotation_ms == other->rotation_ms &&
	       one->carriage == other->carriage;
}

static inline bool lab_is_mirror(const struct session_association *one, const struct session_association *other)
{
	return lab_is_kin(one, other) && lab_same_template(&one->local, &other->remote) &&
	       lab_same_template(&one->remote, &other->local);
}

/* Place of the association; -1: there is none of that kind. */
static inline int lab_find(const struct lab_end *end, const struct session_association *sent_in)
{
	for (int i = 0; i < SESSION_GENERATIONS; i++)
		if (end->heard[i].letter && lab_is_kin(&end->heard[i], sent_in))
			return i;
	return -1;
}

/* Once heard where it was agreed that it is, a peer whose packets are sealed is heard from anywhere (bpf/in.h). */
static inline bool lab_hears_from(const struct lab_end *end, int i, const __u8 source[static 8])
{
	return !memcmp(end->heard[i].remote.base, source, 8) ||
	       (end->heard[i].carriage == MF_CARRIAGE_SEALED && end->path[i].heard);
}

static inline bool lab_hears(const struct lab_end *end, const struct session_association *sent_in)
{
	int i = lab_find(end, sent_in);

	return i >= 0 && lab_same_template(&end->heard[i].local, &sent_in->remote) &&
	       lab_hears_from(end, i, sent_in->local.base);
}

/* It has gone from where the other end's packets still go, and has said so, or is about to. */
static inline bool lab_has_left(const struct lab_end *end, const struct session_association *sent_in)
{
	int i = lab_find(end, sent_in);

	return i >= 0 && end->heard[i].carriage == MF_CARRIAGE_SEALED &&
	       memcmp(end->heard[i].local.base, sent_in->remote.base, 8) != 0;
}

/* A packet comes in, or is refused: false. The newest says where its sender is (bpf/open.h). */
static inline bool lab_hear(struct lab_end *end, const struct session_association *sent_in,
			    const __u8 source[static 8], const __u8 target[static 8], __u64 number)
{
	int i = lab_find(end, sent_in);
	struct lab_path *path = &end->path[i < 0 ? 0 : i];
	bool agreed = i >= 0 && !memcmp(end->heard[i].remote.base, source, 8);

	if (i < 0 || memcmp(end->heard[i].local.base, target, 8) || !lab_hears_from(end, i, source))
		return false;
	path->heard |= agreed;
	if (number <= path->newest)
		return true;
	path->newest = number;
	memset(path->elsewhere, 0, sizeof(path->elsewhere));
	if (!agreed)
		memcpy(path->elsewhere, source, sizeof(path->elsewhere));
	return true;
}

/* What it sends in; NULL: nothing. */
static inline struct session_association *lab_lead(struct lab_end *end)
{
	struct session_association *lead = lab_letter(end, end->lead);

	return lead && lead->letter ? lead : NULL;
}

/* Where a session message goes: after the newest packet (bpf/carry.h). All else goes where it was agreed. */
static inline void lab_target(struct lab_end *end, __u8 target[static 8])
{
	static const __u8 nowhere[8];
	const struct lab_path *path = &end->path[end->lead - 'a'];
	bool elsewhere = lab_lead(end)->carriage == MF_CARRIAGE_SEALED && memcmp(path->elsewhere, nowhere, 8) != 0;

	memcpy(target, elsewhere ? path->elsewhere : lab_lead(end)->remote.base, 8);
}

static inline void lab_restart(struct lab_end *end, bool adopts, __u64 now_ms)
{
	session_wipe(&end->session);
	session_init(&end->session, &end->settings);
	for (int i = 0; adopts && i < SESSION_GENERATIONS; i++)
		if (end->heard[i].letter && end->heard[i].letter != end->lead)
			session_adopt(&end->session, &end->heard[i], now_ms);
	if (adopts && lab_lead(end)) {
		session_adopt(&end->session, lab_lead(end), now_ms);
		return;
	}
	session_wipe(&end->session);
	session_init(&end->session, &end->settings);
	memset(end->heard, 0, sizeof(end->heard));
	end->lead = 0;
}

static inline bool lab_same_key(const struct mf_seal_key *one, const struct mf_seal_key *other)
{
	return one->key[0] == other->key[0] && !memcmp(one->key, other->key, sizeof(one->key));
}

static inline bool lab_shares_a_key(const struct seal_keys *one, const struct seal_keys *other)
{
	return lab_same_key(&one->out, &other->out) || lab_same_key(&one->in, &other->in) ||
	       lab_same_key(&one->out, &other->in) || lab_same_key(&one->in, &other->out);
}

static inline bool lab_are_mirrored(const struct seal_keys *one, const struct seal_keys *other)
{
	return !memcmp(&one->out, &other->in, sizeof(one->out)) && !memcmp(&one->in, &other->out, sizeof(one->in));
}

/* One nonce for all: a key is given to each end once, and is the same thing to both. */
static inline const char *lab_give(struct lab_end *end, const struct seal_keys *keys)
{
	if (lab_same_key(&keys->out, &keys->in) || keys->out.sender == keys->in.sender)
		return "both directions are sealed alike";
	for (unsigned int i = 0; i < LAB_KEYS; i++) {
		const struct lab_given *given = &lab_given[i];

		if (!given->end || !lab_shares_a_key(&given->keys, keys))
			continue;
		if (given->end == end)
			return "a key was given to an end twice";
		if (given->end != end->peer || !lab_are_mirrored(&given->keys, keys))
			return "two generations share a key";
	}
	lab_given[lab_given_at++ % LAB_KEYS] = (struct lab_given){ end, *keys };
	return NULL;
}

static inline const char *lab_add(struct lab_end *end, const struct session_association *association,
				  const struct seal_keys *keys)
{
	struct session_association *place = lab_letter(end, association->letter);

	if (!place || place->letter)
		return "an association was added under a letter that is taken, or is none";
	*place = *association;
	end->keys[place - end->heard] = *keys;
	memset(&end->path[place - end->heard], 0, sizeof(end->path[0]));
	if (association->carriage == MF_CARRIAGE_SEALED)
		return lab_give(end, keys);
	return sodium_is_zero((const __u8 *)keys, sizeof(*keys)) ? NULL : "keys for what is not sealed";
}

/* It is heard anew, under the keys of before, which count on. */
static inline const char *lab_change(struct lab_end *end, const struct session_association *association)
{
	struct session_association *place = lab_letter(end, association->letter), before = *association;
	struct lab_path *path;

	if (!place || !place->letter || association->letter != end->lead)
		return "an association was changed that is not there, or does not lead";
	before.local = place->local;
	if (memcmp(&before, place, sizeof(before)))
		return "more was changed than where this end is";
	if (association->carriage != MF_CARRIAGE_SEALED)
		return "this end has moved in what is not sealed";
	*place = *association;
	path = &end->path[place - end->heard];
	path->heard = false;
	memset(path->elsewhere, 0, sizeof(path->elsewhere));
	return NULL;
}

/* One action. NULL, or what is wrong with it. */
static inline const char *lab_do(struct lab_end *end, const struct session_action *action, const struct seal_keys *keys)
{
	struct session_association *place = lab_letter(end, action->letter);

	switch (action->kind) {
	case SESSION_SEND:
		end->send(end, action);
		return NULL;
	case SESSION_ADD:
		return lab_add(end, action->association, keys);
	case SESSION_CHANGE:
		return lab_change(end, action->association);
	case SESSION_LEAD:
		if (!place || !place->letter)
			return "packets are to go out in an association that is not there";
		end->lead = action->letter;
		return NULL;
	case SESSION_DELETE:
		if (!place || !place->letter)
			return "an association was deleted that is not there";
		memset(place, 0, sizeof(*place));
		if (end->lead == action->letter)
			end->lead = 0;
		return NULL;
	case SESSION_STANDS: end->stands++; return NULL;
	case SESSION_ENDED: end->ended++; end->reason = action->reason; return NULL;
	case SESSION_LOST: end->lost++; return NULL;
	case SESSION_INTRODUCED: end->introduced++; return NULL;
	}
	return "no such action";
}

static inline const char *lab_is_there(struct lab_end *end, const struct session_generation *generation)
{
	struct session_association *place = lab_letter(end, generation->association.letter);

	if (!generation->association.letter)
		return NULL;
	return place && !memcmp(place, &generation->association, sizeof(*place)) ? NULL :
	       "the engine has an association that the loader has not";
}

static inline const char *lab_check(struct lab_end *end)
{
	const struct session *session = &end->session;
	const struct session_generation *all[] = { &session->present, &session->coming, &session->going };
	unsigned int engine = 0, loader = 0;

	for (int i = 0; i < SESSION_GENERATIONS; i++) {
		const char *wrong = lab_is_there(end, all[i]);

		if (wrong)
			return wrong;
		engine += all[i]->association.letter != 0;
		loader += end->heard[i].letter != 0;
	}
	if (engine != loader)
		return "the loader has an association that the engine has not";
	if (session->present.association.letter != (lab_lead(end) ? end->lead : 0))
		return "the present association is not what packets go out in";
	return NULL;
}

static inline bool lab_may_be_refused(const struct session_action *action)
{
	return action->kind == SESSION_ADD || action->kind == SESSION_CHANGE;
}

/* All actions of a call; a refused ADD or CHANGE as the header has it. NULL, or what is wrong. */
static inline const char *lab_carry_out(struct lab_end *end, const struct session_actions *actions, __u64 now_ms)
{
	struct session_actions more;
	const char *wrong = NULL;

	if (actions->count == SESSION_ACTIONS)
		return "so many actions";
	for (unsigned int i = 0; !wrong && i < actions->count; i++) {
		if (lab_may_be_refused(&actions->action[i]) && end->refuse) {
			end->refuse--;
			if (actions->action[i].kind == SESSION_ADD &&
			    actions->action[i].association->carriage == MF_CARRIAGE_SEALED)
				wrong = lab_give(end, &actions->keys); /* nor does it come again */
			if (wrong)
				return wrong;
			session_failed(&end->session, now_ms, &more);
			return lab_carry_out(end, &more, now_ms);
		}
		wrong = lab_do(end, &actions->action[i], &actions->keys);
	}
	return wrong ? wrong : lab_check(end);
}

#endif
