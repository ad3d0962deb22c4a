/* SPDX-License-Identifier: GPL-2.0-only */
/* From a public key to a request for a session; between connecting*.c only. */
#ifndef MAYFLY_CTL_CONNECTING_WAY_H
#define MAYFLY_CTL_CONNECTING_WAY_H

#include "ctl/connecting.h"

/* What has happened to a peer, for whoever listens. `text` is remembered, too. */
void connecting_tell(const struct connecting *connecting, struct connecting_peer *peer, enum connecting_word word,
		     __u64 us, const char *text);

/* What is due is done soon. Never from within what sessions call: their engines are in the middle of something. */
void connecting_soon(struct connecting *connecting);

struct connecting_secret {
	struct rendezvous_pair pair;
	struct rendezvous_offer offer; /* that is remembered */
	struct meeting_dead dead;      /* offers by which it was asked in vain since it last answered */
	struct static_peer fixed;      /* of a static peer */
};

/* The secret that both share. 0, or -errno and `why`: its key is none. */
int connecting_way_pair(const struct connecting *connecting, struct connecting_peer *peer, char why[static SAY_BYTES]);
const __u8 *connecting_way_shared(const struct connecting_peer *peer);

/* --- connecting_static.c: peers of a file --- */

/* All that `from` says of it, its public key too. 0, or -errno and `why`. */
int connecting_static_pair(const struct connecting *connecting, struct connecting_peer *peer,
			   const struct config_peer *from, char why[static SAY_BYTES]);
const struct static_peer *connecting_static_fixed(const struct connecting_peer *peer);
/* What `from` says is something else. What cannot be read now is said, and differs in nothing. */
bool connecting_static_differs(const struct connecting *connecting, const struct connecting_peer *peer,
			       const struct config_peer *from);
/* Its introduction, afresh: one of that name may be another process's, by another key. */
void connecting_static_stand(const struct connecting *connecting, struct connecting_peer *peer);
int connecting_static_ask(const struct connecting *connecting, struct connecting_peer *peer);

/* --- connecting_way.c: peers to meet, but for what says otherwise --- */

/* Begins a lookup. 0 or -errno. */
int connecting_way_look(struct connecting *connecting, struct connecting_peer *peer);
void connecting_way_remember(struct connecting_peer *peer, const struct rendezvous_offer *offer);
/* Nobody has answered by the offer that is remembered; or somebody has. */
void connecting_way_in_vain(struct connecting_peer *peer);
void connecting_way_answered(struct connecting_peer *peer);

/* By the offer that is remembered: this end of the introduction, and the request. 0 or -errno. */
int connecting_way_ask(struct connecting *connecting, struct connecting_peer *peer);

/* Takes this end of the introduction down, a static peer's too (US 10,243,733 figure 5). */
void connecting_way_leave(const struct connecting *connecting, struct connecting_peer *peer);
/* Those that an earlier process has left. */
void connecting_way_leave_earlier(const struct connecting *connecting);

/* Tells the session how long it may be idle. */
void connecting_way_patience(const struct connecting *connecting, const struct connecting_peer *peer);

#endif
