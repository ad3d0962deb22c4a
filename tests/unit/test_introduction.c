// SPDX-License-Identifier: GPL-2.0-only
/* loader/introduction.c: who listens for whom; and clients in the live table. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "loader/instance.h"
#include "loader/introduction.h"
#include "loader/live.h"

enum { CAPACITY = 8, SLOTS = 4096 };

struct bench {
	struct mf_instance instance;
	struct mf_seed seed[CAPACITY];
	struct mf_slot slot[CAPACITY];
	struct mf_bucket bucket[2 * MF_LIVE_HALF_LEAST];
};

static struct bench *bench_open(void)
{
	struct bench *bench = calloc(1, sizeof(*bench));
	struct mf_instance *instance = &bench->instance;

	instance->associations.entry = aligned_alloc(_Alignof(struct mf_entry), CAPACITY * sizeof(struct mf_entry));
	memset(instance->associations.entry, 0, CAPACITY * sizeof(struct mf_entry));
	instance->associations.capacity = instance->associations.limit = CAPACITY;
	instance->object.seed = bench->seed;
	instance->object.live = (struct mf_live){ bench->bucket, MF_LIVE_HALF_LEAST, CAPACITY, bench->slot };
	return bench;
}

static void bench_close(struct bench *bench)
{
	free(bench->instance.associations.entry);
	free(bench);
}

/* An association of introduction `key`. */
static void put(struct bench *bench, __u32 id, __u8 flags, __u8 key, __u8 client)
{
	struct mf_association *association = &bench->instance.associations.entry[id].association;

	*association = (struct mf_association){ .generation = 1, .flags = flags, .rotation_ms = 3000,
						.carriage = MF_CARRIAGE_ENCAP };
	association->inner_remote[15] = client;
	memset(&bench->seed[id], 0, sizeof(bench->seed[id]));
	bench->seed[id].key[0] = key;
	bench->seed[id].seed_remote[0] = client;
	bench->seed[id].local = (struct mf_template){ .base = { 0x20 }, .prefix_length = 64, .hop_bits = 64 };
	if (flags & MF_ASSOC_ROAMS)
		bench->seed[id].remote = (struct mf_template){ .prefix_length = 64, .hop_bits = 64 };
}

static int check(struct bench *bench, int id, __u32 like)
{
	return mf_introduction_check(&bench->instance, id, &bench->instance.associations.entry[like].association,
				     &bench->seed[like]);
}

static void listeners(void **state)
{
	struct bench *bench = bench_open();
	struct mf_associations *all = &bench->instance.associations;

	(void)state;
	put(bench, 0, MF_ASSOC_LISTENS, 1, 0);
	put(bench, 1, MF_ASSOC_ROAMS, 1, 7);
	put(bench, 2, MF_ASSOC_ROAMS, 2, 7);
	put(bench, 3, 0, 9, 9);
	assert_int_equal(check(bench, -1, 1), -ENOLINK);
	assert_int_equal(check(bench, -1, 0), 0);
	mf_introduction_join(&bench->instance, 0);
	assert_int_equal(check(bench, -1, 0), -EEXIST);
	assert_int_equal(check(bench, 0, 0), 0);
	assert_int_equal(check(bench, -1, 1), 0);
	assert_int_equal(check(bench, -1, 2), -ENOLINK); /* another key */
	assert_int_equal(check(bench, -1, 3), 0);
	all->entry[1].association.rotation_ms = 200;
	assert_int_equal(check(bench, -1, 1), -ENOLINK);
	all->entry[1].association.rotation_ms = 3000;
	bench->seed[1].local.base[7] = 1;
	assert_int_equal(check(bench, -1, 1), -ENOLINK);
	bench->seed[1].local.base[7] = 0;
	bench->seed[1].seed_local[0] = 1;
	assert_int_equal(check(bench, -1, 1), -ENOLINK);
	bench->seed[1].seed_local[0] = 0;

	mf_introduction_join(&bench->instance, 1);
	assert_int_equal(mf_introduction_clients(all, 0), 1);
	assert_int_equal(mf_introduction_clients(all, 1), 0);
	put(bench, 4, MF_ASSOC_LISTENS, 2, 0);
	assert_int_equal(check(bench, 0, 4), -EUSERS); /* to another key, away from its client */
	mf_introduction_leave(&bench->instance, 1);
	assert_int_equal(mf_introduction_clients(all, 0), 0);
	assert_int_equal(check(bench, 0, 4), 0);
	mf_introduction_leave(&bench->instance, 0);
	assert_int_equal(check(bench, -1, 1), -ENOLINK);
	bench_close(bench);
}

/* A listener that is changed still has its clients; a client is counted where it is, and no count goes below nothing. */
static void listener_changed(void **state)
{
	struct bench *bench = bench_open();
	struct mf_associations *all = &bench->instance.associations;

	(void)state;
	put(bench, 0, MF_ASSOC_LISTENS, 1, 0);
	put(bench, 1, MF_ASSOC_ROAMS, 1, 7);
	mf_introduction_join(&bench->instance, 0);
	mf_introduction_join(&bench->instance, 1);
	mf_introduction_change_begin(&bench->instance, 0);
	mf_introduction_change_end(&bench->instance, 0);
	assert_int_equal(all->listeners, 1);
	assert_int_equal(mf_introduction_clients(all, 0), 1);
	mf_introduction_change_begin(&bench->instance, 1);
	assert_int_equal(mf_introduction_clients(all, 0), 0);
	mf_introduction_change_end(&bench->instance, 1);
	assert_int_equal(mf_introduction_clients(all, 0), 1);
	mf_introduction_leave(&bench->instance, 1);
	mf_introduction_leave(&bench->instance, 1);
	assert_int_equal(mf_introduction_clients(all, 0), 0);
	bench_close(bench);
}

static void listeners_most(void **state)
{
	struct bench *bench = bench_open();
	struct mf_associations *all = &bench->instance.associations;

	(void)state;
	put(bench, 0, MF_ASSOC_LISTENS, 1, 0);
	put(bench, 1, MF_ASSOC_LISTENS, 2, 0);
	for (int i = 0; i < MF_LISTENERS; i++) {
		assert_int_equal(check(bench, -1, 1), 0);
		mf_introduction_join(&bench->instance, 0);
	}
	assert_int_equal(check(bench, -1, 1), -ENOSPC);
	assert_int_equal(all->listeners, MF_LISTENERS);
	bench_close(bench);
}

/* After a loader was killed: clients may come before their listener. */
static void recalled(void **state)
{
	struct bench *bench = bench_open();
	struct mf_associations *all = &bench->instance.associations;

	(void)state;
	put(bench, 0, MF_ASSOC_ROAMS, 1, 7);
	put(bench, 1, MF_ASSOC_ROAMS, 1, 8);
	put(bench, 2, MF_ASSOC_LISTENS, 1, 0);
	put(bench, 3, MF_ASSOC_LISTENS, 2, 0);
	put(bench, 4, MF_ASSOC_ROAMS, 2, 7);
	mf_introduction_recall(&bench->instance);
	mf_introduction_recall(&bench->instance);
	assert_int_equal(all->listeners, 2);
	assert_int_equal(mf_introduction_clients(all, 2), 2);
	assert_int_equal(mf_introduction_clients(all, 3), 1);
	bench_close(bench);
}

/* All clients' slots have the listener's address, and each is found, and taken out, by itself. */
static void live_clients(void **state)
{
	__u32 half = mf_live_half(SLOTS / MF_LIVE_PER_ASSOC);
	struct mf_slot *slots = calloc(SLOTS, sizeof(*slots));
	struct mf_live live = { aligned_alloc(64, 2UL * half * 64), half, SLOTS, slots };

	(void)state;
	memset(live.bucket, 0, 2UL * half * 64);
	for (__u32 i = 0; i < SLOTS; i++) {
		slots[i].index = 5;
		memset(slots[i].local, 0xab, 16);
		memcpy(slots[i].remote + 8, &(__u64){ i * 0x9e3779b97f4a7c15ULL }, 8);
		assert_int_equal(mf_live_put(&live, i), 0);
	}
	for (__u32 i = 0; i < SLOTS; i++)
		assert_int_equal(mf_live_find_same(&live, &slots[i]), i);
	assert_int_equal(mf_live_find(&live, slots[0].local), 0); /* the one without an identifier: the listener's */
	mf_live_drop(&live, 0);
	mf_live_drop(&live, 7);
	assert_int_equal(mf_live_find(&live, slots[0].local), MF_LIVE_NOWHERE);
	assert_int_equal(mf_live_find_same(&live, &slots[7]), MF_LIVE_NOWHERE);
	for (__u32 i = 8; i < SLOTS; i++)
		assert_int_equal(mf_live_find_same(&live, &slots[i]), i);
	free(live.bucket);
	free(slots);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(listeners), cmocka_unit_test(listener_changed),
		cmocka_unit_test(listeners_most), cmocka_unit_test(recalled),
		cmocka_unit_test(live_clients),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
