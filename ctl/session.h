/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * One peer's session: the handshake, the generations that follow each other without a gap, notices, and the end
 * (docs/PROTOCOL.md section 9; US 10,243,733 figures 3 to 5). Pure: messages, `now` and random bytes in, actions out.
 *
 * Everything that changes a session (a new key, rotation, prefix of either end) is one thing: another handshake, whose
 * association is heard beside the present one, and replaces it with the first authentic message in it.
 *
 *	initiator                                     responder
 *	  request  ------------------------------------>   by the introduction, or inside the present session
 *	           <------------------------------------ response      adds the association, hears it
 *	  adds it, hears it and sends in it
 *	  confirm  ====================================>   sends in it too; the one before goes after a grace
 *	           <==================================== confirmed
 */
#ifndef MAYFLY_CTL_SESSION_H
#define MAYFLY_CTL_SESSION_H

#include <stdbool.h>

#include "ctl/seal_keys.h"
#include "ctl/session_message.h"

enum session_limit {
	SESSION_GENERATIONS = 3,        /* one that goes, the present one, one that comes */
	SESSION_RETRY_FIRST_MS = 400,   /* doubled with every try, +-25 % */
	SESSION_TRIES = 5,              /* about 12 s */
	SESSION_GRACE_MS = 3000,        /* and three rotations: how long a replaced association is heard */
	SESSION_CONFIRM_MS = 40000,     /* what nobody has confirmed goes: longer than all tries to ask and to confirm */
	SESSION_SILENCE_MS = 10000,     /* sent, and nothing heard for so long: is the other end there? */
	SESSION_KEEP_MS = 45000,        /* an initiator that keeps its session says something so often */
	SESSION_IDLE_DEFAULT_MS = 600000,
	SESSION_REFUSED_MS = 60000,     /* one in the clear that this end will not have any more, if no other one follows */
	SESSION_LIFETIME_SEALED_S = 140, /* by default: new keys every two minutes, */
	SESSION_LIFETIME_ENCAP_S = 3600, /* or a new K every hour */
	SESSION_BUDGET_BURST = 6,       /* messages that cost key agreements, of each enum session_budget */
	SESSION_BUDGET_MS = 1000,       /* one more request each */
	SESSION_RESPONSE_MS = 20,       /* one more response each, while this end has asked */
	SESSION_SEEN = 64,              /* requests remembered so that they are not taken twice */
	SESSION_ACTIONS = 12,
};

#define SESSION_REKEY_PACKETS (MF_COUNTER_END / 2) /* that a key has sealed: another one is asked for */

/* Fresh random bytes for one call; what they are used for is the session's. */
struct session_chance {
	__u8 ephemeral[32];
	__u8 key[16];
	__u8 seed[8];
	__u8 other[8];
};

/* Who the two are. Pointers stay the caller's. */
struct session_settings {
	struct noise_end end;
	__u8 inner_own[16], inner_peer[16]; /* stable inner addresses */
	struct mf_template prefix;          /* own hopping one: session_move(), else session_renew() or session_connect() */
	__u32 rotation_ms;                  /* that a responder gives; session_renew() after a change */
	__u32 lifetime_s, idle_ms;          /* 0: default */
	__u32 period_s;                     /* own introductions', told in responses */
	bool firewall;                      /* before this end */
	bool encap;                         /* will do, if it will for the other end too; else packets are sealed */
	__u8 padding;                       /* enum mf_padding of what this end seals */
	bool keep;                          /* initiator: never idle, begun again when lost */
};

/*
 * The association that a generation is, from this end's point of view. `key` is secret. What it seals with is in
 * struct session_actions when it is added, and nowhere afterwards.
 */
struct session_association {
	char letter; /* 'a' to 'c': NAME@a is its name */
	__u8 key[16], seed_local[8], seed_remote[8];
	struct mf_template local, remote;
	__u32 rotation_ms;
	__u8 flags; /* MF_ASSOC_OPENS, MF_ASSOC_FOLLOWS */
	__u8 carriage, padding; /* MF_CARRIAGE_SEALED or MF_CARRIAGE_ENCAP; enum mf_padding */
};

/* What to do, in this order. */
enum session_action_kind {
	SESSION_SEND,        /* `message` of `bytes`, to the peer's introduction address or its stable one */
	SESSION_ADD,         /* `association`, once; if that fails: session_failed(), and what follows is dropped */
	SESSION_CHANGE,      /* the present one hops in another local prefix: `association` is all of it; fails likewise */
	SESSION_LEAD,        /* packets to the peer go out in `letter` from now on */
	SESSION_DELETE,      /* `letter` is heard no more */
	SESSION_STANDS,      /* traffic flows: a first time, or with what has changed */
	SESSION_ENDED,       /* for `reason`; nothing is left of it */
	SESSION_LOST,        /* the peer does not answer: look its introduction up anew, then session_connect() */
	SESSION_INTRODUCED,  /* the peer's introduction is needed no more, if there was one */
};

struct session_action {
	enum session_action_kind kind;
	bool by_introduction;      /* SEND */
	char letter;               /* LEAD, DELETE */
	enum session_reason reason;
	const struct session_association *association; /* ADD, CHANGE: until the next call */
	__u32 bytes;
	__u8 message[SESSION_MESSAGE_MOST];
};

/* Wipe it when all is done. */
struct session_actions {
	unsigned int count;
	struct seal_keys keys; /* of the only ADD among them; all zero unless it is sealed. Secret: for the loader, once */
	struct session_action action[SESSION_ACTIONS + 1]; /* one to spare, never to be carried out */
};

enum session_state {
	SESSION_NONE = 0,   /* nothing */
	SESSION_ASKING,     /* request sent, by the introduction */
	SESSION_CONFIRMING, /* initiator: response heard, confirm sent */
	SESSION_UP,
	SESSION_RENEWING,   /* up, and asking for another one */
	SESSION_SILENT,     /* up, but the other end does not answer */
};

struct session_generation {
	struct session_association association; /* letter 0: none */
	struct noise_result keys;               /* secret */
	bool initiator;
	bool deaf;                              /* found in the loader: its keys are nobody's any more */
	bool superseded;                        /* coming: heard, as the peer may send in it, but never to be present */
	bool peer_encap;                        /* the peer has said that it will do */
	bool worn;                              /* its key has sealed so much that there has to be another one */
	__u64 sent;                             /* next counter */
	__u64 heard, heard_mask;                /* replay window of 64: highest counter + 1, and which below it */
	__u64 since_ms;
	__u64 until_ms;                         /* coming, going: heard so long; 0: nothing said yet */
	__u64 expires_ms;                       /* end of its lifetime; 0: not known */
	__u32 told_period_s;                    /* responder: of its introductions, as it told */
};

/* Each has a budget of its own, so that whoever floods one way does not close the other. */
enum session_budget { SESSION_BY_INTRODUCTION, SESSION_INSIDE, SESSION_ANSWERS, SESSION_BUDGETS };

struct session {
	struct session_settings settings;
	enum session_state state;
	struct session_generation present, coming, going;
	struct {                      /* initiator's request under way */
		struct noise_handshake noise; /* secret */
		bool by_introduction, active;
		bool encap;           /* as it was asked with */
		__u32 tries;
		__u64 again_ms;
		__u8 seed[8];
		struct mf_template prefix; /* as it was asked with */
		__u8 message[SESSION_REQUEST_BYTES];
	} asked;
	struct {                      /* responder's answer to the newest request */
		__u8 request[SESSION_REQUEST_BYTES];
		__u8 message[SESSION_RESPONSE_BYTES];
		bool by_introduction, valid;
	} answered;
	__u32 seen[SESSION_SEEN];     /* first bytes of their ephemeral keys */
	unsigned int seen_at;
	__u64 budget_ms[SESSION_BUDGETS]; /* when it is whole again */
	char added;                   /* letter of the last ADD; 0: a CHANGE came after it, */
	struct mf_template left;      /* from this prefix */
	__u64 heard_ms, sent_ms;      /* anything at all, by the caller's counters */
	__u64 used_ms;                /* other than by what new keys take: else these would keep an idle session for ever */
	__u64 kept_ms;                /* last ping that only keeps */
	struct {                      /* confirm, renew or ping, said again until it is answered */
		struct session_notice notice;
		bool active;
		__u32 tries;
		__u64 again_ms;
	} said;
	__u32 peer_period_s;          /* of the peer's introductions, as it last said; 0: not yet */
	__u64 stands_ms;              /* since when there has been a session */
	__u64 handshake_ms;           /* of the present generation: when it began to stand */
	__u64 refused[4];             /* requests not taken: budget, not authentic, seen before, not from where it says */
};

/* Where a request goes to, or has come from. */
struct session_way {
	__u8 key[16];               /* K of the introduction; by the session itself: ignored */
	__u32 period;               /* T; 0: by the session itself */
	__u8 prefix[8];             /* responder: first half of the address that the request came from */
};

void session_init(struct session *session, const struct session_settings *settings);
void session_wipe(struct session *session); /* all zero afterwards */

/*
 * Initiator: asks by this introduction. What stands goes on meanwhile: this is how a session begins, comes back, or
 * follows its client to another prefix where session_move() could not. While the session itself asks, or an answer waits
 * to be confirmed, nothing is asked, unless this end has moved. SESSION_STANDS, SESSION_LOST or SESSION_ENDED follows in
 * any case.
 */
void session_connect(struct session *session, const struct session_way *way, __u64 now_ms,
		     const struct session_chance *chance, struct session_actions *actions);

enum session_look {
	SESSION_LOOK_DROP,   /* malformed, or over the budget */
	SESSION_LOOK_AGAIN,  /* the request that was answered last: session_receive() answers it again for nothing */
	SESSION_LOOK_COSTLY, /* a request by the introduction: find out whence (`way`), then session_receive() */
	SESSION_LOOK_FINE,   /* anything else: session_receive() */
};

/* Before session_receive(): cheap, keeps no state for who is not authentic but what the budget costs. */
enum session_look session_look(struct session *session, const __u8 *message, size_t bytes, __u64 now_ms);

/* `by_introduction`: to which of the own inner addresses it came. `way`: after LOOK_COSTLY, else NULL. */
void session_receive(struct session *session, bool by_introduction, const struct session_way *way, const __u8 *message,
		     size_t bytes, __u64 now_ms, const struct session_chance *chance, struct session_actions *actions);

/* What is due by now; when to come again: ~0: never. */
void session_tick(struct session *session, __u64 now_ms, const struct session_chance *chance,
		  struct session_actions *actions);
__u64 session_wake_ms(const struct session *session);

/* What the loader's counters say of its associations: when something was last heard, and last sent (0: not of late). */
void session_traffic(struct session *session, __u64 heard_ms, __u64 sent_ms);
/* session_tick() would end it, because nothing is known to have been said in it for so long. Counters may know better. */
bool session_is_idle(const struct session *session, __u64 now_ms);
/* How many packets this end has sealed in the present association. session_tick() is due then. */
void session_sealed(struct session *session, __u64 packets);

/* The loader did not take the association of the last ADD or CHANGE. */
void session_failed(struct session *session, __u64 now_ms, struct session_actions *actions);

/*
 * Another rotation (responder), prefix, period, carriage or padding of this end: takes effect with another handshake,
 * begun here or asked for. An initiator whose prefix has changed, and who has not moved, is SESSION_LOST.
 */
void session_renew(struct session *session, enum session_reason reason, __u64 now_ms,
		   const struct session_chance *chance, struct session_actions *actions);

/*
 * This end is in another prefix. True: it goes there inside the session, as an initiator can whose packets are sealed: by
 * them the other end knows it wherever it is. It asks from there for a generation of the new prefix; SESSION_STANDS or
 * SESSION_LOST follows. False: it cannot, session_renew() or session_connect().
 */
bool session_move(struct session *session, const struct mf_template *prefix, __u64 now_ms,
		  const struct session_chance *chance, struct session_actions *actions);

/* The present generation is carried as this end wants it now, by a key that is not worn. */
bool session_suits(const struct session *session);

/* An end with a word to the other side. */
void session_close(struct session *session, enum session_reason reason, __u64 now_ms, struct session_actions *actions);

/*
 * An end that was started anew finds an association of this letter in the loader: it is left alone until another one
 * replaces it, which its initiator asks for, and no longer than it would live if it were new: nobody here has its keys.
 * Of several the one that leads comes last; others are heard for a while.
 */
void session_adopt(struct session *session, const struct session_association *association, __u64 now_ms);

const char *session_state_name(enum session_state state); /* never NULL */

#endif
