// SPDX-License-Identifier: GPL-2.0-only
/* doctor on sessions: whether somebody keeps them, which are silent, which have been asked for in vain for long. */
#include <stdio.h>
#include <string.h>

#include "ctl/connecting.h"
#include "ctl/doctor.h"
#include "ctl/sessions_ask.h"
#include "ctl/sessions_unkept.h"

enum {
	NAMED = 8,
	LONG_MS = 30000, /* without a session that is wanted: more than all tries and another lookup take */
};

/* There may be one any moment; a client that asks for none is not spoken of. */
static bool is_asked_for(const struct sessions_line *line)
{
	return !strcmp(line->state, "asking") || !strcmp(line->state, "confirming");
}

/* One that is renewed is heard of at once, or it is asked for again and again and nobody is there. */
static bool is_silent(const struct sessions_line *line)
{
	bool renewing = !strcmp(line->state, "renewing") && line->idle_ms != SESSIONS_UNKNOWN && line->idle_ms >= LONG_MS;

	return renewing || !strcmp(line->state, "silent");
}

static bool is_asked_in_vain(const struct sessions_line *line)
{
	return !sessions_line_stands(line) && line->state_age_ms != SESSIONS_UNKNOWN && line->state_age_ms >= LONG_MS;
}

static void say_silent(struct doctor *doctor, const struct sessions_line *line)
{
	char span[FORMAT_AMOUNT];

	if (line->idle_ms == SESSIONS_UNKNOWN)
		doctor_say(doctor, DOCTOR_WARN, "is the peer up, and can it be reached over IPv6?",
			   "the session with %s is silent", line->peer);
	else
		doctor_say(doctor, DOCTOR_WARN, "is the peer up, and can it be reached over IPv6? a session that "
			   "this end keeps is begun again by itself",
			   "the session with %s is silent: nothing was heard for %s", line->peer, format_span(span, line->idle_ms));
}

static const char *remedy_in_vain(const struct config *config, const char *peer)
{
	static const char met[] = "does its mayflyctl serve run, with this node's public key among its clients? mayflyctl meet FILE PEER "
		"--print says whether its introduction is found";
	static const char fixed[] = "is it up there, with Carriage = sealed, the same KeyFile and Rotation, and LocalSeed and RemoteSeed "
		"the other way round? does a firewall let UDP pass?";

	for (size_t i = 0; config && i < config->meet_count; i++)
		if (!strncmp(config->meets[i].name, peer, MF_NAME_BYTES))
			return config->meets[i].is_static ? fixed : met;
	return "does its mayflyctl serve run, with this node's public key among its clients? (of a static peer: is it up there, with "
	       "the same KeyFile and Carriage = sealed?)";
}

static void say_in_vain(struct doctor *doctor, const struct sessions_line *line)
{
	char span[FORMAT_AMOUNT];

	doctor_say(doctor, DOCTOR_WARN, remedy_in_vain(doctor->config, line->peer),
		   "there has been no session with %s for %s, it is %s", line->peer, format_span(span, line->state_age_ms),
		   strcmp(line->state, "none") ? "asked for in vain" : "looked for");
}

static void check_lines(struct doctor *doctor, const struct sessions_told *told)
{
	size_t wrong = 0, standing = 0, asked = 0;

	for (size_t i = 0; i < told->count; i++) {
		const struct sessions_line *line = &told->line[i];

		if (!is_silent(line) && !is_asked_in_vain(line)) {
			standing += sessions_line_stands(line);
			asked += is_asked_for(line);
			continue;
		}
		if (wrong++ < NAMED)
			is_silent(line) ? say_silent(doctor, line) : say_in_vain(doctor, line);
	}
	if (wrong > NAMED)
		doctor_say(doctor, DOCTOR_WARN, "mayflyctl sessions lists them",
			   "%zu more session%s silent or asked for in vain", wrong - NAMED, wrong - NAMED == 1 ? " is" : "s are");
	if (asked)
		doctor_say(doctor, DOCTOR_WARN, "look again in half a minute", "%zu session%s asked for, and not there yet", asked,
			   asked == 1 ? " is" : "s are");
	if (standing)
		doctor_say(doctor, DOCTOR_OK, NULL, "%zu session%s", standing, standing == 1 ? " stands" : "s stand");
}

static bool check_keepers(struct doctor *doctor, const struct sessions_told *told)
{
	bool kept = false;
	char why[SAY_BYTES], remedy[96];

	for (enum sessions_keeper keeper = 0; keeper < SESSIONS_KEEPERS; keeper++) {
		kept |= told->kept[keeper];
		if (!told->error[keeper])
			continue;
		sessions_ask_why(told->error[keeper], doctor->state->socket, keeper, why);
		snprintf(remedy, sizeof(remedy), "systemctl restart mayfly%s@%s", keeper == SESSIONS_SERVE ? "-serve" : "",
			 doctor->nic);
		doctor_say(doctor, DOCTOR_FAIL, remedy, "%s", why);
	}
	return kept;
}

/* Peers of the file with whom this end begins sessions, and nobody does. */
static void check_wanted(struct doctor *doctor)
{
	const struct config *config = doctor->config;
	char remedy[CONFIG_PATH_BYTES + 64];
	size_t count = 0;

	for (size_t i = 0; config && i < config->meet_count; i++)
		count += connecting_wants(&config->meets[i], true);
	if (!count)
		return;
	snprintf(remedy, sizeof(remedy), "mayflyctl up %s, or serve it", config->file);
	doctor_say(doctor, DOCTOR_WARN, remedy, "nobody keeps sessions, and %s has %zu peer%s to have one with", config->file, count,
		   format_plural(count));
}

void doctor_check_sessions(struct doctor *doctor)
{
	struct sessions_told told;
	char why[SAY_BYTES];

	if (!doctor->state || !doctor->state->node.attached || !*doctor->state->socket)
		return;
	sessions_told_take(&told, doctor->state->socket, ~(size_t)0, SESSIONS_ASK_PATIENCE_MS);
	if (!check_keepers(doctor, &told)) {
		if (sessions_unkept_words(doctor->state, why))
			doctor_say(doctor, DOCTOR_WARN, NULL, "%s", why);
		else
			check_wanted(doctor);
	}
	check_lines(doctor, &told);
	sessions_told_close(&told);
}
