// SPDX-License-Identifier: GPL-2.0-only
/* loader/twin.c, with what loader/inner.c makes of it: rings of associations with one host, and which of them leads. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <unistd.h>

#include <bpf/bpf.h>
#include <cmocka.h>

#include "loader/inner.h"
#include "loader/instance.h"
#include "loader/twin.h"

enum { CAPACITY = 8 };

struct bench {
	struct mf_instance instance;
	struct mf_seed seed[CAPACITY];
};

static struct bench *bench_open(void)
{
	struct bench *bench = calloc(1, sizeof(*bench));
	struct mf_instance *instance = &bench->instance;

	instance->associations.entry = aligned_alloc(_Alignof(struct mf_entry), CAPACITY * sizeof(struct mf_entry));
	memset(instance->associations.entry, 0, CAPACITY * sizeof(struct mf_entry));
	instance->associations.capacity = instance->associations.limit = CAPACITY;
	instance->object.seed = bench->seed;
	return bench;
}

static void bench_close(struct bench *bench)
{
	free(bench->instance.associations.entry);
	free(bench);
}

static void put(struct bench *bench, __u32 id, enum mf_twin_kind kind, __u8 host)
{
	struct mf_association *association = &bench->instance.associations.entry[id].association;

	*association = (struct mf_association){ .generation = 1, .rotation_ms = 3000, .carriage = MF_CARRIAGE_ENCAP };
	association->flags = kind == MF_TWIN_CLIENT ? MF_ASSOC_ROAMS : 0;
	association->shares = kind == MF_TWIN_GENERATION;
	association->inner_remote[15] = host;
	bench->seed[id] = (struct mf_seed){ .remote_count = 1 };
	bench->seed[id].remote_prefix[0] = (struct mf_prefix){ .length = 128, .address = { [15] = host } };
}

static void twins(void **state)
{
	struct bench *bench = bench_open();
	struct mf_associations *all = &bench->instance.associations;
	__u8 address[16] = { [15] = 7 };

	(void)state;
	for (__u32 id = 0; id < 3; id++)
		put(bench, id, MF_TWIN_CLIENT, 7);
	put(bench, 3, MF_TWIN_NONE, 7);
	assert_true(mf_twin_is(all, 0, MF_TWIN_CLIENT, address));
	assert_false(mf_twin_is(all, 0, MF_TWIN_GENERATION, address));
	assert_false(mf_twin_is(all, 3, MF_TWIN_CLIENT, address));
	assert_false(mf_twin_is(all, 3, MF_TWIN_NONE, address));
	assert_false(mf_twin_is(all, CAPACITY, MF_TWIN_CLIENT, address));
	assert_int_equal(mf_twin_leave(all, 0), -1);
	mf_twin_join(all, 1, 0);
	mf_twin_join(all, 2, 0);
	assert_true(mf_twin_leave(all, 0) > 0);
	assert_int_equal(mf_twin_leave(all, 1), 2);
	assert_int_equal(mf_twin_leave(all, 2), -1);
	assert_int_equal(mf_twin_leave(all, 0), -1);
	mf_twin_join(all, 0, 2);
	assert_int_equal(mf_twin_leave(all, 2), 0);
	bench_close(bench);
}

/* Whatever a ring has become, leaving it ends. */
static void twins_broken(void **state)
{
	struct bench *bench = bench_open();
	struct mf_associations *all = &bench->instance.associations;

	(void)state;
	mf_twin_join(all, 1, 1);
	assert_int_equal(all->entry[1].twin, 0);
	mf_twin_join(all, 1, 0);
	mf_twin_join(all, 1, 0);
	assert_int_equal(all->entry[0].twin, 2);
	assert_int_equal(all->entry[1].twin, 1);
	all->entry[1].twin = 2;
	assert_int_equal(mf_twin_leave(all, 0), 1);
	assert_int_equal(mf_twin_leave(all, 1), -1);
	bench_close(bench);
}

/* The maps that inner prefixes stand in, as far as a remote host needs them. */
static void maps_open(struct mf_instance *instance, struct mf_clock *clock)
{
	LIBBPF_OPTS(bpf_map_create_opts, options, .map_flags = BPF_F_NO_PREALLOC);
	int *map = instance->object.map;

	map[MF_MAP_NODE] = bpf_map_create(BPF_MAP_TYPE_ARRAY, "node", 4, sizeof(struct mf_node), 1, NULL);
	map[MF_MAP_REMOTE] = bpf_map_create(BPF_MAP_TYPE_LPM_TRIE, "remote", sizeof(struct mf_lpm_key), 4, CAPACITY,
					    &options);
	map[MF_MAP_SEED] = bpf_map_create(BPF_MAP_TYPE_ARRAY, "seed", 4, sizeof(struct mf_seed), CAPACITY, NULL);
	assert_true(map[MF_MAP_NODE] >= 0 && map[MF_MAP_REMOTE] >= 0 && map[MF_MAP_SEED] >= 0);
	instance->object.clock = clock;
	assert_int_equal(mf_table_open(&instance->associations.twins, 16), 0);
}

static void maps_close(struct mf_instance *instance)
{
	mf_table_close(&instance->associations.twins);
	close(instance->object.map[MF_MAP_NODE]);
	close(instance->object.map[MF_MAP_REMOTE]);
	close(instance->object.map[MF_MAP_SEED]);
}

static __u32 leads(const struct mf_instance *instance, const struct mf_lpm_key *key)
{
	__u32 id = CAPACITY;

	bpf_map_lookup_elem(instance->object.map[MF_MAP_REMOTE], key, &id);
	return id;
}

/* A host with two twins is taken over while a client is heard, now in the one and now in the other. */
static void taken_over(enum mf_twin_kind kind, __u32 first, __u32 then)
{
	struct bench *bench = bench_open();
	struct mf_instance *instance = &bench->instance;
	struct mf_lpm_key key = { .length = 128, .address = { [15] = 7 } };
	struct mf_seed seed = { .remote_count = 1, .remote_prefix = { { .length = 128, .address = { [15] = 7 } } } };
	struct mf_clock clock = { 0 };

	maps_open(instance, &clock);
	put(bench, 0, kind, 7);
	put(bench, 1, kind, 7);
	bpf_map_update_elem(instance->object.map[MF_MAP_REMOTE], &key, &first, BPF_ANY);
	assert_int_equal(mf_inner_change(instance, 0, NULL, &seed), 0);
	assert_int_equal(leads(instance, &key), first);
	bpf_map_update_elem(instance->object.map[MF_MAP_REMOTE], &key, &then, BPF_ANY);
	assert_int_equal(mf_inner_change(instance, 1, NULL, &seed), 0);
	assert_int_equal(leads(instance, &key), then);
	assert_int_equal(instance->associations.entry[0].twin, 2);
	assert_int_equal(instance->associations.entry[1].twin, 1);
	assert_int_equal(mf_inner_change(instance, then, &seed, NULL), 0);
	assert_int_equal(leads(instance, &key), !then);
	assert_int_equal(mf_inner_change(instance, !then, &seed, NULL), 0);
	assert_int_equal(leads(instance, &key), CAPACITY);
	assert_int_equal(instance->associations.twins.used, 0);
	assert_int_equal(instance->associations.first[0], 0);
	maps_close(instance);
	bench_close(bench);
}

static int is_root(void)
{
	if (geteuid())
		print_message("not root: makes no maps\n");
	return !geteuid();
}

static void recalled(void **state)
{
	(void)state;
	if (!is_root())
		skip();
	for (__u32 i = 0; i < 4; i++) {
		taken_over(MF_TWIN_CLIENT, i & 1, i >> 1);
		taken_over(MF_TWIN_GENERATION, i & 1, i >> 1);
	}
}

/* The first generation leads until another is told to, or it goes; the host is somebody's as long as one is left. */
static void generations(void **state)
{
	struct bench *bench = bench_open();
	struct mf_instance *instance = &bench->instance;
	struct mf_lpm_key key = { .length = 128, .address = { [15] = 7 } };
	struct mf_clock clock = { 0 };
	__u32 epoch;

	(void)state;
	if (!is_root())
		skip();
	maps_open(instance, &clock);
	for (__u32 id = 0; id < 3; id++) {
		put(bench, id, MF_TWIN_GENERATION, 7);
		assert_int_equal(mf_inner_change(instance, id, NULL, &bench->seed[id]), 0);
		assert_int_equal(mf_twin_leader(instance, key.address), 0);
	}
	assert_int_equal(instance->associations.first[0], 1);
	epoch = clock.epoch;
	assert_int_equal(mf_inner_lead(instance, 0), 0);
	assert_int_equal(clock.epoch, epoch); /* as before: no program has to look again */
	assert_int_equal(mf_inner_lead(instance, 1), 0);
	assert_int_equal(leads(instance, &key), 1);
	assert_int_equal(clock.epoch, epoch + 1);
	mf_inner_yield(instance, 0); /* does not lead */
	assert_int_equal(leads(instance, &key), 1);
	assert_int_equal(mf_inner_change(instance, 0, &bench->seed[0], NULL), 0);
	assert_int_equal(leads(instance, &key), 1);
	mf_inner_yield(instance, 1);
	assert_int_equal(leads(instance, &key), 2);
	instance->associations.entry[1].association.generation = 0;
	assert_int_equal(mf_inner_change(instance, 1, &bench->seed[1], NULL), 0);
	assert_int_equal(mf_twin_leader(instance, key.address), 2);
	mf_inner_yield(instance, 2); /* to nobody */
	assert_int_equal(mf_inner_change(instance, 2, &bench->seed[2], NULL), 0);
	assert_int_equal(mf_twin_leader(instance, key.address), -1);
	assert_int_equal(instance->associations.first[0], 0);
	maps_close(instance);
	bench_close(bench);
}

static __u16 conflict(const struct bench *bench, enum mf_twin_kind kind, int id, __u8 host)
{
	struct mf_assoc_config config = { .remote_count = 1 };

	config.flags = kind == MF_TWIN_CLIENT ? MF_ASSOC_ROAMS : 0;
	config.shares = kind == MF_TWIN_GENERATION;
	config.remote_prefix[0] = (struct mf_prefix){ .length = 128, .address = { [15] = host } };
	return mf_inner_conflict(&bench->instance, id, &config);
}

/* Only one's own kind may have the same host; and a generation keeps to its own. */
static void kinds_apart(void **state)
{
	struct bench *bench = bench_open();
	struct mf_instance *instance = &bench->instance;
	struct mf_clock clock = { 0 };

	(void)state;
	if (!is_root())
		skip();
	maps_open(instance, &clock);
	assert_int_equal(mf_table_open(&instance->associations.locals, sizeof(struct mf_prefix)), 0);
	for (__u32 kind = MF_TWIN_NONE; kind <= MF_TWIN_GENERATION; kind++) {
		put(bench, kind, kind, kind + 1);
		bpf_map_update_elem(instance->object.map[MF_MAP_SEED], &kind, &bench->seed[kind], BPF_ANY);
		assert_int_equal(mf_inner_change(instance, kind, NULL, &bench->seed[kind]), 0);
	}
	for (__u32 kind = MF_TWIN_NONE; kind <= MF_TWIN_GENERATION; kind++)
		for (__u32 other = MF_TWIN_NONE; other <= MF_TWIN_GENERATION; other++)
			assert_int_equal(!conflict(bench, kind, -1, other + 1), kind == other && kind != MF_TWIN_NONE);
	assert_int_equal(conflict(bench, MF_TWIN_GENERATION, MF_TWIN_GENERATION, MF_TWIN_GENERATION + 1), 0);
	assert_int_equal(conflict(bench, MF_TWIN_GENERATION, MF_TWIN_GENERATION, 9),
			 offsetof(struct mf_message, assoc_config.remote_prefix[0]));
	assert_int_equal(conflict(bench, MF_TWIN_GENERATION, -1, 9), 0);
	mf_table_close(&instance->associations.locals);
	maps_close(instance);
	bench_close(bench);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(twins), cmocka_unit_test(twins_broken), cmocka_unit_test(recalled),
		cmocka_unit_test(generations), cmocka_unit_test(kinds_apart),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
