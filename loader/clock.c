// SPDX-License-Identifier: GPL-2.0-only
/*
 * Clock engine. Linux slews CLOCK_REALTIME and CLOCK_MONOTONIC alike, so their difference moves only by
 * steps (settimeofday, leap seconds) and by suspending; that is what is followed here.
 */
#include "loader/clock.h"

#include <stdlib.h>
#include <time.h>

#define NS_PER_MS 1000000LL
#define NS_PER_S 1000000000LL

void mf_clock_adopt(struct mf_clock_engine *clock, const struct mf_clock_sample *sample, __s64 offset_ns)
{
	*clock = (struct mf_clock_engine){
		.offset_ns = offset_ns,
		.error_ns = sample->offset_ns - offset_ns,
		.monotonic_ns = sample->monotonic_ns,
		.suspended_ns = sample->suspended_ns,
		.state = MF_CLOCK_FOLLOWS,
	};
}

void mf_clock_start(struct mf_clock_engine *clock, const struct mf_clock_sample *sample)
{
	mf_clock_adopt(clock, sample, sample->offset_ns);
}

static void settle(struct mf_clock_engine *clock, __s64 offset_ns)
{
	clock->offset_ns = offset_ns;
	clock->step_since_ns = 0;
	clock->state = MF_CLOCK_FOLLOWS;
}

static void slew(struct mf_clock_engine *clock, __s64 error_ns, __s64 passed_ns)
{
	__s64 most = passed_ns * MF_CLOCK_SLEW_MS_PER_S / 1000;

	clock->step_since_ns = 0;
	clock->state = MF_CLOCK_SLEWS;
	if (most > llabs(error_ns))
		most = llabs(error_ns);
	clock->offset_ns += error_ns < 0 ? -most : most;
}

static void hold(struct mf_clock_engine *clock, const struct mf_clock_sample *sample)
{
	clock->state = MF_CLOCK_HOLDS;
	if (!clock->step_since_ns ||
	    llabs(sample->offset_ns - clock->step_ns) > MF_CLOCK_CONFIRM_WITHIN_MS * NS_PER_MS) {
		clock->step_ns = sample->offset_ns;
		clock->step_since_ns = sample->monotonic_ns;
	}
	if (sample->monotonic_ns - clock->step_since_ns >= MF_CLOCK_CONFIRM_MS * NS_PER_MS)
		settle(clock, sample->offset_ns);
}

/* Sleep stops the monotonic clock but not the world's: the kernel says by how much, and is believed. */
static void wake(struct mf_clock_engine *clock, const struct mf_clock_sample *sample)
{
	__s64 slept_ns = sample->suspended_ns - clock->suspended_ns;

	if (slept_ns > MF_CLOCK_AT_ONCE_MS * NS_PER_MS)
		clock->offset_ns += slept_ns;
	clock->suspended_ns = sample->suspended_ns;
}

int mf_clock_follow(struct mf_clock_engine *clock, const struct mf_clock_sample *sample)
{
	__s64 before_ns = clock->offset_ns, passed_ns = sample->monotonic_ns - clock->monotonic_ns, error_ns;

	wake(clock, sample);
	error_ns = sample->offset_ns - clock->offset_ns;
	if (llabs(error_ns) <= MF_CLOCK_AT_ONCE_MS * NS_PER_MS)
		settle(clock, sample->offset_ns);
	else if (llabs(error_ns) <= MF_CLOCK_SLEW_MAX_MS * NS_PER_MS)
		slew(clock, error_ns, passed_ns > 0 ? passed_ns : 0);
	else
		hold(clock, sample);
	clock->monotonic_ns = sample->monotonic_ns;
	clock->error_ns = sample->offset_ns - clock->offset_ns;
	return clock->offset_ns != before_ns;
}

__u64 mf_clock_now_ms(const struct mf_clock_engine *clock)
{
	return (clock->monotonic_ns + clock->offset_ns) / NS_PER_MS;
}

static __s64 clock_ns(clockid_t id)
{
	struct timespec time;

	clock_gettime(id, &time);
	return time.tv_sec * NS_PER_S + time.tv_nsec;
}

/*
 * Both coarse clocks move in the same instant, at the tick; a pair read between two equal readings of
 * one of them is exact.
 */
void mf_clock_read(struct mf_clock_sample *sample, __s64 ahead_ms)
{
	__s64 before_ns, real_ns;

	do {
		before_ns = clock_ns(CLOCK_MONOTONIC_COARSE);
		real_ns = clock_ns(CLOCK_REALTIME_COARSE);
		sample->monotonic_ns = clock_ns(CLOCK_MONOTONIC_COARSE);
	} while (before_ns != sample->monotonic_ns);
	sample->offset_ns = real_ns - sample->monotonic_ns + ahead_ms * NS_PER_MS;
	sample->suspended_ns = clock_ns(CLOCK_BOOTTIME) - clock_ns(CLOCK_MONOTONIC);
}
