// SPDX-License-Identifier: GPL-2.0-only
/* What show and watch say of associations that are sessions': whose, and how the session stands. */
#include <string.h>

#include "ctl/sessions_ask.h"
#include "ctl/show.h"

const char *show_role(const struct mf_assoc_config *config)
{
	return config->shares ? "session" : format_role(config->flags);
}

void show_session_peer(char name[static MF_NAME_BYTES], const struct snapshot *snapshot,
		       const struct mf_assoc_status *status)
{
	const struct sessions_line *line = show_session(snapshot, status);
	const char *own = status->config.name, *mark = memchr(own, '@', MF_NAME_BYTES);

	if (line)
		snprintf(name, MF_NAME_BYTES, "%s", line->peer);
	else
		snprintf(name, MF_NAME_BYTES, "%.*s", mark ? (int)(mark - own) : MF_NAME_BYTES - 1, own);
}

bool show_is_named(const struct snapshot *snapshot, const struct mf_assoc_status *status, const char *name)
{
	char peer[MF_NAME_BYTES];

	if (!strncmp(status->config.name, name, MF_NAME_BYTES))
		return true;
	if (!status->config.shares)
		return false;
	show_session_peer(peer, snapshot, status);
	return !strcmp(peer, name);
}

bool show_has(const struct snapshot *snapshot, const char *name)
{
	for (size_t i = 0; i < snapshot->count; i++)
		if (show_is_named(snapshot, &snapshot->associations[i], name))
			return true;
	return false;
}

const struct sessions_line *show_session(const struct snapshot *snapshot, const struct mf_assoc_status *status)
{
	if (!snapshot->sessions || !status->config.shares)
		return NULL;
	return sessions_told_find(snapshot->sessions, status->config.name);
}

const char *show_generation(const struct snapshot *snapshot, const struct mf_assoc_status *status)
{
	const struct sessions_line *line = show_session(snapshot, status);

	return line ? sessions_line_generation(line, status->config.name) : NULL;
}

static const char *why_unknown(const struct sessions_told *told)
{
	bool kept = false;

	for (int i = 0; told && i < SESSIONS_KEEPERS; i++) {
		if (told->error[i])
			return "unknown: what keeps the sessions does not answer";
		kept |= told->kept[i];
	}
	return kept ? "unknown: nobody keeps this session any more" : "unknown: nobody keeps sessions (serve, up)";
}

char *show_session_state(char text[static SHOW_STATE], const struct snapshot *snapshot,
			 const struct mf_assoc_status *status)
{
	const struct sessions_line *line = show_session(snapshot, status);
	char age[FORMAT_AMOUNT];

	if (!line)
		snprintf(text, SHOW_STATE, "%s", why_unknown(snapshot->sessions));
	else if (line->handshake_age_ms == SESSIONS_UNKNOWN)
		snprintf(text, SHOW_STATE, "%s", line->state);
	else
		snprintf(text, SHOW_STATE, "%s, handshake %s ago", line->state,
			 format_span(age, line->handshake_age_ms));
	return text;
}

void show_ask_sessions(struct snapshot *snapshot, struct sessions_told *told, size_t most, __u32 patience_ms)
{
	*told = (struct sessions_told){ 0 };
	for (size_t i = 0; i < snapshot->count; i++) {
		if (!snapshot->associations[i].config.shares)
			continue;
		sessions_told_take(told, snapshot->socket, most, patience_ms);
		snapshot->sessions = told;
		return;
	}
}
