// SPDX-License-Identifier: GPL-2.0-only
/* The nearest, counted by how far the questions to them have come; and which of them is asked next. */
#include "ctl/dht/survey.h"

#include "ctl/dht/operation.h"

/* Of the nearest that can be asked, by place; -1: none. */
struct choice {
	int nearest, slow;
	int living;  /* nearest that has answered find_node */
	int drawn;   /* by chance */
	__u32 drawn_of;
};

bool survey_takes_first(const struct operation *operation)
{
	return operation->request.kind == DHT_GET && !operation->request.read_all;
}

bool survey_reads_all(const struct operation *operation)
{
	return operation->request.kind == DHT_GET && operation->request.read_all;
}

unsigned int survey_width(const struct operation *operation, enum query_purpose purpose)
{
	return purpose == QUERY_GET && survey_reads_all(operation) ? NEAREST_OF_ALL : NEAREST;
}

static void consider(struct operation *operation, struct choice *choice, const struct candidate *candidate, int place)
{
	__u32 dice;

	operation->dht->settings.random(&dice, sizeof(dice));
	if (dice % ++choice->drawn_of == 0)
		choice->drawn = place;
	if (choice->nearest < 0)
		choice->nearest = place;
	if (choice->living < 0 && candidate->find == CANDIDATE_ANSWERED)
		choice->living = place;
}

/*
 * A reader who takes the first value asks those that he knows to be alive, which costs nobody's time; then any of the nearest,
 * which all hold it: who is nearest of all, and would show him something older, gains nothing by it.
 */
static int choose(const struct operation *operation, const struct survey *survey, const struct choice *choice,
		  enum query_purpose purpose)
{
	if (choice->nearest < 0)
		return survey->asked ? -1 : choice->slow;
	if (purpose != QUERY_GET || !survey_takes_first(operation))
		return choice->nearest;
	return choice->living >= 0 ? choice->living : choice->drawn;
}

static void count(struct survey *survey, const struct candidate *candidate, __u8 state)
{
	survey->fresh += state == CANDIDATE_NEW;
	survey->asked += state == CANDIDATE_ASKED;
	survey->answered += state == CANDIDATE_ANSWERED;
	survey->agreed += candidate->named >= 2;
}

struct survey survey_nearest(struct operation *operation, enum query_purpose purpose)
{
	unsigned int wanted = survey_width(operation, purpose);
	struct candidates *candidates = &operation->candidates;
	struct choice choice = { -1, -1, -1, -1, 0 };
	struct survey survey = { 0 };

	for (unsigned int rank = 0; rank < candidates->count; rank++) {
		const struct candidate *candidate = candidates_nearest(candidates, rank);
		__u8 state = purpose == QUERY_FIND ? candidate->find : candidate->get;

		if (candidate->find == CANDIDATE_FAILED || candidate->get == CANDIDATE_FAILED)
			continue;
		if ((candidate->late || candidate->slow) && state != CANDIDATE_ANSWERED) {
			survey.slow += !candidate->late && state == CANDIDATE_ASKED;
			if (!candidate->late && state == CANDIDATE_NEW && choice.slow < 0)
				choice.slow = candidates->order[rank];
			continue;
		}
		if (survey.fresh + survey.asked + survey.answered == wanted)
			continue;
		count(&survey, candidate, state);
		if (state == CANDIDATE_NEW)
			consider(operation, &choice, candidate, candidates->order[rank]);
	}
	survey.next = choose(operation, &survey, &choice, purpose);
	return survey;
}
