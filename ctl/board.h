/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The board: what a keeper of sessions shows of itself, in memory that it writes and mayfly-page (page/) may only read.
 * Nothing secret is on it, and there is no room for any.
 *
 * Every part has a sequence number, odd while it is being written (a seqlock with one writer). Who writes never waits for
 * who reads; who reads copies a part and looks whether it was one and the same all the while.
 */
#ifndef MAYFLY_CTL_BOARD_H
#define MAYFLY_CTL_BOARD_H

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#include "bpf/verdict.h"
#include "ctl/format.h"
#include "ctl/level.h"
#include "ctl/rendezvous_status.h"

#define BOARD_MAGIC 0x6d66626f61726431ULL /* "mfboard1" */

enum {
	BOARD_ROWS = MF_CAPACITY_MAX, /* no node has more associations; memory is taken as rows are used */
	BOARD_OTHERS = 64,   /* associations that are no session's: introductions, static peers */
	BOARD_PROBES = 64,   /* source prefixes that are told apart; who was seen longest ago goes first */
	BOARD_NEWS = 24,
	BOARD_WORDS = 112,
	BOARD_WORD = 16,
	BOARD_STATES = 6,    /* enum session_state */
	BOARD_CARRIAGES = 4, /* enum mf_carriage */
	BOARD_EVENTS = 5,    /* enum mf_event_kind */
	BOARD_PAGE = 50,     /* rows of a page */
};

enum board_kind { BOARD_FREE = 0, BOARD_SESSION, BOARD_PEER, BOARD_INTRODUCTION };
enum board_role { BOARD_NO_ROLE = 0, BOARD_INITIATOR, BOARD_RESPONDER, BOARD_ROLES };

enum board_traffic { BOARD_OUT_PACKETS, BOARD_OUT_BYTES, BOARD_IN_PACKETS, BOARD_IN_BYTES, BOARD_TRAFFIC };

/* One association. Times are Unix milliseconds, 0: never or not known. Addresses as the loader last told of them. */
struct board_row {
	__u32 sequence;
	__u8 kind;            /* enum board_kind */
	__u8 state;           /* of a session: enum session_state */
	__u8 role;            /* likewise: enum board_role */
	__u8 level;           /* enum level; AUTO: not known */
	__u8 carriage;        /* enum mf_carriage */
	__u8 unknown;         /* nobody knows where the other end is */
	__u8 located;         /* the loader has told of it: what follows `name` and `inner` means something */
	__u8 pad;
	__u32 clients;        /* of an introduction */
	char name[MF_NAME_BYTES];
	__u8 inner[16];       /* the peer's stable address */
	__u8 local[16], remote[16];
	__be16 local_port, remote_port;
	__u32 rotation_ms;
	__u64 slot_start_ms;  /* by the programs' clock */
	__u64 since_ms;       /* since when there is a session, or the association */
	__u64 handshake_ms, heard_ms;
	__u64 traffic[BOARD_TRAFFIC];
};

/* Who probes, by /48. */
struct board_probe {
	__u8 prefix[16];
	__u64 count[BOARD_EVENTS];
	__u64 last_ms; /* 0: free */
};

struct board_news {
	__u64 at_ms;
	char words[BOARD_WORDS];
};

/* The last time that somebody was looked up. */
struct board_lookup {
	__u64 at_ms;
	__u32 count, took_ms;
	__u32 found, pad;
	char peer[MF_NAME_BYTES];
};

struct board_node {
	__u64 written_ms, begun_ms;
	__s64 clock_error_ns;     /* system clock minus the programs' */
	__u8 attached, clock, in_xdp, out_xdp, tc, mode, serves, pad;
	char nic[MF_DEVICE_BYTES], device[MF_DEVICE_BYTES];
	char prefixes[MF_HOPPING_PREFIXES][FORMAT_PREFIX];
	char inner[FORMAT_ADDRESS];
	char version[64];
	char state_name[BOARD_STATES][BOARD_WORD], level_name[LEVELS][BOARD_WORD];
	__u32 associations, capacity, ring_used, ring_capacity;
	__u64 hops;
	__u64 verdict[MF_VERDICT_ROOM];
	__u64 traffic[BOARD_TRAFFIC]; /* of sessions and static peers, as far as they have been looked at */
	__u32 states[BOARD_STATES], roles[BOARD_ROLES], carriages[BOARD_CARRIAGES], levels[LEVELS]; /* sessions */
	__u64 handshakes, dropped;    /* as in struct sessions */
	__u64 events[BOARD_EVENTS], suppressed;
	struct rendezvous_status status; /* level, and of serve publications */
	struct board_lookup lookup;
	struct board_probe probe[BOARD_PROBES];
	struct board_news news[BOARD_NEWS]; /* number n at n % BOARD_NEWS */
	__u64 news_count;
	__u32 rows; /* none is used from here on */
	__u32 pad2;
};

struct board {
	__u64 magic, bytes;
	__u32 sequence, pad;
	struct board_node node;                 /* under `sequence` */
	struct board_row other[BOARD_OTHERS];   /* each under its own */
	struct board_row row[BOARD_ROWS];
};

_Static_assert(sizeof(struct board_row) == 168, "struct board_row");

/* Makes one, empty. Its descriptor lets nobody map it for writing any more (F_SEAL_FUTURE_WRITE), or -errno. */
int board_open(struct board **board);
void board_close(struct board *board, int fd);

/* Of a descriptor that somebody else has made. NULL: it is none. */
const struct board *board_map(int fd);

/* Writes a part if it is to be another one than it is; `sequence` is left alone. true: it was. */
bool board_write_row(struct board_row *row, const struct board_row *value);
void board_write_node(struct board *board, const struct board_node *value);

/* Copies a part. false: it was being written all the time. */
bool board_read_row(const struct board_row *row, struct board_row *value);
bool board_read_node(const struct board *board, struct board_node *value);

#endif
