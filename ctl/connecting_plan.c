// SPDX-License-Identifier: GPL-2.0-only
/* States of a connection that this end makes, and how long it waits after failures. */
#include "ctl/connecting_plan.h"

static const __u64 never = ~0ULL;

/* Doubled with every failure, and a quarter more or less by chance, so that many do not come at once. */
static __u64 pause_ms(__u32 failures, __u64 most_ms, __u8 chance)
{
	__u64 ms = CONNECTING_WAIT_FIRST_MS;

	while (--failures && ms < most_ms)
		ms *= 2;
	if (ms > most_ms)
		ms = most_ms;
	return ms * 3 / 4 + ms * chance / 512;
}

static void wait_until(struct connecting_plan *plan, __u64 due_ms)
{
	plan->state = CONNECTING_WAITS;
	plan->due_ms = due_ms;
}

static void wait_more(struct connecting_plan *plan, __u64 now_ms, __u8 chance)
{
	__u64 most_ms = plan->known ? CONNECTING_KNOWN_MOST_MS : CONNECTING_WAIT_MOST_MS;

	plan->failures++;
	if (plan->keep || plan->failures < CONNECTING_TRIES)
		wait_until(plan, now_ms + pause_ms(plan->failures, most_ms, chance));
	else
		*plan = (struct connecting_plan){ .state = CONNECTING_RESTS, .failures = 0 };
}

void connecting_plan_begin(struct connecting_plan *plan, bool keep, __u64 now_ms)
{
	*plan = (struct connecting_plan){ .keep = keep };
	if (keep)
		wait_until(plan, now_ms);
}

void connecting_plan_begin_known(struct connecting_plan *plan, __u64 now_ms)
{
	connecting_plan_begin(plan, true, now_ms);
	plan->known = true;
}

void connecting_plan_want(struct connecting_plan *plan, __u64 now_ms)
{
	if (plan->state == CONNECTING_LOOKS || plan->state == CONNECTING_ASKS) {
		plan->wanted = true;
		return;
	}
	plan->failed = false;
	wait_until(plan, now_ms);
}

bool connecting_is_heard(__u32 period, __u32 period_s, __u64 unix_s)
{
	__u64 now = period_s ? unix_s - unix_s % period_s : 0;

	return period_s && period + (__u64)period_s >= now && period <= now + period_s;
}

enum connecting_step connecting_plan_next(struct connecting_plan *plan, bool may_look, __u64 now_ms, __u64 unix_s)
{
	if (plan->state != CONNECTING_WAITS || now_ms < plan->due_ms)
		return CONNECTING_NOTHING;
	if (plan->known || (!plan->failed && connecting_is_heard(plan->period, plan->period_s, unix_s))) {
		plan->state = CONNECTING_ASKS;
		return CONNECTING_ASK;
	}
	if (!may_look)
		return CONNECTING_NOTHING;
	plan->state = CONNECTING_LOOKS;
	return CONNECTING_LOOK;
}

__u64 connecting_plan_wake_ms(const struct connecting_plan *plan)
{
	return plan->state == CONNECTING_WAITS ? plan->due_ms : never;
}

void connecting_plan_found(struct connecting_plan *plan, __u32 period, __u32 period_s, __u64 now_ms)
{
	if (plan->state != CONNECTING_LOOKS)
		return;
	plan->period = period;
	plan->period_s = period_s;
	plan->failed = plan->wanted = false;
	wait_until(plan, now_ms);
}

void connecting_plan_not_found(struct connecting_plan *plan, __u64 now_ms, __u8 chance)
{
	if (plan->state != CONNECTING_LOOKS)
		return;
	plan->wanted = false;
	wait_more(plan, now_ms, chance);
}

void connecting_plan_stands(struct connecting_plan *plan, __u64 now_ms)
{
	plan->failures = 0;
	plan->failed = false;
	if (plan->state == CONNECTING_ASKS && plan->wanted)
		wait_until(plan, now_ms);
	else if (plan->state != CONNECTING_LOOKS)
		plan->state = CONNECTING_STANDS;
	plan->wanted = false;
}

/* One that stood is asked again at once by what is remembered; an offer that has got no answer is no good any more. */
void connecting_plan_lost(struct connecting_plan *plan, __u64 now_ms, __u8 chance)
{
	bool wanted = plan->wanted;

	if (plan->state == CONNECTING_STANDS || (plan->state == CONNECTING_ASKS && wanted)) {
		plan->wanted = false;
		wait_until(plan, now_ms);
	} else if (plan->state == CONNECTING_ASKS) {
		plan->failed = true;
		wait_more(plan, now_ms, chance);
	} else if (plan->state == CONNECTING_RESTS) { /* found in the loader, from an earlier process */
		wait_until(plan, now_ms);
	}
}

void connecting_plan_ended(struct connecting_plan *plan, __u64 now_ms, __u8 chance)
{
	if (plan->state == CONNECTING_LOOKS || plan->state == CONNECTING_WAITS)
		return;
	plan->wanted = false;
	if (!plan->keep) {
		plan->state = CONNECTING_RESTS;
		return;
	}
	wait_more(plan, now_ms, chance);
	if (plan->due_ms < now_ms + CONNECTING_ENDED_MS)
		plan->due_ms = now_ms + CONNECTING_ENDED_MS;
}

const char *connecting_state_name(enum connecting_state state)
{
	switch (state) {
	case CONNECTING_RESTS: return "rests";
	case CONNECTING_WAITS: return "waits";
	case CONNECTING_LOOKS: return "looks";
	case CONNECTING_ASKS: return "asks";
	case CONNECTING_STANDS: return "stands";
	}
	return "unknown";
}
