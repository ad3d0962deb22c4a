// SPDX-License-Identifier: GPL-2.0-only
/* What serve's log says of sessions: a line when one begins, a line when it ends. What happens in between is for `sessions`. */
#include <stdio.h>
#include <unistd.h>

#include "ctl/format.h"
#include "ctl/serving.h"

static bool stands(const struct session *session)
{
	return session && (session->state == SESSION_UP || session->state == SESSION_RENEWING ||
			   session->state == SESSION_SILENT);
}

static void put_beginning(char words[static SERVING_LOG_WORDS], const struct sessions_peer *peer)
{
	const struct session_generation *present = &peer->session->present;
	char address[FORMAT_ADDRESS], prefix[FORMAT_PREFIX], rotation[FORMAT_AMOUNT];
	__u8 inner[16];

	sessions_inner_peer(peer, inner);
	snprintf(words, SERVING_LOG_WORDS, "%s: session %s: %s, hops in %s, every %s", peer->name,
		 present->deaf ? "of an earlier process goes on" : "begins", format_address(address, inner),
		 format_template(prefix, &present->association.remote),
		 format_period(rotation, present->association.rotation_ms));
}

bool serving_log_words(char words[static SERVING_LOG_WORDS], struct sessions_peer *peer)
{
	bool before = peer->stood, none = !peer->session || peer->session->state == SESSION_NONE;

	if (!before && stands(peer->session))
		put_beginning(words, peer);
	else if (before && none)
		snprintf(words, SERVING_LOG_WORDS, "%s: session ended: %s", peer->name, session_reason_name(peer->ended));
	else
		return false;
	peer->stood = !before;
	return true;
}

void serving_log(struct serving *serving, __u32 peer)
{
	char words[SERVING_LOG_WORDS];

	if (!serving_log_words(words, &serving->sessions.peer[peer]))
		return;
	say_over(STDOUT_FILENO);
	puts(words);
	fflush(stdout);
}
