/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The associations of an instance: what the loader must remember of each beside the maps. Keys and seeds
 * stay in mf_seed alone, which is mapped, and are used there for every derivation.
 */
#ifndef MAYFLY_LOADER_ASSOCIATION_H
#define MAYFLY_LOADER_ASSOCIATION_H

#include "loader/control.h"
#include "loader/due.h"
#include "loader/ring.h"
#include "loader/slot.h"
#include "loader/table.h"

struct mf_instance;

/* What every visit of the keeper needs stands in the first cache line, which the association begins in. */
struct mf_entry {
	__u64 filled_index; /* newest slot in the ring */
	__u64 seen_index;   /* current at the last look; 0: never looked */
	__u8 open_again;    /* OPENS: this slot has been opened once only */
	__u8 local_count;   /* inner local prefixes */
	__u8 pad[6];
	struct mf_association association; /* as in mf_assoc; generation 0: free */
	char name[MF_NAME_BYTES];
	__u64 added_ms;
	__u64 first_index;  /* current when added */
	__u64 in_packets;   /* OPENS: delivered up to the last slot, */
	__u64 in_ns;        /* and when that number last grew or counting began, coarse monotonic time */
	__u32 twin;         /* next id of the ring that has the same inner remote host, plus 1; 0: alone */
} __attribute__((aligned(64)));

/* An association that LISTENS, and how many ROAM with it. */
struct mf_listener {
	__u32 id;
	__u32 clients;
};

struct mf_associations {
	__u32 capacity;
	__u32 count;
	__u32 limit;       /* all ids in use are below */
	__u32 free_from;   /* no id below is free */
	__u32 generation;  /* last one given out */
	struct mf_entry *entry;
	struct mf_table names;     /* name -> id */
	struct mf_table locals;    /* struct mf_prefix -> users */
	struct mf_table twins;     /* inner remote host of those that may have twins -> one of their ring */
	__u32 first[256];          /* inner prefixes that may begin with this byte */
	__u32 ipv4;                /* inner prefixes that are IPv4 */
	__u32 listeners;
	struct mf_listener listener[MF_LISTENERS];
	struct mf_ring_space rings;
	struct mf_due due;
	__u64 hops;
};

int mf_associations_open(struct mf_associations *all, __u32 capacity, __u32 ring_slots);
void mf_associations_close(struct mf_associations *all);

/* Why one could not be added or changed: a value (field != 0) or an error. */
struct mf_trouble {
	__u16 field;
	int error;
};

/* The id, or -1 and *trouble. */
int mf_association_add(struct mf_instance *instance, const struct mf_assoc_config *config,
		       struct mf_trouble *trouble);
int mf_association_change(struct mf_instance *instance, const struct mf_assoc_config *config,
			  struct mf_trouble *trouble);
int mf_association_delete(struct mf_instance *instance, const char name[static MF_NAME_BYTES]);

/* By name, zero padded; -1: none. */
int mf_association_find(const struct mf_associations *all, const char name[static MF_NAME_BYTES]);

/* Takes everything out of the maps that may be there of `id`, whether or not it was ever completed. */
void mf_association_remove(struct mf_instance *instance, __u32 id, const struct mf_seed *seed);

/*
 * Takes one over as an earlier loader has left it in the maps; inner prefixes are left to mf_inner_change().
 * One whose change was cut short (generation 0) is completed.
 */
int mf_association_recall(struct mf_instance *instance, __u32 id, const struct mf_association *association,
			  const struct mf_seed *seed);

/* Writes the entry's association to mf_assoc. */
int mf_association_publish(struct mf_instance *instance, __u32 id);

/* Finds the fastest rotation anew. */
void mf_association_pace(struct mf_instance *instance);

static inline struct mf_schedule mf_entry_schedule(const struct mf_entry *entry)
{
	return (struct mf_schedule){ entry->association.rotation_ms, entry->association.phase_ms };
}

#endif
