// SPDX-License-Identifier: GPL-2.0-only
/* doctor on the rendezvous: whether it is published, and why not; how the last lookup ended. */
#include <string.h>
#include <time.h>

#include "ctl/doctor.h"
#include "ctl/format.h"
#include "ctl/keeper_lock.h"
#include "ctl/rendezvous_status.h"
#include "ctl/store.h"

static const char *remedy_of(const char *outcome)
{
	static const struct {
		enum store_outcome outcome;
		const char *remedy;
	} remedies[] = {
		{ STORE_NO_BOOTSTRAP, "name nodes by address in Bootstrap, or mend the DNS" },
		{ STORE_NO_ANSWER, "let UDP out, also from the hopping prefix (PublishPrefix); try other nodes in "
				   "Bootstrap" },
		{ STORE_NOTHING, "does the server run, with this node's public key among its clients, the same Period "
				 "and a right clock (chronyc tracking, at both ends)?" },
		{ STORE_FOREIGN, "compare the public keys of both ends (mayflyctl pubkey)" },
		{ STORE_REFUSED, "does another process serve with the same key? is the clock right?" },
		{ STORE_FAILED, "mend that: it is tried again and again (journalctl -u 'mayfly-serve@*' has more)" },
	};

	for (size_t i = 0; i < sizeof(remedies) / sizeof(*remedies); i++)
		if (!strcmp(outcome, store_outcome_name(remedies[i].outcome)))
			return remedies[i].remedy;
	return NULL;
}

/* What a server has put is not there: of two stages, where a registered client can hide it (docs/PROTOCOL.md 7.5). */
static const char *remedy_of_publication(const char *outcome)
{
	if (!strcmp(outcome, store_outcome_name(STORE_NOTHING)))
		return "a client that runs nodes of the DHT may hide what is common to all: TwoStage = 0, or remove that client";
	return remedy_of(outcome);
}

static void check_publication(struct doctor *doctor, const struct rendezvous_status *status)
{
	const struct rendezvous_event *last = &status->failure;

	if (status->failing)
		doctor_say(doctor, DOCTOR_FAIL, remedy_of_publication(last->outcome),
			   "%u introduction%s could not be published (the last, for %s: %s%s%s)", status->failing,
			   status->failing == 1 ? "" : "s", last->peer, last->outcome, *status->failure_why ? ": " : "",
			   status->failure_why);
	else if (status->current < status->clients)
		doctor_say(doctor, DOCTOR_WARN, "nothing: it takes a while at the start",
			   "published for %u of %u clients so far", status->current, status->clients);
	else if (status->clients)
		doctor_say(doctor, DOCTOR_OK, NULL, "published for %s%u client%s (%s)", status->clients == 1 ? "" : "all of ",
			   status->clients, format_plural(status->clients), status->store);
	else
		doctor_say(doctor, DOCTOR_WARN, "a [Peer] with a PublicKey alone, or a file in the directory of Clients",
			   "serve has no clients");
}

static void check_serve(struct doctor *doctor, const struct rendezvous_status *status)
{
	if (keeper_of(doctor->state->socket, SESSIONS_SERVE) == KEEPER_NOBODY) {
		doctor_say(doctor, DOCTOR_FAIL, "systemctl restart 'mayfly-serve@NIC', or mayflyctl serve FILE",
			   "serve has died: what it published is forgotten by and by");
		return;
	}
	check_publication(doctor, status);
	if (status->refused)
		doctor_say(doctor, DOCTOR_WARN, "a greater Capacity, and mayflyctl and mayfly-loader of one version",
			   "mayfly-loader did not take %u request%s about introductions", status->refused,
			   format_plural(status->refused));
	if (status->wrong && !doctor->config) /* doctor_keys.c looks itself */
		doctor_say(doctor, DOCTOR_WARN, "a public key in base64 in each (mayflyctl pubkey)",
			   "%u file%s of Clients %s no key", status->wrong, format_plural(status->wrong),
			   status->wrong == 1 ? "holds" : "hold");
}

/* An introduction holds for its period and the next. */
static void check_meeting(struct doctor *doctor, const struct rendezvous_status *status)
{
	const struct rendezvous_event *last = &status->lookup;
	__u64 now_s = (__u64)time(NULL), over_s = (__u64)status->period + 2ULL * status->period_s;
	char ago[FORMAT_AMOUNT];

	if (*status->clock)
		doctor_say(doctor, DOCTOR_WARN, "set both clocks right: chronyc tracking, at both ends", "%s: %s", last->peer,
			   status->clock);
	format_span(ago, now_s * 1000 > last->at_ms ? now_s * 1000 - last->at_ms : 0);
	if (now_s >= over_s)
		doctor_say(doctor, DOCTOR_WARN, "mayflyctl meet FILE: every period has another introduction",
			   "%s was found %s ago, and the period of that introduction is over", last->peer, ago);
	else
		doctor_say(doctor, DOCTOR_OK, "where it does not answer, mayflyctl meet FILE: a server that has been "
			   "restarted has another introduction", "%s was found %s ago", last->peer, ago);
}

static void check_meet(struct doctor *doctor, const struct rendezvous_status *status)
{
	const struct rendezvous_event *last = &status->lookup;

	if (!strcmp(last->outcome, store_outcome_name(STORE_DONE)))
		check_meeting(doctor, status);
	else
		doctor_say(doctor, DOCTOR_WARN, remedy_of(last->outcome), "%s was not found: %s", last->peer,
			   last->outcome);
}

void doctor_check_rendezvous(struct doctor *doctor)
{
	char path[RENDEZVOUS_STATUS_PATH], why[SAY_BYTES];
	struct rendezvous_status status;

	if (!doctor->state || !*doctor->state->socket)
		return;
	rendezvous_status_path(path, doctor->state->socket, RENDEZVOUS_SERVE);
	if (!rendezvous_status_read(path, &status, why))
		check_serve(doctor, &status);
	rendezvous_status_path(path, doctor->state->socket, RENDEZVOUS_MEET);
	if (!rendezvous_status_read(path, &status, why))
		check_meet(doctor, &status);
}
