// SPDX-License-Identifier: GPL-2.0-only
/* Three lookups, one answer. */
#include "ctl/meeting.h"

#include <sodium.h>
#include <string.h>

void meeting_note_dead(struct meeting_dead *dead, const __u8 key[static MEETING_KEY_BYTES])
{
	if (meeting_is_dead(dead, key))
		return;
	memcpy(dead->key[dead->next++ % MEETING_DEAD], key, MEETING_KEY_BYTES);
}

/* No offer has a K of zero. */
bool meeting_is_dead(const struct meeting_dead *dead, const __u8 key[static MEETING_KEY_BYTES])
{
	bool is = false;

	for (int i = 0; dead && i < MEETING_DEAD; i++)
		is |= !sodium_memcmp(dead->key[i], key, MEETING_KEY_BYTES);
	return is;
}

bool meeting_knows_dead(const struct meeting_dead *dead)
{
	return dead && dead->next;
}

static void begin_step(struct meeting *meeting, __u64 unix_s)
{
	__u32 period_s = rendezvous_ladder(meeting->configured_s, meeting->step);
	__u32 period = rendezvous_period(unix_s, period_s);

	memset(meeting->lookup, 0, sizeof(meeting->lookup));
	meeting->period_s = period_s;
	meeting->two_stage = false;
	meeting->lookup[0].period = period;
	meeting->lookup[1].period = period - period_s;
	meeting->lookup[2].period = period + period_s;
}

void meeting_begin(struct meeting *meeting, __u64 unix_s, __u32 period_s)
{
	memset(meeting, 0, sizeof(*meeting));
	meeting->configured_s = period_s;
	meeting->earlier.outcome = STORE_CANCELLED;
	begin_step(meeting, unix_s);
}

bool meeting_take(struct meeting_lookup *lookup, const struct rendezvous_offer *offer, const struct meeting_dead *dead)
{
	bool is_dead = meeting_is_dead(dead, offer->key);

	if (lookup->opened && (is_dead || !lookup->dead))
		return !lookup->dead;
	lookup->offer = *offer;
	lookup->opened = true;
	lookup->dead = is_dead;
	return !is_dead;
}

static void keep_spare(struct meeting *meeting)
{
	struct meeting_spare *spare = &meeting->spare;

	if (!meeting_best(meeting) || spare->period_s)
		return;
	spare->step = meeting->step;
	spare->period_s = meeting->period_s;
	spare->two_stage = meeting->two_stage;
	memcpy(spare->lookup, meeting->lookup, sizeof(spare->lookup));
}

static void take_spare(struct meeting *meeting)
{
	const struct meeting_spare *spare = &meeting->spare;

	if (meeting_best(meeting) || !spare->period_s)
		return;
	meeting->step = spare->step;
	meeting->period_s = spare->period_s;
	meeting->two_stage = spare->two_stage;
	memcpy(meeting->lookup, spare->lookup, sizeof(meeting->lookup));
}

static bool has_next_step(const struct meeting *meeting)
{
	return meeting->step + 1 < RENDEZVOUS_LADDER &&
	       rendezvous_ladder(meeting->configured_s, meeting->step + 1) != meeting->period_s;
}

bool meeting_step(struct meeting *meeting, __u64 unix_s)
{
	struct store_result sum;

	meeting_sum(meeting, &sum);
	if (meeting_best(meeting) && meeting_looks_on(meeting))
		sum.outcome = STORE_NOTHING;
	if ((sum.outcome != STORE_NOTHING && sum.outcome != STORE_FOREIGN) || !has_next_step(meeting)) {
		take_spare(meeting);
		return false;
	}
	keep_spare(meeting);
	meeting->earlier = sum;
	meeting->step++;
	begin_step(meeting, unix_s);
	return true;
}

/* That of now first: a server that was started anew has published it, when the next one's still is what it was before. */
const struct meeting_lookup *meeting_best(const struct meeting *meeting)
{
	static const int order[MEETING_PERIODS] = { 0, 2, 1 };

	for (int dead = 0; dead < 2; dead++)
		for (int i = 0; i < MEETING_PERIODS; i++) {
			const struct meeting_lookup *lookup = &meeting->lookup[order[i]];

			if (lookup->opened && lookup->dead == dead)
				return lookup;
		}
	return NULL;
}

bool meeting_looks_on(const struct meeting *meeting)
{
	const struct meeting_lookup *best = meeting_best(meeting);

	return !best || best->dead;
}

bool meeting_is_over(const struct meeting *meeting)
{
	for (int i = 0; i < MEETING_PERIODS; i++)
		if (!meeting->lookup[i].ended)
			return false;
	return true;
}

/* What tells a person more comes first: that something is there, that somebody answered. */
static int weight(enum store_outcome outcome)
{
	static const enum store_outcome order[] = {
		STORE_CANCELLED, STORE_NO_BOOTSTRAP, STORE_NO_ANSWER, STORE_FAILED, STORE_REFUSED, STORE_NOTHING,
		STORE_FOREIGN, STORE_DONE,
	};
	int i = 0;

	while (order[i] != outcome)
		i++;
	return i;
}

void meeting_sum(const struct meeting *meeting, struct store_result *sum)
{
	__u32 took_ms = 0;

	*sum = meeting->earlier;
	for (int i = 0; i < MEETING_PERIODS; i++) {
		const struct store_result *one = &meeting->lookup[i].result;
		enum store_outcome outcome = meeting->lookup[i].ended ? one->outcome : STORE_CANCELLED;

		if (weight(outcome) >= weight(sum->outcome)) {
			sum->outcome = outcome;
			memcpy(sum->why, one->why, sizeof(sum->why));
		}
		sum->holders += one->holders;
		sum->nodes += one->nodes;
		sum->silent += one->silent;
		sum->sent += one->sent;
		sum->received += one->received;
		if (one->took_ms > took_ms)
			took_ms = one->took_ms;
	}
	sum->took_ms += took_ms;
}

char *meeting_why(char words[static MEETING_WORDS], const struct meeting *meeting)
{
	struct store_result sum;
	char nodes[32] = "";

	meeting_sum(meeting, &sum);
	switch (sum.outcome) {
	case STORE_NO_BOOTSTRAP:
		snprintf(words, MEETING_WORDS, "no bootstrap node: none of the names in Bootstrap gives an address, and "
			 "no node is remembered; look at the DNS, or name a node by its address");
		break;
	case STORE_NO_ANSWER:
		snprintf(words, MEETING_WORDS, "no answer: %u nodes were asked and all are silent; is UDP let out, and "
			 "are the Bootstrap nodes alive?", sum.silent);
		break;
	case STORE_NOTHING:
		if (sum.nodes) /* of a DHT */
			snprintf(nodes, sizeof(nodes), " (%u answer%s of nodes)", sum.nodes, sum.nodes == 1 ? "" : "s");
		snprintf(words, MEETING_WORDS, "nothing stored for us%s: does the server run, is this "
			 "node's public key registered there, is Period the same (%us here), and are both clocks right?",
			 nodes, meeting->configured_s);
		break;
	case STORE_FOREIGN:
		snprintf(words, MEETING_WORDS, "wrong key: a value stands there that does not open; is the PublicKey of "
			 "this peer the server's, and this node's key the one that is registered there?");
		break;
	default:
		snprintf(words, MEETING_WORDS, "%s%s%s", store_outcome_name(sum.outcome), *sum.why ? ": " : "", sum.why);
	}
	return words;
}

const char *meeting_clock(const struct meeting *meeting)
{
	if (meeting->lookup[0].opened || !meeting_best(meeting))
		return NULL;
	if (meeting->lookup[2].opened)
		return "clock apart: found for the next period only, so this clock is behind the server's";
	return "clock apart: found for the last period only, so this clock is ahead of the server's, or the server has "
	       "stopped";
}
