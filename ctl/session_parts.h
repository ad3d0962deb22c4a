/* SPDX-License-Identifier: GPL-2.0-only */
/* What the parts of a session's engine (session*.c) ask of each other. */
#ifndef MAYFLY_CTL_SESSION_PARTS_H
#define MAYFLY_CTL_SESSION_PARTS_H

#include "ctl/session.h"

/* One call: what it has been given, and where its actions go. */
struct session_turn {
	struct session *session;
	__u64 now_ms;
	const struct session_chance *chance; /* NULL: nothing that needs it may come up */
	struct session_actions *actions;
};

enum session_refused { SESSION_OVER_BUDGET, SESSION_NOT_AUTHENTIC, SESSION_SEEN_BEFORE, SESSION_FROM_ELSEWHERE };

/* --- session.c --- */

struct session_action *session_act(struct session_turn *turn, enum session_action_kind kind);
void session_send(struct session_turn *turn, bool by_introduction, const __u8 *message, size_t bytes);
void session_delete(struct session_turn *turn, struct session_generation *generation); /* and wipes it */
void session_add(struct session_turn *turn, const struct session_generation *generation);
/* The present generation is not confirmed: what stood before it goes on, and the peer is lost. */
void session_go_back(struct session_turn *turn);
/* What this end has offered is not taken. */
void session_withdraw(struct session_turn *turn);
/* The present generation is confirmed: traffic flows. What it has replaced is heard for a grace. */
void session_stand(struct session_turn *turn);
void session_end(struct session_turn *turn, enum session_reason reason); /* nothing is left */
void session_lose(struct session_turn *turn);
/* A letter that no generation has. */
char session_letter(const struct session *session);
/* When to try again: doubled with every try, 25 % more or less by chance. */
__u64 session_again_ms(const struct session_turn *turn, __u32 tries);
__u64 session_grace_ms(const struct session_generation *generation);
__u32 session_lifetime_s(const struct session *session, const struct session_association *association);
/* It is in the clear, which this end will not have any more. */
bool session_refuses(const struct session *session);
/* What both ends together want. */
__u8 session_carriage(const struct session *session, bool peer_encap);

/* --- session_due.c --- */

/* An initiator that may ask for another generation now, inside the present one. */
bool session_may_ask(const struct session *session);
void session_say_goodbye(struct session_turn *turn, enum session_reason reason); /* and ends it */

/* --- session_handshake.c --- */

/* Whether one more message may cost key agreements. */
bool session_may_spend(struct session *session, enum session_budget budget, __u64 now_ms);
/* Asks for another generation; `way` NULL: inside the present one. */
void session_ask(struct session_turn *turn, const struct session_way *way);
void session_ask_again(struct session_turn *turn); /* or gives up */
void session_take_request(struct session_turn *turn, bool by_introduction, const struct session_way *way,
			  const __u8 *message);
void session_take_response(struct session_turn *turn, const struct session_header *header, bool by_introduction,
			   const __u8 *message);
bool session_is_answered(const struct session *session, const __u8 *request);
bool session_is_seen(const struct session *session, const __u8 *request);

/* --- session_notice.c --- */

/* Says it in the present generation. */
void session_notify(struct session_turn *turn, const struct session_notice *notice);
/* The same, again and again until it is answered. */
void session_say(struct session_turn *turn, const struct session_notice *notice);
void session_say_again(struct session_turn *turn); /* or gives up, unless it is a renewal */
/* A responder whose session is not as it would give it now asks for another one. */
void session_remind(struct session_turn *turn);
bool session_may_remind(const struct session *session);
void session_take_sealed(struct session_turn *turn, const struct session_header *header, const __u8 *message);

#endif
