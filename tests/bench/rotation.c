// SPDX-License-Identifier: GPL-2.0-only
/*
 * Time to renew the addresses of many associations at the same moment, by the loader's own keeper on
 * maps of the right size. The associations share a key, hence a phase, and differ in their seeds.
 *
 *	rotation BPFFS COUNT...
 *
 * Prints samples (MEASURE, COUNT, ROUND, ms): rotation.map, new live entries in and old ones out, slots
 * derived before; rotation.derive, the slots alone; rotation.all, one after the other as the loader does it;
 * rotation.kernel, for comparison: as many deletions and insertions in a hash map of the kernel's, a batch a call.
 */
#include <bpf/bpf.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sodium.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "loader/instance.h"

enum { ROTATION_MS = 3000, LOOK_AHEAD_MS = 30000, ROUNDS = 9, WARM_UP = 2, BATCH = 512, VALUE_BYTES = 56 };

static double now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1e3 + now.tv_nsec / 1e6;
}

static struct mf_template template(__u8 last)
{
	return (struct mf_template){ .base = { 0x20, 0x01, 0x0d, 0xb8, 0, last }, .prefix_length = 64, .hop_bits = 64 };
}

static struct mf_seed seed_of(__u32 id)
{
	struct mf_seed seed = { .key = "sixteen bytes K", .local = template(1), .remote = template(2), .senders = 1 };

	memcpy(seed.seed_local, &id, sizeof(id));
	memcpy(seed.seed_remote + 4, &id, sizeof(id));
	return seed;
}

/* As mf_association_add() leaves it, without routes and inner prefixes. */
static int association_put(struct mf_instance *instance, __u32 id, __u64 time_ms)
{
	__u32 slots = mf_ring_wanted(LOOK_AHEAD_MS, ROTATION_MS);
	struct mf_entry *entry = &instance->associations.entry[id];
	struct mf_seed seed = seed_of(id);
	int error;

	entry->association = (struct mf_association){
		.generation = 1, .carriage = MF_CARRIAGE_ENCAP, .rotation_ms = ROTATION_MS,
		.phase_ms = mf_slot_phase(seed.key, ROTATION_MS), .ring_base = id * slots, .ring_slots = slots,
	};
	error = bpf_map_update_elem(instance->object.map[MF_MAP_SEED], &id, &seed, BPF_ANY);
	if (!error)
		error = mf_association_publish(instance, id);
	if (!error)
		error = mf_keep_start(instance, id, time_ms);
	mf_due_set(&instance->associations.due, id, time_ms);
	return error;
}

/* The loader's main loop, as far as it keeps. */
static void keep_all(struct mf_instance *instance, __u64 time_ms)
{
	while (mf_keep_turn(instance, time_ms) <= time_ms)
		;
}

/* What the keeper would derive for the next slot, before it begins. */
static double derive_next(struct mf_instance *instance, __u32 count, struct mf_seed *seeds)
{
	double began = now_ms();

	for (__u32 id = 0; id < count; id++) {
		struct mf_entry *entry = &instance->associations.entry[id];
		struct mf_schedule schedule = mf_entry_schedule(entry);
		__u64 index = entry->filled_index + 1;
		struct mf_slot *ring = instance->object.slots + entry->association.ring_base;

		mf_slot_fill(&ring[index % entry->association.ring_slots], &seeds[id], &schedule, index);
		ring[index % entry->association.ring_slots].association = id;
		entry->filled_index = index;
	}
	return now_ms() - began;
}

static void print(const char *measure, __u32 count, int round, double ms)
{
	if (round >= 0)
		printf("%s\t%u\t%d\t%.3f\n", measure, count, round, ms);
}

/* The newest address of the last association stands in mf_live, and the oldest does not. */
static int is_right(struct mf_instance *instance, __u32 id, __u64 time_ms)
{
	const struct mf_entry *entry = &instance->associations.entry[id];
	struct mf_schedule schedule = mf_entry_schedule(entry);
	__u64 newest = mf_slot_index(&schedule, time_ms) + MF_KEEP_AHEAD;
	struct mf_seed seed = seed_of(id);
	struct mf_slot first, last;
	const struct mf_live *live = &instance->object.live;
	__u32 position;

	mf_slot_fill(&last, &seed, &schedule, newest);
	mf_slot_fill(&first, &seed, &schedule, newest - MF_LIVE_PER_ASSOC);
	position = mf_live_find(live, last.local);
	return position != MF_LIVE_NOWHERE && instance->object.slots[position].index == newest &&
	       mf_live_find(live, first.local) == MF_LIVE_NOWHERE;
}

/* The same entries out and in again, a batch a call. ms, or < 0. */
static double kernel_round(int fd, __u8 (*address)[16], __u8 (*value)[VALUE_BYTES], __u32 count)
{
	LIBBPF_OPTS(bpf_map_batch_opts, options);
	double began = now_ms();

	for (__u32 at = 0; at < count; at += BATCH) {
		__u32 left = count - at < BATCH ? count - at : BATCH, some = left;

		if (bpf_map_delete_batch(fd, address[at], &some, &options))
			return -1;
		some = left;
		if (bpf_map_update_batch(fd, address[at], value[at], &some, &options))
			return -1;
	}
	return now_ms() - began;
}

/* A hash map as large and as full as the live table, of addresses and what is to be known of each. */
static int measure_kernel(__u32 count)
{
	const __u32 all = count * MF_LIVE_PER_ASSOC;
	__u8 (*address)[16] = calloc(all, 16), (*value)[VALUE_BYTES] = calloc(all, VALUE_BYTES);
	int fd = bpf_map_create(BPF_MAP_TYPE_HASH, "rotation", 16, VALUE_BYTES, all + BATCH, NULL);
	int error = !address || !value ? -ENOMEM : fd < 0 ? fd : 0;

	if (!error)
		randombytes_buf(address, all * sizeof(*address));
	for (__u32 i = 0; !error && i < all; i++)
		error = bpf_map_update_elem(fd, address[i], value[i], BPF_ANY);
	for (int round = -WARM_UP; !error && round < ROUNDS; round++) {
		__u32 first = (round + WARM_UP) % MF_LIVE_PER_ASSOC * count;
		double ms = kernel_round(fd, address + first, value + first, count);

		print("rotation.kernel", count, round, ms);
		error = ms < 0 ? -EPROTO : 0;
	}
	if (fd >= 0)
		close(fd);
	free(address);
	free(value);
	return error;
}

static int measure(struct mf_instance *instance, __u32 count, struct mf_seed *seeds, __u64 time_ms)
{
	double derived, began;

	for (int round = -WARM_UP; round < 2 * ROUNDS; round++) {
		time_ms += ROTATION_MS;
		derived = round < ROUNDS ? derive_next(instance, count, seeds) : 0;
		began = now_ms();
		keep_all(instance, time_ms);
		if (round < ROUNDS) {
			print("rotation.map", count, round, now_ms() - began);
			print("rotation.derive", count, round, derived);
		} else {
			print("rotation.all", count, round - ROUNDS, now_ms() - began);
		}
		if (!is_right(instance, count - 1, time_ms)) {
			fprintf(stderr, "rotation: the live table is not as it should be\n");
			return -EPROTO;
		}
	}
	return measure_kernel(count);
}

static int fill_and_measure(struct mf_instance *instance, __u32 count)
{
	struct mf_seed *seeds = calloc(count, sizeof(*seeds));
	__u64 time_ms = 1700000000000ULL;
	int error = seeds ? 0 : -ENOMEM;

	for (__u32 id = 0; !error && id < count; id++) {
		seeds[id] = seed_of(id);
		error = association_put(instance, id, time_ms);
	}
	if (!error) {
		keep_all(instance, time_ms);
		error = measure(instance, count, seeds, time_ms);
	}
	free(seeds);
	return error;
}

static int run(const char *bpffs, __u32 count)
{
	struct mf_instance *instance = calloc(1, sizeof(*instance));
	__u32 slots = count * mf_ring_wanted(LOOK_AHEAD_MS, ROTATION_MS);
	int error;

	if (!instance)
		return -ENOMEM;
	instance->record.config = (struct mf_node_config){ .mode = MF_MODE_ROUTED, .look_ahead_ms = LOOK_AHEAD_MS };
	instance->packet_fd = instance->socket_fd = -1;
	mf_pins_init(&instance->pins, bpffs, "rotation");
	error = mf_pins_open(&instance->pins);
	if (!error)
		error = mf_object_open(&instance->object, &instance->pins, count, slots);
	if (!error)
		error = mf_associations_open(&instance->associations, count, slots);
	if (!error)
		error = fill_and_measure(instance, count);
	mf_associations_close(&instance->associations);
	mf_object_close(&instance->object);
	mf_pins_clear(&instance->pins);
	free(instance);
	return error;
}

int main(int argc, char **argv)
{
	struct rlimit all = { RLIM_INFINITY, RLIM_INFINITY };
	int error = argc < 3 ? -EINVAL : 0;

	if (error)
		fprintf(stderr, "usage: rotation BPFFS COUNT...\n");
	setrlimit(RLIMIT_MEMLOCK, &all);
	for (int i = 2; !error && i < argc; i++)
		error = run(argv[1], strtoul(argv[i], NULL, 10));
	if (error)
		fprintf(stderr, "rotation: %s\n", strerror(-error));
	return !!error;
}
