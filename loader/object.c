// SPDX-License-Identifier: GPL-2.0-only
/*
 * Loading of the BPF object. Sizes come from the capacity; everything that has a name of ours is pinned.
 */
#include "loader/object.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <sys/mman.h>
#include <unistd.h>

#include "loader/cipher.h"
#include "loader/control.h"
#include "loader/log.h"
#include "mayfly.skel.h"

static const char *const map_names[MF_MAPS] = {
	[MF_MAP_NODE] = "mf_node", [MF_MAP_CLOCK] = "mf_clock", [MF_MAP_ASSOC] = "mf_assoc", [MF_MAP_SEED] = "mf_seed",
	[MF_MAP_STATE] = "mf_state", [MF_MAP_TRAFFIC] = "mf_traffic", [MF_MAP_SLOTS] = "mf_slots",
	[MF_MAP_LIVE] = "mf_live", [MF_MAP_LENT] = "mf_lent", [MF_MAP_REMOTE] = "mf_remote", [MF_MAP_LOCAL] = "mf_local",
	[MF_MAP_PAIR] = "mf_pair", [MF_MAP_OWN] = "mf_own", [MF_MAP_ROUTER] = "mf_router", [MF_MAP_VERDICT] = "mf_verdict",
	[MF_MAP_EVENTS] = "mf_events", [MF_MAP_SEAL] = "mf_seal",
};

static const char *const program_names[MF_PROGRAMS] = {
	[MF_PROGRAM_IN] = "mf_in", [MF_PROGRAM_IN_TC] = "mf_in_tc", [MF_PROGRAM_OUT] = "mf_out",
	[MF_PROGRAM_OUT_TC] = "mf_out_tc", [MF_PROGRAM_CUT_TC] = "mf_cut_tc", [MF_PROGRAM_GUARD] = "mf_guard", [MF_PROGRAM_ARM] = "mf_arm",
};

const char *mf_program_name(enum mf_program program)
{
	return program_names[program];
}

int mf_program_find(const char *name, size_t length)
{
	for (int i = 0; i < MF_PROGRAMS; i++)
		if (strlen(program_names[i]) == length && !memcmp(program_names[i], name, length))
			return i;
	return -1;
}

static int print_to_log(enum libbpf_print_level level, const char *format, va_list arguments)
{
	char text[400];
	int length;

	if (level == LIBBPF_DEBUG)
		return 0;
	length = vsnprintf(text, sizeof(text), format, arguments);
	if (length > 0 && length < (int)sizeof(text) && text[length - 1] == '\n')
		text[length - 1] = 0;
	mf_log(MF_LOG_DEBUG, "%s", text);
	return 0;
}

void mf_object_talk(int verbose)
{
	libbpf_set_print(verbose ? print_to_log : NULL);
}

/* Entries of a map that depend on the instance; 0: as the object says. */
static __u32 entries_of(enum mf_map map, __u32 capacity, __u32 ring_slots)
{
	switch (map) {
	case MF_MAP_ASSOC:
	case MF_MAP_SEED:
	case MF_MAP_STATE:
	case MF_MAP_TRAFFIC:
	case MF_MAP_SEAL:
		return capacity;
	case MF_MAP_SLOTS:
		return ring_slots;
	case MF_MAP_LIVE:
		return 2 * mf_live_half(capacity);
	case MF_MAP_REMOTE:
	case MF_MAP_PAIR:
		return capacity * MF_ASSOC_PREFIXES;
	case MF_MAP_LOCAL:
		return capacity * MF_ASSOC_PREFIXES + MF_ASSOC_PREFIXES;
	default:
		return 0;
	}
}

static int is_kept(const char *name)
{
	for (int i = 0; i < MF_MAPS; i++)
		if (!strcmp(map_names[i], name))
			return 1;
	return 0;
}

/*
 * What programs alone use, budgets and the like, begins anew where an earlier loader's has another shape. Of all other maps
 * that is another version (MF_ABI_VERSION).
 */
static void pin_drop_unfit(const struct bpf_map *map, const char *path)
{
	struct bpf_map_info info = { 0 };
	__u32 bytes = sizeof(info);
	int fd = is_kept(bpf_map__name(map)) ? -1 : bpf_obj_get(path);

	if (fd < 0)
		return;
	if (!bpf_obj_get_info_by_fd(fd, &info, &bytes) &&
	    (info.type != bpf_map__type(map) || info.key_size != bpf_map__key_size(map) ||
	     info.value_size != bpf_map__value_size(map) || info.max_entries != bpf_map__max_entries(map)))
		unlink(path);
	close(fd);
}

static int maps_prepare(struct mf_object *object, const struct mf_pins *pins)
{
	char path[MF_PIN_PATH_BYTES];
	struct bpf_map *map;

	bpf_object__for_each_map(map, object->skeleton->obj) {
		if (bpf_map__is_internal(map))
			continue;
		mf_pins_path(pins, path, "%s", bpf_map__name(map));
		pin_drop_unfit(map, path);
		if (bpf_map__set_pin_path(map, path))
			return -ENOMEM;
	}
	for (int i = 0; i < MF_MAPS; i++) {
		__u32 entries = entries_of(i, object->capacity, object->ring_slots);

		map = bpf_object__find_map_by_name(object->skeleton->obj, map_names[i]);
		if (!map || (entries && bpf_map__set_max_entries(map, entries)))
			return -ENOENT;
	}
	return 0;
}

/* Programs that were loaded with other shapes in mind must not meet ours. */
static int version_check(const struct mf_pins *pins)
{
	char path[MF_PIN_PATH_BYTES];
	struct mf_clock clock;
	__u32 zero = 0;
	int fd, error;

	mf_pins_path(pins, path, "%s", map_names[MF_MAP_CLOCK]);
	fd = bpf_obj_get(path);
	if (fd < 0)
		return 0;
	error = bpf_map_lookup_elem(fd, &zero, &clock);
	close(fd);
	if (error)
		return error;
	return clock.version && clock.version != MF_ABI_VERSION ? -EPROTO : 0;
}

static void descriptors_find(struct mf_object *object)
{
	struct bpf_object *loaded = object->skeleton->obj;

	for (int i = 0; i < MF_MAPS; i++)
		object->map[i] = bpf_object__find_map_fd_by_name(loaded, map_names[i]);
	for (int i = 0; i < MF_PROGRAMS; i++)
		object->program[i] = bpf_program__fd(bpf_object__find_program_by_name(loaded, program_names[i]));
}

static size_t mapped_bytes(size_t entries, size_t bytes)
{
	size_t page = sysconf(_SC_PAGESIZE);

	return (entries * bytes + page - 1) / page * page;
}

static void *map_memory(const struct mf_object *object, enum mf_map map, size_t entries, size_t bytes)
{
	return mmap(NULL, mapped_bytes(entries, bytes), PROT_READ | PROT_WRITE, MAP_SHARED, object->map[map], 0);
}

/* A jiffy: what the coarse clock steps by. */
static __u32 tick_ns(void)
{
	struct timespec resolution;

	return clock_getres(CLOCK_MONOTONIC_COARSE, &resolution) ? 0 : (__u32)resolution.tv_nsec;
}

static int memory_map(struct mf_object *object)
{
	const size_t half = mf_live_half(object->capacity);

	object->clock = map_memory(object, MF_MAP_CLOCK, 1, sizeof(*object->clock));
	object->state = map_memory(object, MF_MAP_STATE, object->capacity, sizeof(*object->state));
	object->slots = map_memory(object, MF_MAP_SLOTS, object->ring_slots, sizeof(*object->slots));
	object->seed = map_memory(object, MF_MAP_SEED, object->capacity, sizeof(*object->seed));
	object->seal = map_memory(object, MF_MAP_SEAL, object->capacity, sizeof(*object->seal));
	object->live = (struct mf_live){
		.bucket = map_memory(object, MF_MAP_LIVE, 2 * half, sizeof(*object->live.bucket)),
		.half = half,
		.slots = object->ring_slots,
		.slot = object->slots,
	};
	if (object->clock == MAP_FAILED || object->state == MAP_FAILED || object->slots == MAP_FAILED ||
	    object->seed == MAP_FAILED || object->seal == MAP_FAILED || object->live.bucket == MAP_FAILED)
		return -ENOMEM;
	if (madvise(object->seed, mapped_bytes(object->capacity, sizeof(*object->seed)), MADV_DONTDUMP) ||
	    madvise(object->seal, mapped_bytes(object->capacity, sizeof(*object->seal)), MADV_DONTDUMP))
		return -errno;
	object->clock->version = MF_ABI_VERSION;
	object->clock->tick_ns = tick_ns();
	return 0;
}

static int load(struct mf_object *object, const struct mf_pins *pins)
{
	int error = version_check(pins);

	if (error)
		return error;
	object->skeleton = mayfly__open();
	if (!object->skeleton)
		return -errno;
	object->skeleton->rodata->mf_half = mf_live_half(object->capacity);
	object->skeleton->rodata->mf_multiplies = mf_cipher_multiplies();
	error = maps_prepare(object, pins);
	if (!error)
		error = mayfly__load(object->skeleton);
	if (error)
		return error;
	descriptors_find(object);
	return memory_map(object);
}

int mf_object_open(struct mf_object *object, const struct mf_pins *pins, __u32 capacity, __u32 ring_slots)
{
	int error, cpus = libbpf_num_possible_cpus();

	if (cpus < 0)
		return cpus;
	*object = (struct mf_object){ .capacity = capacity, .ring_slots = ring_slots, .cpus = cpus };
	error = load(object, pins);
	if (error)
		mf_object_close(object);
	return error;
}

int mf_object_pin(const struct mf_object *object, const struct mf_pins *pins)
{
	int pinned = 0, error = 0;
	char path[MF_PIN_PATH_BYTES];
	struct bpf_map *map;

	bpf_object__for_each_map(map, object->skeleton->obj) {
		if (bpf_map__is_internal(map))
			continue;
		mf_pins_path(pins, path, "%s", bpf_map__name(map));
		if (!access(path, F_OK))
			continue;
		error = bpf_obj_pin(bpf_map__fd(map), path);
		if (error)
			return error;
		pinned += 1;
	}
	return pinned;
}

static void unmap(void *memory, size_t entries, size_t bytes)
{
	if (memory && memory != MAP_FAILED)
		munmap(memory, mapped_bytes(entries, bytes));
}

void mf_object_close(struct mf_object *object)
{
	unmap(object->clock, 1, sizeof(*object->clock));
	unmap(object->state, object->capacity, sizeof(*object->state));
	unmap(object->slots, object->ring_slots, sizeof(*object->slots));
	unmap(object->seed, object->capacity, sizeof(*object->seed));
	unmap(object->seal, object->capacity, sizeof(*object->seal));
	unmap(object->live.bucket, 2ULL * object->live.half, sizeof(*object->live.bucket));
	if (object->skeleton)
		mayfly__destroy(object->skeleton);
	*object = (struct mf_object){ 0 };
}

int mf_object_arm(const struct mf_object *object)
{
	__u8 frame[64] = { 0 };
	LIBBPF_OPTS(bpf_test_run_opts, options, .data_in = frame, .data_size_in = sizeof(frame));
	int error = bpf_prog_test_run_opts(object->program[MF_PROGRAM_ARM], &options);

	if (error)
		return error;
	return (int)options.retval < 0 ? -EBUSY : 0;
}

int mf_object_sum(const struct mf_object *object, enum mf_map map, __u32 key, __u64 *sum, unsigned int words)
{
	__u64 *values = calloc(object->cpus, words * sizeof(*values));
	int error = -ENOMEM;

	if (!values)
		return error;
	error = bpf_map_lookup_elem(object->map[map], &key, values);
	memset(sum, 0, words * sizeof(*sum));
	for (unsigned int i = 0; !error && i < object->cpus * words; i++)
		sum[i % words] += values[i];
	free(values);
	return error;
}

int mf_object_clear(const struct mf_object *object, enum mf_map map, __u32 key, size_t bytes)
{
	void *values = calloc(object->cpus, bytes);
	int error = -ENOMEM;

	if (values)
		error = bpf_map_update_elem(object->map[map], &key, values, BPF_ANY);
	free(values);
	return error;
}
