/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Two ends of Mayfly without a loader: the programs, their maps filled as docs/DESIGN.md says, and a
 * clock that stands still. Both stand in one private network namespace, so that the FIB answers.
 */
#ifndef MAYFLY_TESTS_PACKET_RIG_H
#define MAYFLY_TESTS_PACKET_RIG_H

#include "bpf/abi.h"
#include "bpf/verdict.h"
#include "loader/live.h"
#include "tests/packet/frame.h"

struct mayfly;

enum side { HERE, THERE, SIDES };

/* The associations that every rig has, by id. */
enum deal {
	HOST,          /* encap between two hosts, 3 s */
	NET,           /* encap between networks, IPv6 and IPv4, inner prefixes of its own */
	REWRITE,       /* any port */
	REWRITE_PORT,  /* port 51820 here, 4500 there */
	ZERO,          /* encap without outer checksum */
	FOLLOWER,      /* encap; THERE stands behind a firewall and opens, HERE follows */
	BOTH,          /* encap; both stand behind firewalls */
	REWRITE_FOLLOWER,
	QUICK,         /* encap, 200 ms, /80 with 48 hop bits */
	BIG,           /* encap without checksum on a link of 65535 bytes */
	SEALED,        /* sealed between two hosts; HERE has begun the handshake */
	SEALED_NET,    /* sealed between networks, IPv6 and IPv4 */
	CLASSES,       /* sealed, padded to classes, */
	FULL,          /* to all that the path bears */
	SEALED_FOLLOWER, /* sealed; THERE opens, HERE follows */
	LISTENER,      /* HERE's introduction; */
	CLIENT,        /* one of its clients: roams HERE, an association like any other THERE */
	OTHER_CLIENT,
	DEALS,
};

enum program { MF_OUT, MF_CUT_TC, MF_OUT_TC, MF_IN, MF_IN_TC, MF_GUARD, MF_ARM, PROGRAMS }; /* sealing and opening follow from them */
enum {
	PASS_XDP = 2,      /* enum xdp_action */
	DROP_XDP = 1,
	TX_XDP = 3,
	REDIRECT_XDP = 4,
	UNSPEC_TC = -1,    /* TC_ACT_* */
	OK_TC = 0,
	SHOT_TC = 2,
	REDIRECT_TC = 7,
	NO_VERDICT = -1,   /* nothing counted: left to the next program */
};

enum { RING_SLOTS = 48, LINK_MTU = 1500, START_INDEX_BACK = 8 };
#define START_MS 1700000000000ULL

struct rig {
	struct mayfly *skel;
	enum side side;
	__u64 now_ms;      /* Unix time that programs see; holds until a kernel tick */
	int ticked;        /* the last run saw a tick of the coarse clock: its time was up to 4 ms later */
	struct mf_slot *slots;          /* the maps themselves, mapped */
	struct mf_assoc_state *state;
	struct mf_clock *clock;
	struct mf_seal *seal;
	struct mf_live live;
	__u64 counters[MF_VERDICT_ROOM]; /* after the last run */
	struct mf_node node;            /* as it was last written */
	struct mf_seed seed[DEALS];
	struct mf_association association[DEALS];
};

struct result {
	int action;
	int verdict;       /* TOO_BIG_SENT stands for its pair with DROP_TOO_BIG */
	__u32 counted[MF_VERDICTS];
	struct frame out;
};

/* How a frame meets a tc program, where that is not the plain way. */
struct meeting {
	__u32 gso_size, gso_segs;
	__u32 ifindex;
	int checksum_complete; /* as a NIC gives it that sums every packet; Linux 6.15 and later check the sum */
};

/* Once a process, before any rig: a namespace with nic - wire, mayfly0 on nic, mayfly0-to - mayfly0-in, routes. */
void rig_world(void);

/* THERE has neither mf_out nor mf_cut_tc. */
void rig_open(struct rig *rig, enum side side);
void rig_close(struct rig *rig);

/* All maps as at START_MS, nothing sent or heard yet. */
void rig_reset(struct rig *rig);

/* Writes what a test has changed in rig->node or rig->association. */
void rig_node_write(struct rig *rig);
void rig_association_write(struct rig *rig, enum deal id);

void rig_run(struct rig *rig, enum program program, const struct frame *frame, struct result *result);
void rig_run_as(struct rig *rig, enum program program, const struct frame *frame, const struct meeting *meeting,
		struct result *result);

/* Does this kernel check the sum of meeting.checksum_complete? */
int rig_sums_checked(struct rig *rig);

/* A packet's whole way: mf_out and, where that leaves it, mf_out_tc; mf_in, then mf_in_tc on what it passes. */
void rig_send(struct rig *rig, const struct frame *frame, struct result *result);
void rig_receive(struct rig *rig, const struct frame *frame, struct result *result);

/* Inner addresses of the hosts of a deal, and other addresses that tests use. */
struct address rig_inner(enum deal id, enum side side);
struct address rig_address(const char *text);

#endif
