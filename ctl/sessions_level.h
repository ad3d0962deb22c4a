/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Levels of sessions: whose score is whose, while associations follow each other. The policy is ctl/level.h's; what
 * follows from a level is the owner's matter.
 */
#ifndef MAYFLY_CTL_SESSIONS_LEVEL_H
#define MAYFLY_CTL_SESSIONS_LEVEL_H

#include "ctl/level.h"
#include "ctl/sessions.h"

/* From the owner's `changed`: another association inherits the score, an end forgets it. */
void sessions_level_follow(struct sessions *sessions, struct levels *levels, __u32 peer);

/*
 * level_take(), where hits on one session's generations have one score: else whoever replays against a single one, which goes
 * on to new keys again and again, would seem to have watched many.
 */
bool sessions_level_hear(const struct sessions *sessions, struct levels *levels, const struct mf_event *event, __u64 now_ms);

enum level sessions_level_of(const struct sessions *sessions, const struct levels *levels, __u32 peer);

/* Its level is taken note of. true: it is another one than at the last time. */
bool sessions_level_take(struct sessions *sessions, const struct levels *levels, __u32 peer);

/* It has a score of its own that has risen above what was last taken: whom strangers look for cannot wait for its turn. */
bool sessions_level_is_urgent(const struct sessions *sessions, const struct levels *levels, __u32 peer);

/* For sessions_tell; `why` is overwritten by the next call. */
void sessions_level_words(const struct sessions *sessions, const struct levels *levels, __u32 peer, __u64 now_ms,
			  const char **level, const char **why);

#endif
