/* SPDX-License-Identifier: GPL-2.0-only */
/* What the parts of sessions (ctl/sessions*.c) ask of each other. */
#ifndef MAYFLY_CTL_SESSIONS_PARTS_H
#define MAYFLY_CTL_SESSIONS_PARTS_H

#include "ctl/sessions.h"

/* --- sessions.c --- */

/* What the session of this peer is or is about to be: begun if there is none. NULL: no memory. */
struct session *sessions_of(struct sessions *sessions, __u32 peer);
/* Does what an engine wants done. */
void sessions_carry_out(struct sessions *sessions, __u32 peer, struct session_actions *actions);
void sessions_chance(struct session_chance *chance);

/* --- sessions_socket.c --- */

int sessions_socket_open(struct sessions *sessions, enum sessions_place place, char why[static SAY_BYTES]);
void sessions_socket_close(struct sessions_socket *socket);
void sessions_socket_send(const struct sessions *sessions, __u32 peer, const struct session_action *action);

/* --- sessions_loader.c --- */

int sessions_loader_add(struct sessions *sessions, __u32 peer, const struct session_association *association,
			const struct seal_keys *keys);
void sessions_loader_lead(struct sessions *sessions, __u32 peer, char letter);
void sessions_loader_delete(struct sessions *sessions, __u32 peer, char letter);
/* By which introduction, and from where, the peer was last heard. 0 or -errno. */
int sessions_loader_find(struct sessions *sessions, __u32 peer, __u32 *period, __u8 prefix[static 8]);
void sessions_loader_sweep(struct sessions *sessions); /* traffic of the next associations */

#endif
