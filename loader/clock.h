/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The programs' clock follows the system's, but not everywhere at once: whoever can set the system clock
 * must not be able to throw every association out of its slot. Pure: samples in, offset out.
 */
#ifndef MAYFLY_LOADER_CLOCK_H
#define MAYFLY_LOADER_CLOCK_H

#include "loader/control.h"

enum {
	MF_CLOCK_AT_ONCE_MS = 20,       /* differences up to this are taken over at once */
	MF_CLOCK_SLEW_MAX_MS = 1000,    /* up to this by slewing */
	MF_CLOCK_SLEW_MS_PER_S = 50,
	MF_CLOCK_CONFIRM_MS = 10000,    /* larger ones when they have stood this long */
	MF_CLOCK_CONFIRM_WITHIN_MS = 1000, /* samples of one step differ by no more */
};

/* One look at the kernel's clocks; all in nanoseconds. */
struct mf_clock_sample {
	__s64 monotonic_ns; /* CLOCK_MONOTONIC_COARSE */
	__s64 offset_ns;    /* CLOCK_REALTIME_COARSE minus that */
	__s64 suspended_ns; /* CLOCK_BOOTTIME minus CLOCK_MONOTONIC: time spent asleep */
};

struct mf_clock_engine {
	__s64 offset_ns;       /* the programs': Unix time minus CLOCK_MONOTONIC_COARSE */
	__s64 error_ns;        /* system clock minus the programs' clock */
	__s64 monotonic_ns;    /* of the last sample */
	__s64 suspended_ns;
	__s64 step_ns;         /* offset of a large step under observation */
	__s64 step_since_ns;   /* since when; 0: none */
	enum mf_clock_state state;
};

/* Starts at the sample's own offset. */
void mf_clock_start(struct mf_clock_engine *clock, const struct mf_clock_sample *sample);

/* Starts at an offset that programs use already. */
void mf_clock_adopt(struct mf_clock_engine *clock, const struct mf_clock_sample *sample, __s64 offset_ns);

/* Takes a sample in. 1: the offset has changed. */
int mf_clock_follow(struct mf_clock_engine *clock, const struct mf_clock_sample *sample);

/* Unix time in milliseconds by the programs' clock, at the last sample. */
__u64 mf_clock_now_ms(const struct mf_clock_engine *clock);

/* Samples the kernel's clocks; `ahead_ms` is added to the system clock. The only impure function here. */
void mf_clock_read(struct mf_clock_sample *sample, __s64 ahead_ms);

#endif
