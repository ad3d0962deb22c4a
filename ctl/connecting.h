/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Sessions that this end begins and keeps: looks a peer's introduction up, brings its own end of it up, asks for a
 * session, and does it again whenever that is lost. Used by up for all peers that are met, by serve for those that it
 * connects to. When what is done is connecting_plan.c's to say; sessions themselves are those of sessions.h.
 */
#ifndef MAYFLY_CTL_CONNECTING_H
#define MAYFLY_CTL_CONNECTING_H

#include "ctl/config.h"
#include "ctl/connecting_plan.h"
#include "ctl/lookups.h"
#include "ctl/sessions.h"

enum connecting_word {
	CONNECTING_AWAITED,   /* on demand: it begins with a packet to `address` */
	CONNECTING_LOOKING,   /* the introduction is looked up */
	CONNECTING_FOUND,     /* it was found in `ms` */
	CONNECTING_MISSING,   /* it was not: `text` says why */
	CONNECTING_ASKING,    /* a session is asked for */
	CONNECTING_STANDING,  /* it stands, `ms` (and `us` in all) after it was asked for */
	CONNECTING_SILENT,    /* nobody answers */
	CONNECTING_OVER,      /* it has ended: `text` */
	CONNECTING_REFUSED,   /* by the loader: `text` */
};

/* What is told of a peer as it happens; of tries one after the other, the first, and one every ten minutes. */
struct connecting_news {
	const char *name;
	__u8 address[16]; /* the peer's stable inner one */
	enum connecting_word word;
	__u64 us;         /* FOUND, STANDING: how long it took */
	const char *text; /* MISSING, SILENT, OVER, REFUSED; FOUND: what is odd about it, or NULL */
};

struct connecting_peer {
	char name[MF_NAME_BYTES];
	__u8 public_key[32];
	__u8 flags;                    /* of the introduction: MF_ASSOC_OPENS, MF_ASSOC_FOLLOWS */
	__u32 idle_ms;                 /* 0: default */
	bool seen, ours;               /* ours: sessions know it by us alone */
	bool is_static;                /* its introduction is that of the file, and stays */
	bool moves;                    /* this end has another prefix since its session was asked for, which does not come along */
	__u32 number;                  /* in sessions */
	__u64 tag;                     /* of its lookups */
	struct connecting_plan plan;
	struct connecting_secret *secret; /* secret memory */
	char visitor[MF_NAME_BYTES];   /* its introduction's association in the loader; "": none */
	__u64 asked_ns;                /* 0: not */
	char why[SAY_BYTES];           /* what went wrong last */
	__u32 told;                    /* 1 << enum connecting_word: told of since */
	__u64 told_ms;
};

struct connecting_settings {
	uv_loop_t *loop;
	struct sessions *sessions;
	struct client *loader;
	const struct config_rendezvous *rendezvous; /* outlives it */
	const __u8 *private_key, *public_key;       /* likewise */
	struct mf_template prefix;     /* that this end hops in */
	bool by_default;               /* a peer that says nothing of Connect is connected to */
	const char *nodes_path;        /* of DHT nodes; NULL: none are remembered */
	void (*told)(void *context, const struct connecting_news *news); /* NULL: nobody */
	void *context;
};

struct connecting {
	struct connecting_settings settings;
	struct connecting_peer *peer;
	size_t peers;
	struct lookups *lookups;
	uv_timer_t timer;
	__u64 tags; /* given so far */
};

/* 0, or -ENOMEM and `why`; then there is nothing to close. `sessions` is open. */
int connecting_open(struct connecting *connecting, const struct connecting_settings *settings,
		    char why[static SAY_BYTES]);

/* Sessions and introductions stay as they are; memory goes when the loop has run once more. */
void connecting_close(struct connecting *connecting);

/*
 * From now on these of the configuration: new ones are begun, those that are not among them any more end, and so does
 * whatever an earlier process has left of introductions. 0, or -errno and `why`: some are missing.
 */
int connecting_take(struct connecting *connecting, const struct config *config, char why[static SAY_BYTES]);

/* To be called after sessions_adopt(): what an earlier process has agreed on is replaced. */
void connecting_adopted(struct connecting *connecting);

/* Whether this end connects to a peer like this. */
bool connecting_wants(const struct config_peer *peer, bool by_default);

/* Takes all ends of introductions down: nothing will be asked any more. */
void connecting_leave(struct connecting *connecting);

/* To be called by those of struct sessions_owner, with the number in sessions. */
void connecting_lost(struct connecting *connecting, __u32 number);
void connecting_introduced(struct connecting *connecting, __u32 number);
void connecting_changed(struct connecting *connecting, __u32 number);

/* A packet that no association takes: is it for a peer that is connected to on demand? */
void connecting_packet(struct connecting *connecting, const __u8 destination[static 16]);

/*
 * This end hops in another prefix: those of its own sessions that do not come along by themselves are asked for from there.
 * sessions_move() is called here.
 */
void connecting_move(struct connecting *connecting, const struct mf_template *prefix);

/* How many are to stand all the time, and how many of them do. */
void connecting_count(const struct connecting *connecting, size_t *kept, size_t *standing);

#endif
