// SPDX-License-Identifier: GPL-2.0-only
/* Scores that leak, and levels that follow them with hysteresis. */
#include "ctl/level.h"

#include <stdio.h>
#include <string.h>

#include "ctl/format.h"
#include "ctl/rendezvous.h"

static const struct {
	__u32 rises, falls; /* points */
	__u32 least_ms;     /* that it lasts, before it falls */
} steps[LEVELS] = {
	[LEVEL_WATCHED] = { LEVEL_WATCHED_RISES, LEVEL_WATCHED_FALLS, LEVEL_WATCHED_MS },
	[LEVEL_ATTACKED] = { LEVEL_ATTACKED_RISES, LEVEL_ATTACKED_FALLS, LEVEL_ATTACKED_MS },
};

/* --- one score ----------------------------------------------------------------------- */

static void begin_score(struct level_score *score, __u32 association, __u64 now_ms)
{
	*score = (struct level_score){ .association = association, .level = LEVEL_CALM, .at_ms = now_ms,
				       .since_ms = now_ms };
}

/* What is less than a thousandth is left for the next time. */
static void leak(struct level_score *score, __u64 now_ms)
{
	__u64 lost = now_ms > score->at_ms ? (now_ms - score->at_ms) / LEVEL_LEAK_MS : 0;

	if (now_ms < score->at_ms || lost >= score->points) {
		score->points = lost >= score->points ? 0 : score->points;
		score->at_ms = now_ms;
	} else {
		score->points -= (__u32)lost;
		score->at_ms += lost * LEVEL_LEAK_MS;
	}
	if (!score->points)
		score->hits = 0;
}

static void add(struct level_score *score, __u32 hits, __u32 weight, __u32 cap)
{
	__u64 points = score->points + (__u64)hits * weight;

	score->points = points < cap ? (__u32)points : cap;
	score->hits = score->hits + hits < hits ? ~0U : score->hits + hits;
}

/* Up as far as the points say, down one step at a time. */
static bool judge(struct level_score *score, __u32 points, __u64 now_ms)
{
	__u32 level = score->level;

	if (score->since_ms > now_ms)
		score->since_ms = now_ms;
	while (level < LEVEL_ATTACKED && points >= steps[level + 1].rises)
		level++;
	if (level == score->level && points < steps[level].falls && now_ms - score->since_ms >= steps[level].least_ms)
		level--;
	if (level == score->level)
		return false;
	score->level = level;
	score->since_ms = now_ms;
	return true;
}

/* --- all of them --------------------------------------------------------------------- */

static struct level_score *find(const struct levels *levels, __u32 association)
{
	for (unsigned int i = 0; i < levels->count; i++)
		if (levels->score[i].association == association)
			return (struct level_score *)&levels->score[i];
	return NULL;
}

static void drop(struct levels *levels, struct level_score *score)
{
	*score = levels->score[--levels->count];
}

static bool is_less(const struct level_score *one, const struct level_score *other)
{
	if (one->level != other->level)
		return one->level < other->level;
	return one->points != other->points ? one->points < other->points : one->at_ms < other->at_ms;
}

static void drop_least(struct levels *levels)
{
	struct level_score *least = &levels->score[0];

	for (unsigned int i = 1; i < levels->count; i++)
		if (is_less(&levels->score[i], least))
			least = &levels->score[i];
	drop(levels, least);
}

static struct level_score *find_or_begin(struct levels *levels, __u32 association, __u64 now_ms)
{
	struct level_score *score = find(levels, association);

	if (score)
		return score;
	if (levels->count == LEVEL_ASSOCIATIONS)
		drop_least(levels);
	score = &levels->score[levels->count++];
	begin_score(score, association, now_ms);
	return score;
}

static __u32 sum(const struct levels *levels)
{
	__u32 points = levels->random.points;

	for (unsigned int i = 0; i < levels->count; i++)
		points += levels->score[i].points < LEVEL_SHARE_CAP ? levels->score[i].points : LEVEL_SHARE_CAP;
	return points;
}

/* Who has neither points nor a level is kept no longer. */
static bool judge_all(struct levels *levels, __u64 now_ms)
{
	bool changed = false;

	for (unsigned int i = levels->count; i-- > 0;) {
		struct level_score *score = &levels->score[i];

		changed |= judge(score, score->points, now_ms);
		if (!score->points && score->level == LEVEL_CALM)
			drop(levels, score);
	}
	changed |= judge(&levels->random, sum(levels), now_ms);
	return changed && levels->manual == LEVEL_AUTO;
}

static void leak_all(struct levels *levels, __u64 now_ms)
{
	leak(&levels->random, now_ms);
	for (unsigned int i = 0; i < levels->count; i++)
		leak(&levels->score[i], now_ms);
}

void level_init(struct levels *levels, enum level manual, __u64 now_ms)
{
	memset(levels, 0, sizeof(*levels));
	levels->manual = manual;
	levels->manual_ms = now_ms;
	begin_score(&levels->random, LEVEL_NO_ASSOCIATION, now_ms);
}

bool level_set_manual(struct levels *levels, enum level manual, __u64 now_ms)
{
	if (manual == levels->manual)
		return false;
	levels->manual = manual;
	levels->manual_ms = now_ms;
	return true;
}

bool level_tick(struct levels *levels, __u64 now_ms)
{
	leak_all(levels, now_ms);
	return judge_all(levels, now_ms);
}

bool level_take(struct levels *levels, const struct mf_event *event, __u64 now_ms)
{
	__u64 random = event->suppressed < LEVEL_SUPPRESSED_MOST ? event->suppressed : LEVEL_SUPPRESSED_MOST;

	if (event->kind != MF_EVENT_PROBE_RANDOM && event->kind != MF_EVENT_PROBE_EXPIRED)
		return false;
	leak_all(levels, now_ms);
	if (event->kind == MF_EVENT_PROBE_RANDOM)
		random++;
	else
		add(find_or_begin(levels, event->association, now_ms), 1, LEVEL_EXPIRED, LEVEL_ASSOCIATION_CAP);
	add(&levels->random, (__u32)random, LEVEL_RANDOM, LEVEL_RANDOM_CAP);
	return judge_all(levels, now_ms);
}

void level_forget(struct levels *levels, __u32 association)
{
	struct level_score *score = find(levels, association);

	if (score)
		drop(levels, score);
}

void level_move(struct levels *levels, __u32 association, __u32 successor)
{
	struct level_score *score;

	if (association == successor || !find(levels, association))
		return;
	level_forget(levels, successor);
	score = find(levels, association);
	score->association = successor;
}

/* --- what follows -------------------------------------------------------------------- */

enum level level_of_node(const struct levels *levels)
{
	return levels->manual != LEVEL_AUTO ? levels->manual : levels->random.level;
}

/* Of none: nobody's, though hits that belong to none have a score together. */
static const struct level_score *score_of(const struct levels *levels, __u32 association)
{
	return association == (__u32)LEVEL_NO_ASSOCIATION ? NULL : find(levels, association);
}

static enum level least_of(const struct levels *levels)
{
	return levels->random.level == LEVEL_ATTACKED ? LEVEL_WATCHED : LEVEL_CALM;
}

enum level level_of(const struct levels *levels, __u32 association)
{
	const struct level_score *score = score_of(levels, association);
	enum level least = least_of(levels);

	if (levels->manual != LEVEL_AUTO)
		return levels->manual;
	return score && score->level > least ? score->level : least;
}

bool level_is_own(const struct levels *levels, __u32 association)
{
	const struct level_score *score = score_of(levels, association);

	return levels->manual == LEVEL_AUTO && score && score->level > least_of(levels);
}

__u64 level_since_ms(const struct levels *levels)
{
	return levels->manual != LEVEL_AUTO ? levels->manual_ms : levels->random.since_ms;
}

__u32 level_rotation_ms(enum level level, __u32 configured_ms)
{
	__u32 floor_ms = configured_ms < LEVEL_ROTATION_FLOOR_MS ? configured_ms : LEVEL_ROTATION_FLOOR_MS;
	__u32 rotation_ms = level > LEVEL_CALM ? configured_ms >> (level - LEVEL_CALM) : configured_ms;

	return rotation_ms > floor_ms ? rotation_ms : floor_ms;
}

__u32 level_period_s(enum level level, __u32 configured_s)
{
	return rendezvous_ladder(configured_s, level > LEVEL_CALM ? level - LEVEL_CALM : 0);
}

/* --- words --------------------------------------------------------------------------- */

const char *level_name(enum level level)
{
	static const char *const names[LEVELS] = {
		[LEVEL_AUTO] = "auto", [LEVEL_CALM] = "calm", [LEVEL_WATCHED] = "watched",
		[LEVEL_ATTACKED] = "attacked",
	};

	return (unsigned int)level < LEVELS ? names[level] : "unknown";
}

static void append(char words[static LEVEL_WORDS], const char *before, __u64 count, const char *what, const char *more)
{
	size_t used = strlen(words);
	char number[FORMAT_AMOUNT];

	snprintf(words + used, LEVEL_WORDS - used, "%s%s %s%s", before, format_count(number, count), what,
		 count == 1 ? "" : more);
}

static void begin_words(char words[static LEVEL_WORDS], enum level level, __u64 since_ms, __u64 now_ms)
{
	char span[FORMAT_AMOUNT];

	if (now_ms < since_ms + 1000)
		snprintf(words, LEVEL_WORDS, "%s", level_name(level));
	else
		snprintf(words, LEVEL_WORDS, "%s for %s", level_name(level), format_span(span, now_ms - since_ms));
}

static void append_text(char words[static LEVEL_WORDS], const char *text)
{
	size_t used = strlen(words);

	snprintf(words + used, LEVEL_WORDS - used, "%s", text);
}

static const char by_hand[] = ", by Level in the configuration", nothing_new[] = ": nothing of late, it goes by itself";

char *level_why(char words[static LEVEL_WORDS], const struct levels *levels, __u64 now_ms)
{
	__u64 hits = 0;

	begin_words(words, level_of_node(levels), level_since_ms(levels), now_ms);
	if (levels->manual != LEVEL_AUTO) {
		append_text(words, by_hand);
		return words;
	}
	for (unsigned int i = 0; i < levels->count; i++)
		hits += levels->score[i].hits;
	if (levels->random.hits)
		append(words, ": ", levels->random.hits, "random probe", "s");
	if (hits) {
		append(words, levels->random.hits ? ", " : ": ", hits, "hit", "s");
		append(words, " on expired addresses of ", levels->count, "association", "s");
	}
	if (!levels->random.hits && !hits && levels->random.level != LEVEL_CALM)
		append_text(words, nothing_new);
	return words;
}

char *level_why_association(char words[static LEVEL_WORDS], const struct levels *levels, __u32 association,
			    __u64 now_ms)
{
	const struct level_score *score = score_of(levels, association);
	enum level level = level_of(levels, association);
	bool own = score && score->level == level;

	begin_words(words, level, own ? score->since_ms : level_since_ms(levels), now_ms);
	if (levels->manual != LEVEL_AUTO)
		append_text(words, by_hand);
	else if (!own && level != LEVEL_CALM)
		append_text(words, ": the node is attacked");
	else if (own && score->hits)
		append(words, ", its expired addresses hit: ", score->hits, "time", "s");
	else if (own)
		append_text(words, nothing_new);
	return words;
}
