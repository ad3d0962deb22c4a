/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The BPF object of an instance: programs loaded, maps made or taken over by their pins, the mmapable ones mapped.
 */
#ifndef MAYFLY_LOADER_OBJECT_H
#define MAYFLY_LOADER_OBJECT_H

#include "bpf/abi.h"
#include "bpf/verdict.h"
#include "loader/live.h"
#include "loader/pins.h"

enum mf_map {
	MF_MAP_NODE, MF_MAP_CLOCK, MF_MAP_ASSOC, MF_MAP_SEED, MF_MAP_STATE, MF_MAP_TRAFFIC, MF_MAP_SLOTS, MF_MAP_LIVE,
	MF_MAP_LENT, MF_MAP_REMOTE, MF_MAP_LOCAL, MF_MAP_PAIR, MF_MAP_OWN, MF_MAP_ROUTER, MF_MAP_VERDICT, MF_MAP_EVENTS,
	MF_MAP_SEAL, MF_MAPS,
};

enum mf_program {
	MF_PROGRAM_IN, MF_PROGRAM_IN_TC, MF_PROGRAM_OUT_TC, MF_PROGRAM_OUT, MF_PROGRAM_CUT_TC, MF_PROGRAM_GUARD,
	MF_PROGRAM_ARM,
	MF_PROGRAMS,
};

struct mayfly;

struct mf_object {
	struct mayfly *skeleton; /* NULL: not loaded */
	int map[MF_MAPS];
	int program[MF_PROGRAMS];
	__u32 capacity, ring_slots;
	unsigned int cpus;
	struct mf_clock *clock;       /* mapped */
	struct mf_assoc_state *state; /* mapped, by association */
	struct mf_slot *slots;        /* mapped, ring_slots of them */
	struct mf_seed *seed;         /* mapped, by association; secret, left out of core dumps */
	struct mf_seal *seal;         /* mapped, by association; secret, left out of core dumps */
	struct mf_live live;          /* mapped */
};

const char *mf_program_name(enum mf_program program);

/* By name; -1: no program of ours. */
int mf_program_find(const char *name, size_t length);

/*
 * Loads everything; a map that is pinned already is taken over with what is in it.
 * -EPROTO: pinned maps are of another version.
 */
int mf_object_open(struct mf_object *object, const struct mf_pins *pins, __u32 capacity, __u32 ring_slots);
void mf_object_close(struct mf_object *object);

/* Pins whatever map has no pin any more. How many it was, or -errno. */
int mf_object_pin(const struct mf_object *object, const struct mf_pins *pins);

/* Starts the keeper's timer. */
int mf_object_arm(const struct mf_object *object);

/* A whole per-CPU value, summed as an array of 64-bit counters. */
int mf_object_sum(const struct mf_object *object, enum mf_map map, __u32 key, __u64 *sum, unsigned int words);

/* Zeroes a value of a per-CPU map. */
int mf_object_clear(const struct mf_object *object, enum mf_map map, __u32 key, size_t bytes);

/* libbpf's own words go to the log where `verbose`, else nowhere. */
void mf_object_talk(int verbose);

#endif
