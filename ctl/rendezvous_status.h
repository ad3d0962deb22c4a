/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * How the rendezvous stands, in a file beside the loader's socket: written by serve and meet, read by show, doctor and
 * reload. No secret is in it.
 */
#ifndef MAYFLY_CTL_RENDEZVOUS_STATUS_H
#define MAYFLY_CTL_RENDEZVOUS_STATUS_H

#include <linux/types.h>
#include <stdbool.h>

#include "ctl/client.h"

enum {
	RENDEZVOUS_STATUS_PATH = CLIENT_PATH_BYTES + 16,
	RENDEZVOUS_STATUS_MOST = 8192, /* bytes of a file */
	RENDEZVOUS_WORD = 32,
	RENDEZVOUS_WORDS = 160,
};

/* The last time something was tried. `at_ms` 0: never. */
struct rendezvous_event {
	__u64 at_ms;
	__u32 took_ms;
	__u32 holders; /* nodes that hold it, or gave it */
	char outcome[RENDEZVOUS_WORD]; /* store_outcome_name() */
	char peer[MF_NAME_BYTES];
};

struct rendezvous_status {
	__u64 written_ms;
	__u32 pid;            /* of serve, for people: whether it is still there its lock says (ctl/keeper_lock.h); meet has ended */
	__u32 period_s, period;
	__u32 clients, current, next; /* registered; whose item of the current and the next period stands */
	__u32 failing, wrong; /* items that were put in vain; key files that could not be read */
	__u32 refused;        /* introduction associations that the loader did not take */
	__u32 ipv4_nodes, ipv6_nodes; /* good ones that are known */
	__u32 bootstrap_named, bootstrap_resolved;
	__u32 lookups;        /* that a client made */
	char store[RENDEZVOUS_WORD];
	__u64 level_since_ms;
	char level[RENDEZVOUS_WORD], level_why[RENDEZVOUS_WORDS]; /* of serve's node: level_name(), level_why() */
	struct rendezvous_event publication, failure, lookup; /* failure: the last publication in vain */
	char failure_why[RENDEZVOUS_WORDS]; /* "": its outcome says it all */
	char clock[RENDEZVOUS_WORDS]; /* of the last lookup: meeting_clock(), or "" */
};

enum rendezvous_role { RENDEZVOUS_SERVE, RENDEZVOUS_MEET };

/* "/run/mayfly/eth0.serve" for the loader's socket "/run/mayfly/eth0.sock". */
void rendezvous_status_path(char path[static RENDEZVOUS_STATUS_PATH], const char *socket, enum rendezvous_role role);

/* Replaces the file. 0, or -errno and `why`. */
int rendezvous_status_write(const char *path, const struct rendezvous_status *status, char why[static SAY_BYTES]);

/* 0, -ENOENT, or another -errno and `why`: the file is none of ours. */
int rendezvous_status_read(const char *path, struct rendezvous_status *status, char why[static SAY_BYTES]);

/* As jansson's json_t, for show: a new reference. */
struct json_t *rendezvous_status_object(const struct rendezvous_status *status);

/* From text, whatever it holds. 0 or -EINVAL and `why`. */
int rendezvous_status_parse(const char *text, size_t length, struct rendezvous_status *status,
			    char why[static SAY_BYTES]);

#endif
