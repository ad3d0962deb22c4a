// SPDX-License-Identifier: GPL-2.0-only
/*
 * Fills the maps of a crowd: associations in batches, slots and live table where they are mapped.
 */
#include "tests/bench/crowd.h"

#include <arpa/inet.h>
#include <bpf/bpf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "loader/cipher.h"
#include "tests/packet/carried.h"

enum { LOCAL_PORT = 40001, REMOTE_PORT = 40002, ROTATION_MS = 1 << 30 /* all of it one slot */ };

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

/* Slot `number` of five; 2 is the current one, the others have identifiers that are never drawn. */
static void slot_fill(struct mf_slot *slot, __u32 id, __u32 number)
{
	*slot = (struct mf_slot){
		.index = 1000 + number, .start_ms = ROTATION_MS, .association = id,
		.local_port = htons(LOCAL_PORT), .remote_port = htons(REMOTE_PORT),
	};
	identifier_put(slot->local, "2001:db8:a::", (id + 1) * CROWD_LOCAL + (number - 2ULL) * 0x51ab);
	identifier_put(slot->remote, "2001:db8:b::", (id + 1) * CROWD_REMOTE);
}

static void *map_memory(const struct bpf_map *map)
{
	size_t bytes = ((size_t)bpf_map__value_size(map) * bpf_map__max_entries(map) + 4095) & ~4095UL;
	void *memory = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, bpf_map__fd(map), 0);

	if (memory == MAP_FAILED)
		give_up("mmap of a map");
	return memory;
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
	const __u32 slots = crowd->count * RING_SLOTS;
	struct mf_slot *slot = map_memory(crowd->skel->maps.mf_slots);
	struct mf_live live = { .bucket = map_memory(crowd->skel->maps.mf_live), .half = mf_live_half(crowd->count),
				.slots = slots, .slot = slot };

	for (__u32 i = 0; i < crowd->count * MF_LIVE_PER_ASSOC; i++) {
		__u32 id = i / MF_LIVE_PER_ASSOC, number = i % MF_LIVE_PER_ASSOC;

		slot_fill(&slot[id * RING_SLOTS + number], id, number);
		if (mf_live_put(&live, id * RING_SLOTS + number))
			give_up("mf_live");
	}
}

static void associations_fill(struct crowd *crowd, const struct rig *like)
{
	struct mf_association *values = calloc(crowd->count, sizeof(*values));
	__u32 *keys = calloc(crowd->count, sizeof(*keys));

	for (__u32 id = 0; id < crowd->count; id++) {
		keys[id] = id;
		values[id] = like->association[HOST];
		values[id].generation = 1;
		values[id].rotation_ms = ROTATION_MS;
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
	bpf_map__set_max_entries(skel->maps.mf_slots, RING_SLOTS * count);
	bpf_map__set_max_entries(skel->maps.mf_live, 2 * mf_live_half(count));
	skel->rodata->mf_half = mf_live_half(count);
	skel->rodata->mf_multiplies = mf_cipher_multiplies();
}

void crowd_open(struct crowd *crowd, const struct rig *like, __u32 count)
{
	struct mf_clock clock = { .version = MF_ABI_VERSION };
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
