// SPDX-License-Identifier: GPL-2.0-only
/*
 * What a test reads out of an end's maps, and puts there: slots, live entries, events, probes, traffic.
 */
#include <bpf/bpf.h>
#include <stdlib.h>
#include <string.h>

#include "loader/keeper.h"
#include "loader/slot.h"
#include "mayfly.skel.h"
#include "tests/packet/rig.h"
#include "tests/packet/rig_look.h"

__u64 rig_index(const struct rig *rig, enum deal id)
{
	const struct mf_association *association = &rig->association[id];
	struct mf_schedule schedule = { association->rotation_ms, association->phase_ms };

	return mf_slot_index(&schedule, rig->now_ms);
}

struct mf_slot *rig_slot(const struct rig *rig, enum deal id, int ahead)
{
	return &rig->slots[rig->association[id].ring_base + (rig_index(rig, id) + ahead) % RING_SLOTS];
}

void rig_slot_move(struct rig *rig, enum deal id, int ahead, const char *remote)
{
	struct mf_slot *slot = rig_slot(rig, id, ahead);
	struct address address = rig_address(remote);
	__u16 word;

	memcpy(slot->remote, address.byte, 16);
	slot->address_sum = 0;
	for (int i = 0; i < 32; i += 2) {
		memcpy(&word, slot->local + i, 2);
		slot->address_sum += word;
	}
}

int rig_live_get(struct rig *rig, const __u8 *address, struct mf_live *live)
{
	return bpf_map_lookup_elem(bpf_map__fd(rig->skel->maps.mf_live), address, live);
}

void rig_live_set(struct rig *rig, const __u8 *address, const struct mf_live *live)
{
	if (bpf_map_update_elem(bpf_map__fd(rig->skel->maps.mf_live), address, live, BPF_ANY))
		abort();
}

static void member_set(const struct bpf_map *map, const struct address *address)
{
	__u32 one = 1;

	if (bpf_map_update_elem(bpf_map__fd(map), address->byte, &one, BPF_ANY))
		abort();
}

void rig_own_set(struct rig *rig, struct address address)
{
	member_set(rig->skel->maps.mf_own, &address);
}

void rig_router_set(struct rig *rig, struct address address)
{
	member_set(rig->skel->maps.mf_router, &address);
}

static struct mf_lpm_key key_of(const struct address *prefix, __u32 length)
{
	struct mf_lpm_key key = { .length = length };

	memcpy(key.address, prefix->byte, 16);
	return key;
}

void rig_remote_add(struct rig *rig, struct address prefix, __u32 length, enum deal id)
{
	struct mf_lpm_key key = key_of(&prefix, length);
	__u32 value = id;

	if (bpf_map_update_elem(bpf_map__fd(rig->skel->maps.mf_remote), &key, &value, BPF_ANY))
		abort();
	rig->clock->epoch++;
}

void rig_remote_drop(struct rig *rig, struct address prefix, __u32 length)
{
	struct mf_lpm_key key = key_of(&prefix, length);

	if (bpf_map_delete_elem(bpf_map__fd(rig->skel->maps.mf_remote), &key))
		abort();
	rig->clock->epoch++;
}

__u32 rig_live_count(struct rig *rig)
{
	int fd = bpf_map__fd(rig->skel->maps.mf_live);
	__u8 key[16], *last = NULL;
	__u32 count = 0;

	while (!bpf_map_get_next_key(fd, last, key)) {
		last = key;
		count++;
	}
	return count;
}

__u32 rig_live_room(struct rig *rig)
{
	return bpf_map__max_entries(rig->skel->maps.mf_live);
}

void rig_live_drop(struct rig *rig, enum deal id)
{
	int fd = bpf_map__fd(rig->skel->maps.mf_live);

	for (int i = 0; i < RING_SLOTS; i++)
		bpf_map_delete_elem(fd, rig->slots[rig->association[id].ring_base + i].local);
}

void rig_live_wipe(struct rig *rig, const struct address *prefix, __u32 bytes)
{
	int fd = bpf_map__fd(rig->skel->maps.mf_live);
	struct address key, next;
	int more = !bpf_map_get_next_key(fd, NULL, key.byte);

	while (more) {
		more = !bpf_map_get_next_key(fd, key.byte, next.byte);
		if (!memcmp(key.byte, prefix->byte, bytes))
			bpf_map_delete_elem(fd, key.byte);
		key = next;
	}
}

struct keeper_seen rig_keeper(struct rig *rig)
{
	struct { /* struct mf_keeper of bpf/keeper.h: a timer, and what it counts */
		__u8 timer[16];
		struct keeper_seen seen;
	} keeper;
	__u32 zero = 0;

	if (bpf_map_lookup_elem(bpf_map__fd(rig->skel->maps.mf_keeper), &zero, &keeper))
		abort();
	return keeper.seen;
}

void rig_keep(struct rig *rig, enum deal id)
{
	rig_live_drop(rig, id);
	rig->state[id].kept_index = rig_index(rig, id) + MF_KEEP_AHEAD;
	for (int ahead = -MF_KEEP_BACK; ahead <= MF_KEEP_AHEAD; ahead++) {
		struct mf_slot *slot = rig_slot(rig, id, ahead);
		struct mf_live live;

		mf_keeper_entry(&live, id, &rig->association[id], slot);
		rig_live_set(rig, slot->local, &live);
	}
}

static int traffic_get(struct rig *rig, enum deal id, struct mf_traffic *traffic)
{
	__u32 key = id;

	return bpf_map_lookup_elem(bpf_map__fd(rig->skel->maps.mf_traffic), &key, traffic);
}

static void per_cpu_zero(const struct bpf_map *map, __u32 key)
{
	void *none = calloc(libbpf_num_possible_cpus(), (bpf_map__value_size(map) + 7) & ~7U);

	if (bpf_map_update_elem(bpf_map__fd(map), &key, none, BPF_ANY))
		abort();
	free(none);
}

void rig_cpus_forget(struct rig *rig)
{
	for (__u32 id = 0; id < DEALS; id++)
		per_cpu_zero(rig->skel->maps.mf_traffic, id);
	per_cpu_zero(rig->skel->maps.mf_budget, 0);
}

struct mf_traffic rig_traffic(struct rig *rig, enum deal id)
{
	int cpus = libbpf_num_possible_cpus();
	struct mf_traffic *each = calloc(cpus, sizeof(*each)), sum = {};

	if (traffic_get(rig, id, each))
		abort();
	for (int i = 0; i < cpus; i++) {
		sum.out_packets += each[i].out_packets;
		sum.out_bytes += each[i].out_bytes;
		sum.in_packets += each[i].in_packets;
		sum.in_bytes += each[i].in_bytes;
	}
	free(each);
	return sum;
}

struct catch {
	struct mf_event last;
	int count;
};

static int on_event(void *context, void *data, size_t bytes)
{
	struct catch *catch = context;

	if (bytes == sizeof(catch->last))
		memcpy(&catch->last, data, bytes);
	catch->count++;
	return 0;
}

int rig_event(struct rig *rig, struct mf_event *event)
{
	struct catch catch = {};
	struct ring_buffer *ring;

	ring = ring_buffer__new(bpf_map__fd(rig->skel->maps.mf_events), on_event, &catch, NULL);
	if (!ring)
		abort();
	ring_buffer__consume(ring);
	ring_buffer__free(ring);
	if (event)
		*event = catch.last;
	return catch.count;
}

int rig_probe(struct rig *rig, const __u8 *source, struct mf_probe *probe)
{
	return bpf_map_lookup_elem(bpf_map__fd(rig->skel->maps.mf_probe), source, probe);
}
