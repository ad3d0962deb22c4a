/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * One end with very many associations, whose identifiers a multiplication gives: association n is heard at
 * (n + 1) * CROWD_LOCAL from (n + 1) * CROWD_REMOTE, so that drawing one at random touches no memory.
 */
#ifndef MAYFLY_TESTS_BENCH_CROWD_H
#define MAYFLY_TESTS_BENCH_CROWD_H

#include "loader/live.h"
#include "mayfly.skel.h"
#include "tests/packet/rig.h"

/* Odd, so that no two associations share an identifier. */
#define CROWD_LOCAL 0x9e3779b97f4a7c15ULL
#define CROWD_REMOTE 0xbf58476d1ce4e5b9ULL
#define CROWD_DEAD 0x94d049bb133111ebULL

/* struct setting of prepare.bpf.c */
struct crowd_setting {
	__u32 length;
	__u32 crowd;
	__u64 destination, source;
	__u8 head[66];
	__u8 pad[6];
};

struct crowd {
	struct mayfly *skel;
	__u32 count;
};

/* `like` gives the node's settings. Rings are as long as the default ones, five slots of each stand in mf_live. */
void crowd_open(struct crowd *crowd, const struct rig *like, __u32 count);

/* The ports that all associations of a crowd share. */
void crowd_ports_put(struct frame *frame);

#endif
