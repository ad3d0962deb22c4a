// SPDX-License-Identifier: GPL-2.0-only
/*
 * Setting up and taking down, in an order in which inner addresses are never reachable past the programs
 * that guard them; and what the programs are told of the node and of time.
 */
#include "loader/node.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <sodium.h>
#include <stddef.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "loader/check.h"
#include "loader/cutter.h"
#include "loader/device.h"
#include "loader/instance.h"
#include "loader/lend.h"
#include "loader/log.h"
#include "loader/nic.h"
#include "loader/offload.h"
#include "loader/prefix.h"
#include "loader/reports.h"
#include "loader/watch.h"

#define NS_PER_MS 1000000LL
enum { LEASE_MOST_MS = 2000 };
#define JUMP_NS 100000000LL /* from here on every association is looked at anew */

static int is_dark(const struct mf_node_config *config)
{
	return config->dark == MF_AUTO ? config->mode == MF_MODE_ROUTED : config->dark == MF_YES;
}

/* A veth whose peer has no XDP program of its own loses what XDP sends back: tc does it there. */
static int needs_reflection(const struct mf_instance *instance)
{
	char driver[MF_DRIVER_BYTES];

	mf_offload_driver(instance->socket_fd, instance->nic.name, driver);
	return !strcmp(driver, "veth");
}

static __u32 flags_of(const struct mf_instance *instance)
{
	const struct mf_node_config *config = &instance->record.config;
	__u32 flags = 0;

	if (config->mode == MF_MODE_ON_LINK)
		flags |= MF_NODE_ON_LINK;
	if (is_dark(config))
		flags |= MF_NODE_DARK;
	if (instance->associations.ipv4)
		flags |= MF_NODE_INNER_V4;
	if (config->on_link_peers == MF_YES)
		flags |= MF_NODE_ANY_SOLICITOR;
	if (instance->owns)
		flags |= MF_NODE_OWN;
	if (instance->lent.count)
		flags |= MF_NODE_LENDS;
	if (instance->nic.ifindex && needs_reflection(instance))
		flags |= MF_NODE_REFLECT;
	return flags;
}

int mf_node_publish(struct mf_instance *instance)
{
	const struct mf_node_config *config = &instance->record.config;
	struct mf_node node = {
		.nic = instance->nic.ifindex,
		.device = instance->device.ifindex,
		.inside = instance->inside.ifindex,
		.cutter = instance->cutter.ifindex,
		.flags = flags_of(instance),
		.prefixes = config->templates,
	};
	__u32 zero = 0;

	memcpy(node.device_mac, instance->device.mac, 6);
	memcpy(node.inside_mac, instance->inside.mac, 6);
	memcpy(node.nic_mac, instance->nic.mac, 6);
	for (unsigned int i = 0; i < config->templates; i++)
		node.prefix[i] = mf_prefix_of_template(&config->template[i]);
	for (unsigned int byte = 0; byte < 256; byte++)
		if (instance->associations.first[byte])
			node.inner_first[byte / 64] |= 1ULL << byte % 64;
	return bpf_map_update_elem(instance->object.map[MF_MAP_NODE], &zero, &node, BPF_ANY);
}

static void say_clock(enum mf_clock_state before, const struct mf_clock_engine *clock)
{
	if (before == clock->state)
		return;
	if (clock->state == MF_CLOCK_HOLDS)
		mf_log(MF_LOG_WARNING, "system clock has jumped by %lld ms: the hops keep to the old time for now, "
		       "and follow if it stays so for %d s", (long long)(clock->error_ns / NS_PER_MS),
		       MF_CLOCK_CONFIRM_MS / 1000);
	else if (clock->state == MF_CLOCK_SLEWS)
		mf_log(MF_LOG_NOTICE, "system clock is off by %lld ms: the hops follow at %d ms a second",
		       (long long)(clock->error_ns / NS_PER_MS), MF_CLOCK_SLEW_MS_PER_S);
	else
		mf_log(MF_LOG_NOTICE, "the hops follow the system clock again");
}

static void everything_is_due(struct mf_instance *instance)
{
	struct mf_associations *all = &instance->associations;

	for (__u32 id = 0; id < all->limit; id++)
		if (all->entry[id].association.generation)
			mf_due_set(&all->due, id, 0);
}

/*
 * mf_live is one rotation ahead of what is needed: so long may pass after we have died, half of it for the lease, the
 * rest for the timer's own beat. A lease that runs out while we live does no harm: both do the same.
 */
__u32 mf_node_lease_ms(const struct mf_instance *instance)
{
	__u32 half_ms = instance->shortest_ms / 2;

	return half_ms && half_ms < LEASE_MOST_MS ? half_ms : LEASE_MOST_MS;
}

void mf_node_beat(struct mf_instance *instance)
{
	struct mf_clock_engine *clock = &instance->clock;
	enum mf_clock_state state = clock->state;
	__s64 before_ns = clock->offset_ns, moved_ns;
	struct mf_clock_sample sample;

	mf_clock_read(&sample, instance->options->clock_ahead_ms);
	if (mf_clock_follow(clock, &sample))
		__atomic_store_n(&instance->object.clock->offset_ns, clock->offset_ns, __ATOMIC_RELEASE);
	__atomic_store_n(&instance->object.clock->lease_ns, sample.monotonic_ns + mf_node_lease_ms(instance) * NS_PER_MS,
			 __ATOMIC_RELEASE);
	say_clock(state, clock);
	moved_ns = clock->offset_ns - before_ns;
	if (moved_ns > JUMP_NS || moved_ns < -JUMP_NS)
		everything_is_due(instance);
}

/* Everything that may have been set up, whether or not it was; twice does no harm. */
/* No program is left that reads them; the kernel gives their memory to others as it is. */
static void secrets_wipe(struct mf_object *object)
{
	if (object->seal && object->seal != MAP_FAILED)
		sodium_memzero(object->seal, object->capacity * sizeof(*object->seal));
	if (object->seed && object->seed != MAP_FAILED)
		sodium_memzero(object->seed, object->capacity * sizeof(*object->seed));
}

static void take_down(struct mf_instance *instance)
{
	instance->running = 0;
	mf_reports_close(instance);
	mf_lend_clear(instance);
	mf_attach_init(&instance->attach, &instance->pins, &instance->object, &instance->netlink,
		       instance->options);
	mf_device_delete(instance); /* first: what it says must not leave by a NIC without programs */
	mf_nic_detach(instance);
	mf_attach_drop_all(&instance->attach, 0);
	mf_cutter_find(instance);
	mf_cutter_delete(instance);
	if (instance->record_fd >= 0)
		close(instance->record_fd);
	instance->record_fd = -1;
	mf_pins_clear(&instance->pins);
	secrets_wipe(&instance->object);
	mf_object_close(&instance->object);
	mf_associations_close(&instance->associations);
	memset(&instance->record, 0, sizeof(instance->record));
	memset(&instance->nic, 0, sizeof(instance->nic));
	instance->shortest_ms = 0;
	instance->adopted = 0;
	instance->device_error = instance->refused_nic = instance->pins_error = 0;
}

void mf_node_clear(struct mf_instance *instance)
{
	if (!instance->running)
		return;
	take_down(instance);
	mf_log(MF_LOG_NOTICE, "%s: detached, nothing is left behind", instance->options->interface);
}

void mf_node_leave(const struct mf_instance *instance)
{
	if (instance->running)
		mf_log(MF_LOG_NOTICE, "%s: ends, and leaves everything running for the next loader to take over",
		       instance->options->interface);
}

static int record_begin(struct mf_instance *instance, const struct mf_node_config *config)
{
	char path[MF_PIN_PATH_BYTES];
	int fd;

	instance->record = (struct mf_record){ .version = MF_RECORD_VERSION, .config = *config };
	mf_pins_path(&instance->pins, path, "mf_config");
	fd = mf_record_create(path);
	if (fd < 0)
		return fd;
	instance->record_fd = fd;
	return mf_record_write(fd, &instance->record);
}

static int maps_begin(struct mf_instance *instance)
{
	const struct mf_node_config *config = &instance->record.config;
	struct mf_clock_sample sample;
	int error = mf_object_open(&instance->object, &instance->pins, config->capacity, config->ring_slots);

	if (error)
		return error;
	error = mf_associations_open(&instance->associations, config->capacity, config->ring_slots);
	if (error)
		return error;
	mf_clock_read(&sample, instance->options->clock_ahead_ms);
	mf_clock_start(&instance->clock, &sample);
	instance->object.clock->offset_ns = instance->clock.offset_ns;
	mf_node_beat(instance);
	return 0;
}

static int hooks_begin(struct mf_instance *instance)
{
	int error;

	mf_attach_init(&instance->attach, &instance->pins, &instance->object, &instance->netlink,
		       instance->options);
	error = mf_cutter_create(instance);
	if (!error)
		error = mf_device_create(instance);
	if (!error)
		error = mf_nic_attach(instance);
	if (!error)
		error = mf_device_raise(instance);
	if (!error)
		error = mf_watch_guards(instance);
	if (!error)
		error = mf_device_addresses(instance, NULL, &instance->record.config);
	if (!error)
		error = mf_object_arm(&instance->object);
	if (!error)
		error = mf_reports_open(instance);
	return error;
}

static int set_up(struct mf_instance *instance, const struct mf_node_config *config)
{
	int error = mf_pins_open(&instance->pins);

	if (error == -EBUSY)
		mf_log(MF_LOG_ERROR, "%s: another mayfly-loader has it", instance->pins.directory);
	if (error)
		return error;
	error = record_begin(instance, config);
	if (!error)
		error = maps_begin(instance);
	if (!error)
		error = hooks_begin(instance);
	if (!error) {
		instance->record.complete = 1;
		error = mf_record_write(instance->record_fd, &instance->record);
	}
	return error;
}

static int refuse(struct mf_trouble *trouble, __u16 field, int error)
{
	*trouble = (struct mf_trouble){ field, error };
	return -1;
}

static int begin(struct mf_instance *instance, struct mf_node_config *config, struct mf_trouble *trouble)
{
	int error;

	if (!config->ring_slots)
		config->ring_slots = mf_check_ring_slots(config);
	mf_nic_find(instance);
	if (!instance->nic.ifindex) {
		mf_log(MF_LOG_ERROR, "%s: no such network interface", instance->options->interface);
		return refuse(trouble, 0, -ENODEV);
	}
	error = set_up(instance, config);
	if (error) {
		__u16 unfit = error == -EMEDIUMTYPE ? (__u16)mf_device_unfit(&instance->nic) : 0;

		if (error != -EBUSY || instance->pins.lock >= 0)
			take_down(instance);
		mf_log(MF_LOG_ERROR, "%s: cannot be set up: %s", instance->options->interface, strerror(-error));
		return refuse(trouble, unfit, error);
	}
	instance->running = 1;
	instance->stale = MF_STALE_ALL;
	mf_watch_refresh(instance);
	mf_log(MF_LOG_NOTICE, "%s: attached, device %s", instance->options->interface, config->device);
	return 0;
}

/* What a running node cannot change. */
static __u16 find_fixed(const struct mf_node_config *now, const struct mf_node_config *wanted)
{
	if (strncmp(now->device, wanted->device, MF_DEVICE_BYTES))
		return MF_FIELD(node_config.device);
	if (now->capacity != wanted->capacity)
		return MF_FIELD(node_config.capacity);
	if (wanted->ring_slots && now->ring_slots != wanted->ring_slots)
		return MF_FIELD(node_config.ring_slots);
	return 0;
}

static int change(struct mf_instance *instance, struct mf_node_config *config, struct mf_trouble *trouble)
{
	struct mf_node_config before = instance->record.config;
	__u16 field = find_fixed(&before, config);
	int error;

	if (field)
		return refuse(trouble, field, 0);
	config->ring_slots = before.ring_slots;
	error = mf_device_addresses(instance, &before, config);
	if (error)
		return refuse(trouble, 0, error);
	instance->record.config = *config;
	error = mf_node_publish(instance);
	if (!error)
		error = mf_record_write(instance->record_fd, &instance->record);
	if (error) {
		mf_device_addresses(instance, config, &before);
		instance->record.config = before;
		mf_node_publish(instance);
		return refuse(trouble, 0, error);
	}
	mf_nic_mode(instance);
	mf_nic_threads(instance);
	everything_is_due(instance); /* another look-ahead */
	instance->stale = MF_STALE_ALL;
	return 0;
}

int mf_node_set(struct mf_instance *instance, const struct mf_node_config *config, struct mf_trouble *trouble)
{
	struct mf_node_config wanted = *config;

	return instance->running ? change(instance, &wanted, trouble) : begin(instance, &wanted, trouble);
}

/* Programs go with the last of their pins and their loader, devices stay: what these send would leave as it is. */
void mf_node_sweep(struct mf_instance *instance)
{
	__u32 id;

	mf_nic_find(instance);
	if (instance->nic.ifindex && mf_attach_xdp_mode(instance->nic.ifindex, &id) != MF_HOOK_NONE)
		return;
	if (mf_device_delete_strays(instance))
		mf_log(MF_LOG_WARNING, "%s: what an earlier loader had pinned was removed, and its programs with it: its devices are "
		       "taken away, and the node has to be brought up again", instance->options->interface);
	memset(&instance->nic, 0, sizeof(instance->nic));
}

int mf_node_detach(struct mf_instance *instance)
{
	char path[MF_PIN_PATH_BYTES];

	if (!mf_pins_exist(&instance->pins)) {
		mf_node_sweep(instance);
		return 0;
	}
	if (mf_pins_open(&instance->pins)) {
		mf_log(MF_LOG_ERROR, "%s: another mayfly-loader has it", instance->pins.directory);
		return -EBUSY;
	}
	mf_pins_path(&instance->pins, path, "mf_config");
	if (instance->record_fd >= 0)
		close(instance->record_fd);
	instance->record_fd = mf_record_open(path, &instance->record);
	mf_lend_sweep(instance);
	take_down(instance);
	mf_device_delete_strays(instance);
	return 0;
}
