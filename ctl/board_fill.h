/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What stands on the board (ctl/board.h), and keeping it so: as sessions change at once, else in turns, each of which does
 * little however many sessions there are.
 */
#ifndef MAYFLY_CTL_BOARD_FILL_H
#define MAYFLY_CTL_BOARD_FILL_H

#include "ctl/board.h"
#include "ctl/connecting.h"
#include "ctl/sessions.h"

enum {
	BOARD_TURN_MS = 100,   /* between two turns, */
	BOARD_TURN_PEERS = 64, /* in which so many peers are looked at, */
	BOARD_TURN_PART = 10,  /* and this part of all of them more: each once a second, */
	BOARD_TURN_MOST = 2000, /* but no more than so many, */
	BOARD_TURN_ASKS = 16,  /* and the loader is asked so much at most, where somebody watches */
	BOARD_NODE_MS = 1000,  /* between two looks at node and counters */
	BOARD_ASK_AGAIN_MS = 250,   /* an association whose slot is over, but in the loader is not */
	BOARD_PAUSE_MS = 5000,      /* for a loader that did not answer */
	BOARD_WATCHED = 8,          /* pages that are watched at a time */
	BOARD_WATCHED_MS = 10000,   /* for so long after somebody said that he does */
};

struct board_settings {
	struct sessions *sessions;
	struct client *loader;
	bool serves;            /* serve, or up's keeper */
	const __u8 *public_key; /* the node's; NULL: none */
	/* Level, and of serve its publications. */
	void (*status)(void *context, struct rendezvous_status *status);
	void *context;
};

/* Of whom a row is, and of which association its traffic. */
struct board_place {
	__u32 peer, id, generation;
	__u64 asked_ms;
	__u8 key[8];            /* first bytes of the peer's, whose address the row has; zero: none yet */
};

struct board_fill {
	struct board_settings settings;
	struct board *board;
	struct board_node node; /* as it is to be */
	__u32 *row_of;          /* by peer: row + 1; 0: none */
	__u32 row_ofs;          /* room of it */
	struct board_place *place; /* by row */
	__u32 places;           /* room of it */
	__u32 first_free;       /* no row below is free */
	__u32 at;               /* the next peer to look at */
	struct board_place other[BOARD_OTHERS];
	__u64 other_ms[BOARD_OTHERS]; /* when the loader last told of it */
	struct { __u32 page; __u64 until_ms; } watched[BOARD_WATCHED];
	unsigned int turns;     /* each begins with another one of these */
	__u64 node_ms, pause_ms;
	__s64 offset_ms;        /* Unix time minus sessions_now_ms() */
	bool news;              /* the node's part has changed since it was written */
};

/* The board is the caller's. */
void board_fill_open(struct board_fill *fill, struct board *board, const struct board_settings *settings);
void board_fill_close(struct board_fill *fill); /* all zero is fine */

/* From the owner's `changed` and `looked`, and for every event of the loader's. All zero is fine. */
void board_fill_peer(struct board_fill *fill, __u32 peer);
void board_fill_looked(struct board_fill *fill, const struct mf_assoc_status *status, __u32 peer);
void board_fill_event(struct board_fill *fill, const struct mf_event *event);
void board_fill_lookup(struct board_fill *fill, const struct connecting_news *news);

/* Somebody looks at this page: its addresses are kept right for a while. */
void board_fill_watch(struct board_fill *fill, __u32 page);

void board_fill_turn(struct board_fill *fill); /* every BOARD_TURN_MS */

/* --- board_fill_node.c --- */

void board_fill_node(struct board_fill *fill); /* what the loader has to say of it */
void board_fill_say(struct board_fill *fill, const char *format, ...) __attribute__((format(printf, 2, 3)));
__u64 board_fill_unix_ms(void);
/* By the clock that addresses follow. */
__u64 board_fill_programs_ms(const struct board_fill *fill);

#endif
