// SPDX-License-Identifier: GPL-2.0-only
/*
 * Fills the maps of a crowd, in batches.
 */
#include "tests/bench/crowd.h"

#include <arpa/inet.h>
#include <bpf/bpf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/packet/carried.h"

enum { LOCAL_PORT = 40001, REMOTE_PORT = 40002, BATCH = 4000 };

static void give_up(const char *what)
{
	perror(what);
	exit(1);
}

static void identifier_put(__u8 *address, const char *prefix, __u64 value)
{
	struct address base = rig_address(prefix);

	memcpy(address, base.byte, 8);
	memcpy(address + 8, &value, 8);
}

/* Entry `slot` of five; 2 is the current one, the others have identifiers that are never drawn. */
static void live_fill(struct mf_live *live, __u8 *address, __u32 id, __u32 slot)
{
	*live = (struct mf_live){
		.association = id, .generation = 1, .kind = MF_LIVE_ASSOCIATION, .carriage = MF_CARRIAGE_ENCAP,
		.local_port = htons(LOCAL_PORT), .remote_port = htons(REMOTE_PORT), .index = 1000 + slot,
		.until_ms = ~0ULL,
	};
	identifier_put(address, "2001:db8:a::", (id + 1) * CROWD_LOCAL + (slot - 2ULL) * 0x51ab);
	identifier_put(live->remote, "2001:db8:b::", (id + 1) * CROWD_REMOTE);
}

static void batch_put(const struct bpf_map *map, const void *keys, const void *values, __u32 count)
{
	LIBBPF_OPTS(bpf_map_batch_opts, options);
	__u32 done = count;

	if (bpf_map_update_batch(bpf_map__fd(map), keys, values, &done, &options) || done != count)
		give_up(bpf_map__name(map));
}

static void lives_fill(struct crowd *crowd)
{
	__u8 (*keys)[16] = calloc(BATCH, sizeof(*keys));
	struct mf_live *values = calloc(BATCH, sizeof(*values));
	__u32 filled = 0;

	for (__u32 entry = 0; entry < crowd->count * MF_LIVE_PER_ASSOC; entry++) {
		live_fill(&values[filled], keys[filled], entry / MF_LIVE_PER_ASSOC, entry % MF_LIVE_PER_ASSOC);
		if (++filled == BATCH || entry + 1 == crowd->count * MF_LIVE_PER_ASSOC) {
			batch_put(crowd->skel->maps.mf_live, keys, values, filled);
			filled = 0;
		}
	}
	free(keys);
	free(values);
}

static void associations_fill(struct crowd *crowd, const struct rig *like)
{
	struct mf_association *values = calloc(crowd->count, sizeof(*values));
	__u32 *keys = calloc(crowd->count, sizeof(*keys));

	for (__u32 id = 0; id < crowd->count; id++) {
		keys[id] = id;
		values[id] = like->association[HOST];
		values[id].generation = 1;
	}
	batch_put(crowd->skel->maps.mf_assoc, keys, values, crowd->count);
	free(keys);
	free(values);
}

static void sizes_set(struct mayfly *skel, __u32 count)
{
	bpf_map__set_max_entries(skel->maps.mf_assoc, count);
	bpf_map__set_max_entries(skel->maps.mf_state, count);
	bpf_map__set_max_entries(skel->maps.mf_traffic, count);
	bpf_map__set_max_entries(skel->maps.mf_live, MF_LIVE_PER_ASSOC * count + 64);
}

void crowd_open(struct crowd *crowd, const struct rig *like, __u32 count)
{
	struct mf_clock clock = { .offset_ns = 1, .version = MF_ABI_VERSION };
	__u32 zero = 0;

	crowd->count = count;
	crowd->skel = mayfly__open();
	if (!crowd->skel)
		give_up("mayfly__open");
	sizes_set(crowd->skel, count);
	if (mayfly__load(crowd->skel))
		give_up("mayfly__load");
	if (bpf_map_update_elem(bpf_map__fd(crowd->skel->maps.mf_node), &zero, &like->node, BPF_ANY) ||
	    bpf_map_update_elem(bpf_map__fd(crowd->skel->maps.mf_clock), &zero, &clock, BPF_ANY))
		give_up("crowd");
	associations_fill(crowd, like);
	lives_fill(crowd);
}

void crowd_ports_put(struct frame *frame)
{
	frame_set16(frame, AT_PORTS, REMOTE_PORT);
	frame_set16(frame, AT_PORTS + 2, LOCAL_PORT);
}
