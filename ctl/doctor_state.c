// SPDX-License-Identifier: GPL-2.0-only
/* doctor on what runs: the loader's state, peers that are silent, counters that should not count. */
#include <stdio.h>
#include <string.h>

#include "ctl/doctor.h"
#include "ctl/format.h"
#include "ctl/introduce.h"
#include "ctl/verdict.h"

static void check_clock_state(struct doctor *doctor, const struct mf_node_status *node)
{
	if (node->clock == MF_CLOCK_HOLDS)
		doctor_say(doctor, DOCTOR_WARN, "is the new time right? if so, wait 10 s; if not, mend it",
			   "the system clock jumped by %.1f s; hopping holds to the old time",
			   (double)node->clock_error_ns / 1e9);
	else if (node->clock == MF_CLOCK_SLEWS)
		doctor_say(doctor, DOCTOR_WARN, "nothing: it catches up by 50 ms a second",
			   "hopping is %.1f ms off the system clock", (double)node->clock_error_ns / 1e6);
}

/* Of an introduction or a session its keeper knows more: doctor_sessions.c. */
static bool is_of_session(const struct mf_assoc_config *config)
{
	return introduce_is_name(config->name) || config->shares;
}

static void check_peers(struct doctor *doctor)
{
	enum { NAMED = 8 };
	bool sessions = doctor->config && doctor->config->meet_count;
	size_t silent = 0, heard = 0;

	for (size_t i = 0; i < doctor->state->count; i++) {
		const struct mf_assoc_status *status = &doctor->state->associations[i];

		if (is_of_session(&status->config)) {
			sessions = true;
			continue;
		}
		if (status->heard_age_ms != ~0ULL) {
			heard++;
			continue;
		}
		if (silent++ < NAMED)
			doctor_say(doctor, DOCTOR_WARN, "is the peer up, with the same key, rotation and clock? "
				   "does its firewall let UDP pass to and from its hopping prefix?",
				   "%.*s was never heard (%llu packet%s sent)", MF_NAME_BYTES, status->config.name,
				   status->out_packets, format_plural(status->out_packets));
	}
	if (silent > NAMED)
		doctor_say(doctor, DOCTOR_WARN, NULL, "%zu more peer%s never heard", silent - NAMED,
			   silent - NAMED == 1 ? " was" : "s were");
	if (!silent && heard)
		doctor_say(doctor, DOCTOR_OK, NULL, "every peer %swas heard", sessions ? "that goes without a session " : "");
}

static void check_counters(struct doctor *doctor, bool carriages_said)
{
	static const struct {
		enum mf_verdict verdict;
		const char *remedy;
		const char *alone; /* the same where it can tell nothing of Carriages; "": say nothing; NULL: all the same */
	} suspects[] = {
		{ MF_DROP_EARLY, "compare the clocks of both ends (chronyc tracking)" },
		{ MF_DROP_NO_SLOT, "is mayfly-loader running and not starved? a longer LookAhead helps" },
		{ MF_DROP_NO_ROUTE, "a route to the peers' hopping prefixes through the interface" },
		{ MF_DROP_SHIM, "the same version of Mayfly and the same Carriage at both ends" },
		{ MF_DROP_NOT_UDP, "the same Carriage at both ends",
		  "nothing: strangers tried addresses that lived at that moment (mayflyctl events)" },
		{ MF_DROP_PORT, "the same Carriage at both ends, and with rewrite Port here as PeerPort there", "" },
		{ MF_DROP_CONTROL, "Carriage = sealed in the file of the other end, too", "" },
		{ MF_DROP_INNER_SOURCE, "the peer's Address must name all that it sends from" },
		{ MF_DROP_INNER_DESTINATION, "LocalAddress must name all that the peer may reach" },
		{ MF_DROP_ND, "if this is your router: add it as Router" },
		{ MF_DROP_LARGE_FRAME, "leave the offloads of the device as mayfly-loader sets them" },
		{ MF_DROP_TAG, "a few are noise, or somebody's tries; many: what is on the way changes packets, or one end "
			       "was put back from a copy: mayflyctl down and up" },
		{ MF_DROP_REPLAY, "a few come of a network that doubles packets; many: somebody sends recorded ones again, "
				  "in vain" },
		{ MF_DROP_COUNTER, "nothing, as long as the peer is heard: somebody sends noise to live addresses" },
		{ MF_DROP_KEY, "what keeps the sessions gets new keys: does mayflyctl serve, or up, run at both ends?" },
	};

	for (size_t i = 0; i < sizeof(suspects) / sizeof(*suspects); i++) {
		enum mf_verdict verdict = suspects[i].verdict;
		__u64 count = doctor->state->counters.verdict[verdict];
		bool tells = doctor_tells_of_carriage(doctor->state, verdict);
		const char *remedy = suspects[i].alone && !tells ? suspects[i].alone : suspects[i].remedy;

		if (count && *remedy && !(carriages_said && suspects[i].alone && tells))
			doctor_say(doctor, DOCTOR_WARN, remedy, "%s: %llu packet%s (%s)", verdict_name(verdict), count,
				   format_plural(count), verdict_meaning(verdict));
	}
}

static void check_neighbour_discovery(struct doctor *doctor)
{
	__u64 answered = doctor->state->counters.verdict[MF_ND_ANSWERED];

	if (doctor->state->node.config.mode != MF_MODE_ON_LINK)
		return;
	if (answered)
		doctor_say(doctor, DOCTOR_OK, NULL,
			   "the router asks for hopping addresses and is answered (%llu time%s)", answered,
			   format_plural(answered));
	else
		doctor_say(doctor, DOCTOR_WARN, "nothing, if no peer has sent yet; else set Router to the router's "
			   "link-local address (ip -6 route show default)",
			   "no router has asked for a hopping address yet");
}

static void check_offload(struct doctor *doctor, const struct mf_node_status *node)
{
	char remedy[64];

	if (node->gro != MF_NO)
		return;
	snprintf(remedy, sizeof(remedy), "ethtool -K %.*s gro on", MF_DEVICE_BYTES, node->nic);
	doctor_say(doctor, DOCTOR_WARN, remedy, "receive offload is off: every packet of a TCP stream goes up by itself, which "
		   "costs a tenth to a quarter of its speed");
}

void doctor_check_state(struct doctor *doctor)
{
	char remedy[SAY_BYTES];

	if (!doctor->state)
		return;
	if (!doctor->state->node.attached) {
		snprintf(remedy, sizeof(remedy), "mayflyctl up %s", doctor->config ? doctor->config->file : "FILE");
		doctor_say(doctor, DOCTOR_WARN, remedy, "the node is not up");
		return;
	}
	check_clock_state(doctor, &doctor->state->node);
	check_offload(doctor, &doctor->state->node);
	check_neighbour_discovery(doctor);
	check_peers(doctor);
	check_counters(doctor, doctor_check_carriages(doctor));
}
