// SPDX-License-Identifier: GPL-2.0-only
/* Scores of sessions, that go along from one association to the next, and end with it. */
#include "ctl/sessions_level.h"

void sessions_level_follow(struct sessions *sessions, struct levels *levels, __u32 number)
{
	struct sessions_peer *peer = &sessions->peer[number];

	if (peer->scored == peer->association)
		return;
	if (peer->scored == (__u32)SESSIONS_NO_ASSOCIATION)
		level_forget(levels, peer->association); /* an introduction's perhaps, which had this id before */
	else if (peer->association == (__u32)SESSIONS_NO_ASSOCIATION)
		level_forget(levels, peer->scored);
	else
		level_move(levels, peer->scored, peer->association);
	peer->scored = peer->association;
}

bool sessions_level_hear(const struct sessions *sessions, struct levels *levels, const struct mf_event *event, __u64 now_ms)
{
	int number = sessions_find_association(sessions, event->association);
	struct mf_event of_session = *event;

	if (number >= 0 && sessions->peer[number].scored != (__u32)SESSIONS_NO_ASSOCIATION)
		of_session.association = sessions->peer[number].scored;
	return level_take(levels, &of_session, now_ms);
}

enum level sessions_level_of(const struct sessions *sessions, const struct levels *levels, __u32 number)
{
	return level_of(levels, sessions->peer[number].scored);
}

bool sessions_level_take(struct sessions *sessions, const struct levels *levels, __u32 number)
{
	struct sessions_peer *peer = &sessions->peer[number];
	enum level level = sessions_level_of(sessions, levels, number);
	bool another = peer->level && peer->level != level;

	peer->level = (__u8)level;
	return another;
}

bool sessions_level_is_urgent(const struct sessions *sessions, const struct levels *levels, __u32 number)
{
	const struct sessions_peer *peer = &sessions->peer[number];

	return level_is_own(levels, peer->scored) && sessions_level_of(sessions, levels, number) > peer->level;
}

void sessions_level_words(const struct sessions *sessions, const struct levels *levels, __u32 number, __u64 now_ms,
			  const char **level, const char **why)
{
	static char words[LEVEL_WORDS];

	*level = level_name(sessions_level_of(sessions, levels, number));
	*why = level_why_association(words, levels, sessions->peer[number].scored, now_ms);
}
