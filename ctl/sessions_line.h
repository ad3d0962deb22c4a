/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * One session as its keeper tells of it: a JSON object on a line, written and read; mayflyctl(8) promises the fields.
 * Nothing secret is in it, and there is no room for it.
 */
#ifndef MAYFLY_CTL_SESSIONS_LINE_H
#define MAYFLY_CTL_SESSIONS_LINE_H

#include "ctl/format.h"
#include "ctl/key.h"
#include "ctl/say.h"

enum {
	SESSIONS_LINE_MOST = 2048, /* bytes, with the newline */
	SESSIONS_WORD = 16,
	SESSIONS_WORDS = 160,
	SESSIONS_REFUSALS = 4,
	SESSIONS_TRAFFIC = 4,
};

/* A number that is not known, null in JSON. */
#define SESSIONS_UNKNOWN (~0ULL)

/* Texts that are not known are empty, null in JSON. Ages are at the moment of the line. */
struct sessions_line {
	char event[SESSIONS_WORD];     /* session, changed; complete, full: nothing else is said */
	char keeper[SESSIONS_WORD];    /* serve, up: said by who reads */
	char peer[MF_NAME_BYTES];
	char public_key[KEY_TEXT_BYTES];
	char inner[FORMAT_ADDRESS];    /* stable inner address of the peer */
	char state[SESSIONS_WORD];     /* session_state_name() */
	__u64 state_age_ms;            /* where this end keeps it, none, asking and confirming count as one */
	char role[SESSIONS_WORD];      /* of this end: initiator, responder */
	char association[MF_NAME_BYTES], coming[MF_NAME_BYTES], going[MF_NAME_BYTES]; /* in the loader */
	__u64 since_ms;                /* Unix time since when there has been a session */
	__u64 handshake_age_ms;
	__u64 rotation_ms;
	char carriage[SESSIONS_WORD];  /* of the present generation: sealed, encap */
	__u64 sealed_packets;          /* by this end with its key, as last swept */
	__u64 idle_ms;                 /* since anything was last heard */
	__u64 lifetime_left_s;         /* of the present generation: until this end asks for another one, or ends it */
	char level[SESSIONS_WORD], why[SESSIONS_WORDS];
	__u64 traffic[SESSIONS_TRAFFIC]; /* out packets, out bytes, in packets, in bytes, as last swept */
	__u64 refused[SESSIONS_REFUSALS]; /* requests: budget, not authentic, seen before, not from where they say */
	char ended[SESSIONS_WORD];     /* why the last session ended */
};

/* All unknown but the event. */
void sessions_line_init(struct sessions_line *line, const char *event);

/* Whether there is a session: up, renewing, silent. */
bool sessions_line_stands(const struct sessions_line *line);

/* The level and why, which mostly begins with it: "watched for 12 s: 40 random probes"; "": not known. */
enum { SESSIONS_LEVEL = SESSIONS_WORD + SESSIONS_WORDS + 4 };
char *sessions_line_level(char words[static SESSIONS_LEVEL], const struct sessions_line *line);

/* The bytes written, with the newline and no zero; 0: no memory, or it does not fit. */
size_t sessions_line_write(char text[static SESSIONS_LINE_MOST], const struct sessions_line *line);

/* From text, whatever it holds. 0 or -EINVAL and `why`. */
int sessions_line_parse(const char *text, size_t length, struct sessions_line *line, char why[static SAY_BYTES]);

#endif
