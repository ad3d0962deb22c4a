// SPDX-License-Identifier: GPL-2.0-only
/*
 * Entries of mf_lent. The loader owns their end; programs only look them up, while mf_node says that there are any. Each
 * has a local route of its own for as long: the stack takes packets to addresses that no interface has by that alone.
 */
#include "loader/lend.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <stddef.h>
#include <string.h>
#include <unistd.h>

#include "loader/check.h"
#include "loader/instance.h"
#include "loader/node.h"
#include "loader/prefix.h"
#include "loader/route.h"

enum { LIFETIME_MAX_MS = 24 * 3600 * 1000 };

static int find(const struct mf_lent *lent, const __u8 address[static 16])
{
	for (__u32 i = 0; i < lent->count; i++)
		if (!memcmp(lent->entry[i].address, address, 16))
			return i;
	return -1;
}

void mf_lent_note(struct mf_lent *lent, const __u8 address[static 16])
{
	memcpy(lent->past[lent->past_at], address, 16);
	lent->past_at = (lent->past_at + 1) % MF_LENT_PAST;
	if (lent->past_count < MF_LENT_PAST)
		lent->past_count++;
}

int mf_lent_was(const struct mf_lent *lent, const __u8 address[static 16])
{
	for (__u32 i = 0; i < lent->past_count; i++)
		if (!memcmp(lent->past[i], address, 16))
			return 1;
	return 0;
}

static void take_back(struct mf_instance *instance, __u32 at)
{
	struct mf_lent *lent = &instance->lent;

	mf_lent_note(lent, lent->entry[at].address);
	mf_route_local_drop(&instance->netlink, lent->entry[at].address);
	bpf_map_delete_elem(instance->object.map[MF_MAP_LENT], lent->entry[at].address);
	lent->entry[at] = lent->entry[--lent->count];
	if (!lent->count)
		mf_node_publish(instance);
}

static int is_hopping(const struct mf_instance *instance, const __u8 address[static 16])
{
	const struct mf_node_config *config = &instance->record.config;

	for (unsigned int i = 0; i < config->templates; i++) {
		struct mf_prefix prefix = mf_prefix_of_template(&config->template[i]);

		if (mf_prefix_has(&prefix, address))
			return 1;
	}
	return 0;
}

static int refuse(struct mf_trouble *trouble, __u16 field, int error)
{
	*trouble = (struct mf_trouble){ field, error };
	return -1;
}

static int lend_until(struct mf_instance *instance, const struct mf_lend *lend, __u64 now_ms)
{
	struct mf_loan loan = {
		.from_ms = now_ms,
		.until_ms = now_ms + lend->lifetime_ms,
		.port = lend->port,
	};

	/* Never an association's address: that would be heard in its stead. */
	if (mf_live_find(&instance->object.live, lend->address) != MF_LIVE_NOWHERE)
		return -EEXIST;
	return bpf_map_update_elem(instance->object.map[MF_MAP_LENT], lend->address, &loan, BPF_ANY);
}

void mf_lend_recall(struct mf_instance *instance, const __u8 address[static 16], __u64 until_ms)
{
	struct mf_lent *lent = &instance->lent;
	int at = find(lent, address);

	if (at < 0 && lent->count == MF_LENT_MAX)
		return;
	if (at < 0)
		at = lent->count++;
	memcpy(lent->entry[at].address, address, 16);
	lent->entry[at].until_ms = until_ms;
}

int mf_lend_address(struct mf_instance *instance, const struct mf_lend *lend, struct mf_trouble *trouble)
{
	__u64 now_ms = mf_clock_now_ms(&instance->clock);
	int at = find(&instance->lent, lend->address), error;

	if (lend->pad)
		return refuse(trouble, MF_FIELD(lend.pad), 0);
	if (lend->lifetime_ms > LIFETIME_MAX_MS)
		return refuse(trouble, MF_FIELD(lend.lifetime_ms), 0);
	if (!is_hopping(instance, lend->address))
		return refuse(trouble, MF_FIELD(lend.address), 0);
	if (!lend->lifetime_ms) {
		if (at < 0)
			return refuse(trouble, 0, -ENOENT);
		take_back(instance, at);
		return 0;
	}
	if (at < 0 && instance->lent.count == MF_LENT_MAX)
		return refuse(trouble, 0, -ENOSPC);
	error = lend_until(instance, lend, now_ms);
	if (error)
		return refuse(trouble, 0, error);
	if (at < 0) {
		error = mf_route_local_put(&instance->netlink, lend->address);
		if (error && error != -EEXIST) {
			bpf_map_delete_elem(instance->object.map[MF_MAP_LENT], lend->address);
			return refuse(trouble, 0, error);
		}
	}
	mf_lend_recall(instance, lend->address, now_ms + lend->lifetime_ms);
	error = instance->lent.count == 1 ? mf_node_publish(instance) : 0;
	return error ? refuse(trouble, 0, error) : 0;
}

void mf_lend_clear(struct mf_instance *instance)
{
	while (instance->lent.count)
		take_back(instance, instance->lent.count - 1);
}

/* Whatever its version wrote there, a key is an address. */
static int is_of_addresses(int fd)
{
	struct bpf_map_info info = { 0 };
	__u32 bytes = sizeof(info);

	return !bpf_obj_get_info_by_fd(fd, &info, &bytes) && info.key_size == 16;
}

void mf_lend_sweep(struct mf_instance *instance)
{
	char path[MF_PIN_PATH_BYTES];
	__u8 address[16];
	int fd, error;

	mf_pins_path(&instance->pins, path, "mf_lent");
	fd = bpf_obj_get(path);
	if (fd < 0)
		return;
	error = is_of_addresses(fd) ? bpf_map_get_next_key(fd, NULL, address) : -EPROTO;
	while (!error) {
		mf_route_local_drop(&instance->netlink, address);
		error = bpf_map_get_next_key(fd, address, address);
	}
	close(fd);
}

__u64 mf_lend_expire(struct mf_instance *instance, __u64 now_ms)
{
	struct mf_lent *lent = &instance->lent;
	__u64 next_ms = ~0ULL;

	for (__u32 i = 0; i < lent->count;) {
		if (lent->entry[i].until_ms <= now_ms) {
			take_back(instance, i);
			continue;
		}
		if (lent->entry[i].until_ms < next_ms)
			next_ms = lent->entry[i].until_ms;
		i += 1;
	}
	return next_ms;
}
