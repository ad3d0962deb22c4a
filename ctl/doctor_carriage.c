// SPDX-License-Identifier: GPL-2.0-only
/*
 * doctor on peers of the file whose other end has another Carriage: packets come from where the peer should be, in its slot,
 * and are not of the shape that is waited for here. The counters are the node's; what tells whose they are is who was never heard.
 */
#include <stdio.h>
#include <string.h>

#include "ctl/doctor.h"
#include "ctl/introduce.h"
#include "ctl/static_peer.h"
#include "ctl/verdict.h"

enum { NAMED = 8 };

/* By these names packets are refused whose addresses were right. */
static const enum mf_verdict shapes[] = { MF_DROP_NOT_UDP, MF_DROP_PORT, MF_DROP_SHIM, MF_DROP_CONTROL };

/* A peer of the file; or, of one that is sealed, the introduction that stands in the loader in its stead. */
static bool is_of_file(const struct mf_assoc_config *config)
{
	return !config->shares && (!introduce_is_name(config->name) || static_peer_is_introduction(config->name));
}

/* Strangers reach lent addresses, and count there by the same names. */
bool doctor_tells_of_carriage(const struct snapshot *state, enum mf_verdict verdict)
{
	if ((verdict == MF_DROP_NOT_UDP || verdict == MF_DROP_PORT) && state->counters.verdict[MF_IN_LENT])
		return false;
	for (size_t i = 0; i < state->count; i++) {
		const struct mf_assoc_config *config = &state->associations[i].config;

		if (is_of_file(config) && (verdict != MF_DROP_CONTROL || config->flags & MF_ASSOC_CONTROL))
			return true;
	}
	return false;
}

/* "drop_not_udp 3, drop_port 2"; "": none. */
static char *count_shapes(char words[static SAY_BYTES], const struct snapshot *state)
{
	size_t used = 0;

	*words = 0;
	for (size_t i = 0; i < sizeof(shapes) / sizeof(*shapes); i++) {
		__u64 count = state->counters.verdict[shapes[i]];

		if (count && doctor_tells_of_carriage(state, shapes[i]) && used < SAY_BYTES)
			used += (size_t)snprintf(words + used, SAY_BYTES - used, "%s%s %llu", used ? ", " : "",
						 verdict_name(shapes[i]), count);
	}
	return words;
}

static size_t peer_length(const struct mf_assoc_config *config)
{
	const char *mark = memchr(config->name, '@', strnlen(config->name, MF_NAME_BYTES));

	return mark ? (size_t)(mark - config->name) : strnlen(config->name, MF_NAME_BYTES);
}

static bool has_session(const struct snapshot *state, const struct mf_assoc_config *peer)
{
	size_t length = peer_length(peer);

	for (size_t i = 0; i < state->count; i++) {
		const struct mf_assoc_config *config = &state->associations[i].config;

		if (config->shares && peer_length(config) == length && !memcmp(config->name, peer->name, length))
			return true;
	}
	return false;
}

static bool is_unheard(const struct snapshot *state, const struct mf_assoc_status *status)
{
	return status->heard_age_ms == ~0ULL && is_of_file(&status->config) &&
	       !(introduce_is_name(status->config.name) && has_session(state, &status->config));
}

static size_t name_unheard(char names[static NAMED * (MF_NAME_BYTES + 2)], const struct snapshot *state)
{
	size_t count = 0, used = 0;

	*names = 0;
	for (size_t i = 0; i < state->count; i++) {
		const struct mf_assoc_config *config = &state->associations[i].config;

		if (is_unheard(state, &state->associations[i]) && count++ < NAMED)
			used += (size_t)sprintf(names + used, "%s%.*s", used ? ", " : "", (int)peer_length(config), config->name);
	}
	return count;
}

bool doctor_check_carriages(struct doctor *doctor)
{
	char names[NAMED * (MF_NAME_BYTES + 2)], words[SAY_BYTES];
	size_t unheard = *count_shapes(words, doctor->state) ? name_unheard(names, doctor->state) : 0;

	if (!unheard)
		return false;
	doctor_say(doctor, DOCTOR_WARN, "compare Carriage in the files of both ends, and with rewrite Port here with PeerPort "
		   "there; then mayflyctl reload FILE", "packets came from where a peer should be, and not as its Carriage "
		   "here has them (%s); never heard: %s%s", words, names, unheard > NAMED ? ", ..." : "");
	return true;
}
