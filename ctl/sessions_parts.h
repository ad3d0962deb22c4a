/* SPDX-License-Identifier: GPL-2.0-only */
/* What the parts of sessions (ctl/sessions*.c) ask of each other. */
#ifndef MAYFLY_CTL_SESSIONS_PARTS_H
#define MAYFLY_CTL_SESSIONS_PARTS_H

#include "ctl/sessions.h"

/* --- sessions.c --- */

/* What the session of this peer is or is about to be: begun if there is none. NULL: no memory. */
struct session *sessions_of(struct sessions *sessions, __u32 peer);
/* A peer more, `fixed` or (NULL) to meet: as sessions_add(). */
int sessions_put(struct sessions *sessions, const char *name, const __u8 public_key[static 32], const __u8 *shared,
		 const struct static_peer *fixed);
/* Does what an engine wants done, from the action of this number on; those before it are done. */
void sessions_carry_out(struct sessions *sessions, __u32 peer, struct session_actions *actions, unsigned int from);
/* The loader has not taken the association of the last ADD. */
void sessions_not_added(struct sessions *sessions, __u32 peer);
void sessions_chance(struct session_chance *chance);

/* --- sessions_known.c --- */

int sessions_know(struct sessions *sessions, const struct sessions_peer *peer, __u32 number); /* 0 or -ENOMEM: in part */
void sessions_unknow(struct sessions *sessions, const struct sessions_peer *peer);
void sessions_know_generation(struct sessions *sessions, __u32 peer, char letter, __u32 id);
void sessions_unknow_generation(struct sessions *sessions, __u32 peer, char letter);

/* --- sessions_socket.c --- */

int sessions_socket_open(struct sessions *sessions, enum sessions_place place, char why[static SAY_BYTES]);
void sessions_socket_close(struct sessions_socket *socket);
/* Other ones in the place of those that are bound to a device of before. Says what fails. */
void sessions_sockets_renew(struct sessions *sessions);
bool sessions_is_stale(const __u8 *message, size_t bytes, __u64 waited_ms); /* not to be answered any more */
void sessions_socket_send(const struct sessions *sessions, __u32 peer, const struct session_action *action);

/*
 * --- sessions_adding.c ---
 *
 * While messages are gathered, the loader adds one association while the next handshake is computed.
 * What is to be done after an ADD waits here; nothing else happens to its peer before it is done.
 */

int sessions_adding_open(struct sessions *sessions);
void sessions_adding_close(struct sessions *sessions);
/* The ADD of this number is asked for: the rest of the actions follows. false: it is to be waited for at once. */
bool sessions_add_later(struct sessions *sessions, __u32 peer, struct session_actions *actions, unsigned int number);
void sessions_added(struct sessions *sessions); /* goes on with what has been answered by now, */
void sessions_add_all(struct sessions *sessions); /* with all of it, */
void sessions_add_for(struct sessions *sessions, __u32 peer); /* at least with this peer's */

/* --- sessions_loader.c --- */

int sessions_loader_add(struct sessions *sessions, __u32 peer, const struct session_association *association,
			const struct seal_keys *keys);
/*
 * The same in two parts: 0 or -errno; then the answer, after which it is asked again as above if one of that name was left
 * over. Not in any other case: the loader may have taken the keys.
 */
int sessions_loader_ask(struct sessions *sessions, __u32 peer, const struct session_association *association,
			const struct seal_keys *keys, struct client_question *question);
int sessions_loader_answer(struct sessions *sessions, __u32 peer, const struct session_association *association,
			   const struct seal_keys *keys, struct client_question *question);
int sessions_loader_change(struct sessions *sessions, __u32 peer, const struct session_association *association);
void sessions_loader_lead(struct sessions *sessions, __u32 peer, char letter);
void sessions_loader_delete(struct sessions *sessions, __u32 peer, char letter);
/* By which introduction, and from where, the peer was last heard. 0 or -errno. */
int sessions_loader_find(struct sessions *sessions, __u32 peer, __u32 *period, __u8 prefix[static 8]);
int sessions_loader_look(struct sessions *sessions, __u32 peer, struct client_question *question); /* asks; then: */
int sessions_loader_found(struct sessions *sessions, struct client_question *question, __u32 *period, __u8 prefix[static 8]);
void sessions_loader_sweep(struct sessions *sessions); /* traffic of the next associations */
void sessions_loader_traffic(struct sessions *sessions, __u32 peer); /* of the one that leads to this peer, now */

#endif
