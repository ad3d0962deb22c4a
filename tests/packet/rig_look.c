// SPDX-License-Identifier: GPL-2.0-only
/*
 * What a test reads out of an end's maps, and puts there: slots, live entries, events, probes, traffic.
 */
#include <bpf/bpf.h>
#include <stdlib.h>
#include <string.h>

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

const struct mf_slot *rig_live_get(const struct rig *rig, const __u8 *address)
{
	__u32 position = mf_live_find(&rig->live, address);

	return position == MF_LIVE_NOWHERE ? NULL : &rig->slots[position];
}

int rig_live_has(const struct rig *rig, const struct mf_slot *slot)
{
	__u32 position = mf_live_find_same(&rig->live, slot);

	return position != MF_LIVE_NOWHERE && &rig->slots[position] == slot;
}

void rig_lend(struct rig *rig, const __u8 *address, const struct mf_loan *loan)
{
	if (bpf_map_update_elem(bpf_map__fd(rig->skel->maps.mf_lent), address, loan, BPF_ANY))
		abort();
	rig->node.flags |= MF_NODE_LENDS;
	rig_node_write(rig);
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

static union mf_live_entry *entry_of(const struct rig *rig, __u32 number)
{
	return &rig->live.bucket[number / MF_BUCKET_ENTRIES].entry[number % MF_BUCKET_ENTRIES];
}

static __u32 entries_of(const struct rig *rig)
{
	return 2 * rig->live.half * MF_BUCKET_ENTRIES;
}

__u32 rig_live_count(const struct rig *rig)
{
	__u32 count = 0;

	for (__u32 i = 0; i < entries_of(rig); i++)
		count += entry_of(rig, i)->place != 0;
	return count;
}

void rig_live_clear(struct rig *rig)
{
	memset(rig->live.bucket, 0, 2 * rig->live.half * sizeof(*rig->live.bucket));
}

void rig_live_drop(struct rig *rig, enum deal id)
{
	for (__u32 i = 0; i < RING_SLOTS; i++)
		mf_live_drop(&rig->live, rig->association[id].ring_base + i);
}

struct mf_live_key rig_live_key(const struct rig *rig, const __u8 *address)
{
	__u64 word[2];

	memcpy(word, address, sizeof(word));
	return mf_live_key(word[0], word[1], rig->live.half);
}

/* Fills one bucket with slots that belong there and not into `other`; `left` says which half it is of. */
static void bucket_crowd(struct rig *rig, __u32 bucket, __u32 other, int left, const struct mf_slot *others[])
{
	__u32 filled = 0;

	for (__u32 i = 0; i < rig->live.slots && filled < MF_BUCKET_ENTRIES; i++) {
		struct mf_live_key key = rig_live_key(rig, rig->slots[i].local);

		if ((left ? key.left : key.right) != bucket || (left ? key.right : key.left) == other)
			continue;
		rig->live.bucket[bucket].entry[filled] = (union mf_live_entry){ .tag = key.tag, .place = i + 1 };
		others[filled++] = &rig->slots[i];
	}
	if (filled < MF_BUCKET_ENTRIES)
		abort();
}

void rig_live_crowd(struct rig *rig, const struct mf_slot *slot, const struct mf_slot *others[])
{
	struct mf_live_key key = rig_live_key(rig, slot->local);

	bucket_crowd(rig, key.left, key.right, 1, others);
	bucket_crowd(rig, key.right, key.left, 0, others + MF_BUCKET_ENTRIES);
}

/* Tags are the slot's own, so that the entries are not taken for leftovers. */
void rig_live_fill(struct rig *rig, __u32 place)
{
	struct mf_live_key key = rig_live_key(rig, rig->slots[place - 1].local);

	for (__u32 i = 0; i < entries_of(rig); i++)
		if (!entry_of(rig, i)->place)
			*entry_of(rig, i) = (union mf_live_entry){ .tag = key.tag, .place = place };
}

void rig_live_unfill(struct rig *rig, __u32 place)
{
	for (__u32 i = 0; i < entries_of(rig); i++)
		if (entry_of(rig, i)->place == place)
			entry_of(rig, i)->word = 0;
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
		if (mf_live_put(&rig->live, rig_slot(rig, id, ahead) - rig->slots))
			abort();
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
	for (__u32 of = 0; of < bpf_map__max_entries(rig->skel->maps.mf_budget); of++)
		per_cpu_zero(rig->skel->maps.mf_budget, of);
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
