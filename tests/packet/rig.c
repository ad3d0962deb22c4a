// SPDX-License-Identifier: GPL-2.0-only
/*
 * One end: its maps, filled from the table of deals; slots derived as the loader derives them.
 */
#include "tests/packet/rig.h"
#include "tests/packet/rig_look.h"

#include <arpa/inet.h>
#include <bpf/bpf.h>
#include <net/if.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "loader/cipher.h"
#include "loader/slot.h"
#include "mayfly.skel.h"

enum {
	INNER_PREFIXES = 2,
	KEY_FIRST = 0xbe, /* at START_MS no deal of 3 s has less than half a second left of its slot */
};

struct deal_terms {
	__u32 rotation_ms;
	__u8 carriage;
	__u8 flags[SIDES];
	__u16 port[SIDES];
	__u16 link_mtu;
	__u8 padding;
	const char *wire[SIDES];
	__u8 hop_bits;
	const char *inner[SIDES][INNER_PREFIXES];
	__u8 inner_length[INNER_PREFIXES];
};

#define WIRE { "2001:db8:a::", "2001:db8:b::" }, .hop_bits = 64
#define HOSTS(number) { { "fd6d:a::" number }, { "fd6d:b::" number } }, .inner_length = { 128 }

static const struct deal_terms deals[DEALS] = {
	[HOST] = { 3000, MF_CARRIAGE_ENCAP, .wire = WIRE, .inner = HOSTS("1") },
	[NET] = { 3000, MF_CARRIAGE_ENCAP, { MF_ASSOC_OWN_PREFIXES, MF_ASSOC_OWN_PREFIXES }, .wire = WIRE,
		  .inner = { { "fd01:a::", "::ffff:10.1.0.0" }, { "fd01:b::", "::ffff:10.2.0.0" } },
		  .inner_length = { 48, 112 } },
	[REWRITE] = { 3000, MF_CARRIAGE_REWRITE, .wire = WIRE, .inner = HOSTS("2") },
	[REWRITE_PORT] = { 3000, MF_CARRIAGE_REWRITE, .port = { 51820, 4500 }, .wire = WIRE, .inner = HOSTS("3") },
	[ZERO] = { 3000, MF_CARRIAGE_ENCAP, { MF_ASSOC_ZERO_CHECKSUM, MF_ASSOC_ZERO_CHECKSUM }, .wire = WIRE,
		   .inner = HOSTS("4") },
	[FOLLOWER] = { 3000, MF_CARRIAGE_ENCAP, { MF_ASSOC_FOLLOWS, MF_ASSOC_OPENS }, .wire = WIRE,
		       .inner = HOSTS("5") },
	[BOTH] = { 3000, MF_CARRIAGE_ENCAP, { MF_ASSOC_FOLLOWS | MF_ASSOC_OPENS, MF_ASSOC_FOLLOWS | MF_ASSOC_OPENS },
		   .wire = WIRE, .inner = HOSTS("6") },
	[REWRITE_FOLLOWER] = { 3000, MF_CARRIAGE_REWRITE, { MF_ASSOC_FOLLOWS, MF_ASSOC_OPENS }, { 51820, 51820 },
			       .wire = WIRE, .inner = HOSTS("7") },
	[QUICK] = { 200, MF_CARRIAGE_ENCAP, .wire = { "2001:db8:aa:1:2::", "2001:db8:bb:1:2::" }, .hop_bits = 48,
		    .inner = HOSTS("8") },
	[BIG] = { 3000, MF_CARRIAGE_ENCAP, { MF_ASSOC_ZERO_CHECKSUM, MF_ASSOC_ZERO_CHECKSUM }, .link_mtu = 65535,
		  .wire = WIRE, .inner = HOSTS("9") },
	[SEALED] = { 3000, MF_CARRIAGE_SEALED, .wire = WIRE, .inner = HOSTS("13") },
	[SEALED_NET] = { 3000, MF_CARRIAGE_SEALED, { MF_ASSOC_OWN_PREFIXES, MF_ASSOC_OWN_PREFIXES }, .wire = WIRE,
			 .inner = { { "fd03:a::", "::ffff:10.3.0.0" }, { "fd03:b::", "::ffff:10.4.0.0" } },
			 .inner_length = { 48, 112 } },
	[CLASSES] = { 3000, MF_CARRIAGE_SEALED, .padding = MF_PADDING_CLASSES, .wire = WIRE, .inner = HOSTS("14") },
	[FULL] = { 3000, MF_CARRIAGE_SEALED, .padding = MF_PADDING_FULL, .wire = WIRE, .inner = HOSTS("15") },
	[SEALED_FOLLOWER] = { 3000, MF_CARRIAGE_SEALED, { MF_ASSOC_FOLLOWS, MF_ASSOC_OPENS }, .wire = WIRE,
			      .inner = HOSTS("16") },
	[LISTENER] = { 3000, MF_CARRIAGE_ENCAP, { MF_ASSOC_LISTENS, MF_ASSOC_LISTENS }, .wire = WIRE,
		       .inner = { { "fd6d:a::10" }, { "fd6d:b::10" } } },
	[CLIENT] = { 3000, MF_CARRIAGE_ENCAP, { MF_ASSOC_ROAMS }, .wire = WIRE, .inner = HOSTS("11") },
	[OTHER_CLIENT] = { 3000, MF_CARRIAGE_ENCAP, { MF_ASSOC_ROAMS }, .wire = WIRE, .inner = HOSTS("12") },
};

static void give_up(const char *what)
{
	perror(what);
	exit(1);
}

static void update(const struct bpf_map *map, const void *key, const void *value)
{
	if (bpf_map_update_elem(bpf_map__fd(map), key, value, BPF_ANY))
		give_up(bpf_map__name(map));
}

struct address rig_address(const char *text)
{
	struct address address = {};

	if (inet_pton(AF_INET6, text, address.byte) != 1)
		give_up(text);
	return address;
}

struct address rig_inner(enum deal id, enum side side)
{
	struct address address = rig_address(deals[id].inner[side][0]);

	address.byte[15] |= deals[id].inner_length[0] < 128;
	return address;
}

static void template_fill(struct mf_template *template, const struct deal_terms *deal, enum side side)
{
	struct address base = rig_address(deal->wire[side]);

	memcpy(template->base, base.byte, 16);
	template->hop_bits = deal->hop_bits;
	template->prefix_length = 128 - deal->hop_bits;
}

/* One key and one local seed for all, a seed of its own for each client, whose prefix HERE does not know. */
static void introduction_fill(struct rig *rig, enum deal id)
{
	struct mf_seed *seed = &rig->seed[id];
	struct mf_template open = { .prefix_length = 64, .hop_bits = 64 };

	memset(seed->key, KEY_FIRST + LISTENER, sizeof(seed->key));
	if (id != LISTENER)
		memset(rig->side == HERE ? seed->seed_remote : seed->seed_local, 0xc0 + id, sizeof(seed->seed_local));
	if (id == LISTENER) {
		memset(&seed->remote, 0, sizeof(seed->remote));
		memset(seed->seed_remote, 0, sizeof(seed->seed_remote));
	} else if (rig->side == HERE) {
		seed->remote = open;
	}
}

static void seed_fill(struct rig *rig, enum deal id)
{
	struct mf_seed *seed = &rig->seed[id];

	memset(seed, 0, sizeof(*seed));
	memset(seed->key, KEY_FIRST + id, sizeof(seed->key));
	memset(seed->seed_local, 0xa0 + rig->side, sizeof(seed->seed_local));
	memset(seed->seed_remote, 0xa0 + !rig->side, sizeof(seed->seed_remote));
	template_fill(&seed->local, &deals[id], rig->side);
	template_fill(&seed->remote, &deals[id], !rig->side);
	if (id >= LISTENER)
		introduction_fill(rig, id);
}

static __u32 sum_of(const struct address *address)
{
	__u32 sum = 0;
	__u16 word;

	for (int i = 0; i < 16; i += 2) {
		memcpy(&word, address->byte + i, 2);
		sum += word;
	}
	return sum;
}

static void association_fill(struct rig *rig, enum deal id)
{
	const struct deal_terms *deal = &deals[id];
	struct mf_association *association = &rig->association[id];
	struct address local = rig_inner(id, rig->side), remote = rig_inner(id, !rig->side);

	*association = (struct mf_association){
		.generation = 1000 + id,
		.carriage = deal->carriage,
		.flags = deal->flags[rig->side],
		.link_mtu = deal->link_mtu ? deal->link_mtu : LINK_MTU,
		.rotation_ms = deal->rotation_ms,
		.phase_ms = mf_slot_phase(rig->seed[id].key, deal->rotation_ms),
		.ring_base = id * RING_SLOTS,
		.ring_slots = RING_SLOTS,
		.local_port = htons(deal->port[rig->side]),
		.remote_port = htons(deal->port[!rig->side]),
		.padding = deal->padding,
		.sealing = deal->carriage == MF_CARRIAGE_SEALED ? 24 + (deal->padding ? 2 : 0) : 0,
	};
	if (deal->inner_length[0] < 128)
		return;
	association->flags |= MF_ASSOC_HOST_PAIR;
	memcpy(association->inner_local, local.byte, 16);
	memcpy(association->inner_remote, remote.byte, 16);
	association->inner_sum = sum_of(&local) + sum_of(&remote);
}

static void slots_fill(struct rig *rig, enum deal id)
{
	const struct mf_association *association = &rig->association[id];
	struct mf_schedule schedule = { association->rotation_ms, association->phase_ms };
	__u64 first = mf_slot_index(&schedule, START_MS) - START_INDEX_BACK;

	for (__u64 index = first; index < first + RING_SLOTS; index++) {
		struct mf_slot *slot = &rig->slots[association->ring_base + index % RING_SLOTS];

		mf_slot_fill(slot, &rig->seed[id], &schedule, index);
		slot->association = id;
	}
}

/* What `side` seals with in this deal. */
static struct mf_seal_key seal_key(enum deal id, enum side side)
{
	struct mf_seal_key key = { .sender = side };
	__u8 bytes[sizeof(key.key) + sizeof(key.mask)];

	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = 16 * id + 7 * i + 129 * side + 1;
	memcpy(key.key, bytes, sizeof(key.key));
	memcpy(key.mask, bytes + sizeof(key.key), sizeof(key.mask));
	return key;
}

static void seal_fill(struct rig *rig, enum deal id)
{
	memset(&rig->seal[id], 0, sizeof(rig->seal[id]));
	if (deals[id].carriage != MF_CARRIAGE_SEALED)
		return;
	rig->seal[id].out = seal_key(id, rig->side);
	rig->seal[id].in = seal_key(id, !rig->side);
}

static void inner_fill(struct rig *rig, enum deal id)
{
	const struct deal_terms *deal = &deals[id];
	__u32 one = 1, id_value = id;

	for (int i = 0; i < INNER_PREFIXES && deal->inner_length[i]; i++) {
		struct address local = rig_address(deal->inner[rig->side][i]);
		struct address remote = rig_address(deal->inner[!rig->side][i]);
		struct mf_lpm_key key = { .length = deal->inner_length[i] };
		struct mf_pair_key pair = { .length = 32 + deal->inner_length[i], .association = id };

		memcpy(key.address, local.byte, 16);
		update(rig->skel->maps.mf_local, &key, &one);
		memcpy(pair.address, local.byte, 16);
		if (deal->flags[rig->side] & MF_ASSOC_OWN_PREFIXES)
			update(rig->skel->maps.mf_pair, &pair, &one);
		memcpy(key.address, remote.byte, 16);
		update(rig->skel->maps.mf_remote, &key, &id_value);
		rig->node.inner_first[local.byte[0] >> 6] |= 1ULL << (local.byte[0] & 63);
		rig->node.inner_first[remote.byte[0] >> 6] |= 1ULL << (remote.byte[0] & 63);
	}
}

static void node_fill(struct rig *rig)
{
	struct mf_node *node = &rig->node;
	struct address wire = rig_address(deals[HOST].wire[rig->side]);
	struct address quick = rig_address(deals[QUICK].wire[rig->side]);

	*node = (struct mf_node){
		.nic = if_nametoindex("nic"),
		.device = if_nametoindex("mayfly0"),
		.inside = if_nametoindex("mayfly0-in"),
		.cutter = if_nametoindex("mayfly0-to"),
		.flags = MF_NODE_DARK | MF_NODE_INNER_V4,
		.prefixes = 2,
	};
	memcpy(node->device_mac, mac_device, 6);
	memcpy(node->inside_mac, mac_inside, 6);
	memcpy(node->nic_mac, mac_nic, 6);
	memcpy(node->prefix[0].address, wire.byte, 16);
	memcpy(node->prefix[1].address, quick.byte, 16);
	node->prefix[0].length = 64;
	node->prefix[1].length = 80;
}

void rig_node_write(struct rig *rig)
{
	__u32 zero = 0;

	update(rig->skel->maps.mf_node, &zero, &rig->node);
}

void rig_association_write(struct rig *rig, enum deal id)
{
	__u32 key = id;

	update(rig->skel->maps.mf_assoc, &key, &rig->association[id]);
}

static void map_clear(const struct bpf_map *map, void *key)
{
	while (!bpf_map_get_next_key(bpf_map__fd(map), NULL, key))
		bpf_map_delete_elem(bpf_map__fd(map), key);
}

static void tables_clear(struct rig *rig)
{
	__u8 key[64];

	rig_live_clear(rig);
	map_clear(rig->skel->maps.mf_lent, key);
	map_clear(rig->skel->maps.mf_own, key);
	map_clear(rig->skel->maps.mf_router, key);
	map_clear(rig->skel->maps.mf_probe, key);
}

void rig_reset(struct rig *rig)
{
	rig->clock->lease_ns = ~0ULL;
	rig->now_ms = START_MS;
	tables_clear(rig);
	node_fill(rig);
	memset(rig->state, 0, DEALS * sizeof(*rig->state));
	for (enum deal id = 0; id < DEALS; id++) {
		association_fill(rig, id);
		inner_fill(rig, id);
		slots_fill(rig, id);
		seal_fill(rig, id);
		rig_association_write(rig, id);
		rig_keep(rig, id);
	}
	rig->clock->associations = DEALS;
	rig->clock->version = MF_ABI_VERSION;
	rig_node_write(rig);
	rig_cpus_forget(rig);
	rig_event(rig, NULL);
}

static size_t memory_bytes(const struct bpf_map *map)
{
	return ((size_t)bpf_map__value_size(map) * bpf_map__max_entries(map) + 4095) & ~4095UL;
}

static void *map_memory(const struct bpf_map *map)
{
	void *memory = mmap(NULL, memory_bytes(map), PROT_READ | PROT_WRITE, MAP_SHARED, bpf_map__fd(map), 0);

	if (memory == MAP_FAILED)
		give_up("mmap of a map");
	return memory;
}

static void sizes_set(struct mayfly *skel)
{
	bpf_map__set_max_entries(skel->maps.mf_assoc, DEALS);
	bpf_map__set_max_entries(skel->maps.mf_seed, DEALS);
	bpf_map__set_max_entries(skel->maps.mf_state, DEALS);
	bpf_map__set_max_entries(skel->maps.mf_traffic, DEALS);
	bpf_map__set_max_entries(skel->maps.mf_seal, DEALS);
	bpf_map__set_max_entries(skel->maps.mf_slots, DEALS * RING_SLOTS);
	bpf_map__set_max_entries(skel->maps.mf_live, 2 * mf_live_half(DEALS));
	bpf_map__set_max_entries(skel->maps.mf_remote, 64);
	bpf_map__set_max_entries(skel->maps.mf_local, 64);
	bpf_map__set_max_entries(skel->maps.mf_pair, 64);
}

void rig_open(struct rig *rig, enum side side)
{
	memset(rig, 0, sizeof(*rig));
	rig->side = side;
	rig->skel = mayfly__open();
	if (!rig->skel)
		give_up("mayfly__open");
	sizes_set(rig->skel);
	/* THERE sends nothing but what opens a slot. Slow processors are long about mf_cut_tc. */
	bpf_program__set_autoload(rig->skel->progs.mf_cut_tc, side == HERE);
	bpf_program__set_autoload(rig->skel->progs.mf_out, side == HERE);
	rig->skel->rodata->mf_half = mf_live_half(DEALS);
	rig->skel->rodata->mf_multiplies = mf_cipher_multiplies();
	if (mayfly__load(rig->skel))
		give_up("mayfly__load");
	rig->slots = map_memory(rig->skel->maps.mf_slots);
	rig->state = map_memory(rig->skel->maps.mf_state);
	rig->clock = map_memory(rig->skel->maps.mf_clock);
	rig->seal = map_memory(rig->skel->maps.mf_seal);
	rig->live = (struct mf_live){ .bucket = map_memory(rig->skel->maps.mf_live), .half = mf_live_half(DEALS),
				      .slots = DEALS * RING_SLOTS, .slot = rig->slots };
	for (enum deal id = 0; id < DEALS; id++)
		seed_fill(rig, id);
	rig_reset(rig);
}

void rig_close(struct rig *rig)
{
	munmap(rig->slots, memory_bytes(rig->skel->maps.mf_slots));
	munmap(rig->state, memory_bytes(rig->skel->maps.mf_state));
	munmap(rig->clock, memory_bytes(rig->skel->maps.mf_clock));
	munmap(rig->seal, memory_bytes(rig->skel->maps.mf_seal));
	munmap(rig->live.bucket, memory_bytes(rig->skel->maps.mf_live));
	mayfly__destroy(rig->skel);
	rig->skel = NULL;
}
