// SPDX-License-Identifier: GPL-2.0-only
/*
 * Bounds of everything that comes over the control socket. Whether it fits what is there already
 * (names, templates, other peers' prefixes) is for loader/association.c to say.
 */
#include "loader/check.h"

#include <sodium.h>
#include <stddef.h>
#include <string.h>

#include "loader/prefix.h"
#include "loader/ring.h"
#include "loader/slot.h"

enum {
	RING_SLOTS_MAX = 1 << 26,        /* 4 GB */
	RING_SLOTS_LEAST = 1 << 16,      /* default: 4 MB, enough for fast rotation too */
	RING_SLOTS_MOST = 1 << 23,       /* default: 512 MB; more associations have shorter rings */
	DEFAULT_ROTATION_MS = 3000,
	DEVICE_NAME_MAX = 12,            /* so that "-in" fits behind it */
	INTRODUCTION = MF_ASSOC_LISTENS | MF_ASSOC_ROAMS,
};

_Static_assert(sizeof(struct mf_message) <= 0xffff, "fields are told by their offset, a __u16");

/* Where element `at` of the list that begins at `first` stands in the message. */
static __u16 field_of(size_t first, size_t at, size_t bytes)
{
	return (__u16)(first + at * bytes);
}

static int all_zero(const void *data, size_t bytes)
{
	const __u8 *byte = data;

	while (bytes--)
		if (*byte++)
			return 0;
	return 1;
}

/* Printable, at least one byte, terminated, zeros behind. */
static int name_is_right(const char *name, size_t bytes)
{
	size_t length = strnlen(name, bytes);

	if (length == 0 || length == bytes)
		return 0;
	for (size_t i = 0; i < length; i++)
		if (name[i] < '!' || name[i] > '~')
			return 0;
	return all_zero(name + length, bytes - length);
}

/* What the kernel takes as an interface name, and what is one component of a path under /proc/sys. */
static int device_is_right(const char *name)
{
	static const char allowed[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-";

	return name_is_right(name, MF_DEVICE_BYTES) && strlen(name) <= DEVICE_NAME_MAX &&
	       strspn(name, allowed) == strlen(name);
}

/* Never an inner address: unspecified and loopback, link-local, multicast, and the same of IPv4. */
static int is_special(const struct mf_prefix *prefix)
{
	static const struct mf_prefix special[] = {
		{ .address = { [15] = 0 }, .length = 127 },
		{ .address = { 0xfe, 0x80 }, .length = 10 },
		{ .address = { 0xff }, .length = 8 },
		{ .address = { [10] = 0xff, [11] = 0xff, [12] = 0 }, .length = 104 },
		{ .address = { [10] = 0xff, [11] = 0xff, [12] = 127 }, .length = 104 },
		{ .address = { [10] = 0xff, [11] = 0xff, [12] = 224 }, .length = 99 },
	};

	for (size_t i = 0; i < sizeof(special) / sizeof(special[0]); i++)
		if (mf_prefix_covers(&special[i], prefix) || mf_prefix_covers(prefix, &special[i]))
			return 1;
	return 0;
}

static int length_is_right(const struct mf_prefix *prefix)
{
	return prefix->length >= 1 && prefix->length <= 128 && all_zero(prefix->pad, sizeof(prefix->pad));
}

static int host_bits_are_zero(const struct mf_prefix *prefix)
{
	for (unsigned int bit = prefix->length; bit < 128; bit++)
		if (prefix->address[bit / 8] & 0x80 >> bit % 8)
			return 0;
	return 1;
}

/* An address with the length of its link. */
static int address_is_right(const struct mf_prefix *address)
{
	struct mf_prefix host = mf_prefix_host(address);

	if (mf_prefix_is_ipv4(&host) && address->length <= 96)
		return 0;
	return length_is_right(address) && !is_special(&host);
}

static int prefix_is_right(const struct mf_prefix *prefix)
{
	return length_is_right(prefix) && host_bits_are_zero(prefix) && !is_special(prefix);
}

/* Lengths first: nothing may be made of a prefix whose length is still anything. */
static int template_is_right(const struct mf_template *template)
{
	struct mf_prefix prefix;

	if (template->prefix_length < 8 || template->prefix_length > 112 || mf_template_check(template))
		return 0;
	prefix = mf_prefix_of_template(template);
	if (all_zero(template->base, 8))
		return 0; /* by which the programs know the slots of clients that roam */
	return !is_special(&prefix) && !mf_prefix_is_ipv4(&prefix) && all_zero(template->pad, sizeof(template->pad));
}

static int within(__u32 value, __u32 least, __u32 most)
{
	return value >= least && value <= most;
}

static __u16 check_node_numbers(const struct mf_node_config *config)
{
	if (config->mode != MF_MODE_ROUTED && config->mode != MF_MODE_ON_LINK)
		return MF_FIELD(node_config.mode);
	if (config->dark > MF_YES)
		return MF_FIELD(node_config.dark);
	if (config->on_link_peers > MF_YES)
		return MF_FIELD(node_config.on_link_peers);
	if (config->threaded > MF_YES)
		return MF_FIELD(node_config.threaded);
	if (config->router_count > MF_ROUTERS)
		return MF_FIELD(node_config.router_count);
	if (config->address_count > MF_ASSOC_PREFIXES)
		return MF_FIELD(node_config.address_count);
	if (!all_zero(config->pad, sizeof(config->pad)))
		return MF_FIELD(node_config.pad);
	if (config->look_ahead_ms && !within(config->look_ahead_ms, MF_LOOK_AHEAD_MIN_MS, MF_LOOK_AHEAD_MAX_MS))
		return MF_FIELD(node_config.look_ahead_ms);
	if (config->capacity > MF_CAPACITY_MAX)
		return MF_FIELD(node_config.capacity);
	if (config->ring_slots && !within(config->ring_slots, MF_RING_MIN, RING_SLOTS_MAX))
		return MF_FIELD(node_config.ring_slots);
	return 0;
}

__u16 mf_check_node(const struct mf_message *message)
{
	const struct mf_node_config *config = &message->node_config;
	__u16 field;

	if (!device_is_right(config->device))
		return MF_FIELD(node_config.device);
	if (!within(config->templates, 1, MF_HOPPING_PREFIXES))
		return MF_FIELD(node_config.templates);
	for (unsigned int i = 0; i < config->templates; i++)
		if (!template_is_right(&config->template[i]))
			return field_of(MF_FIELD(node_config.template), i, sizeof(config->template[0]));
	field = check_node_numbers(config);
	if (field)
		return field;
	for (unsigned int i = 0; i < config->router_count; i++)
		if (all_zero(config->router[i], 16) || config->router[i][0] == 0xff)
			return field_of(MF_FIELD(node_config.router), i, sizeof(config->router[0]));
	for (unsigned int i = 0; i < config->address_count; i++)
		if (!address_is_right(&config->address[i]))
			return field_of(MF_FIELD(node_config.address), i, sizeof(config->address[0]));
	return 0;
}

__u16 mf_check_name(const struct mf_message *message)
{
	return name_is_right(message->assoc_config.name, MF_NAME_BYTES) ? 0 : MF_FIELD(assoc_config.name);
}

__u16 mf_check_host(const struct mf_message *message)
{
	const struct mf_prefix *host = &message->assoc_config.remote_prefix[0];

	return prefix_is_right(host) && mf_prefix_is_host(host) ? 0 : MF_FIELD(assoc_config.remote_prefix[0]);
}

static __u16 check_assoc_numbers(const struct mf_assoc_config *config)
{
	const __u8 flags = MF_ASSOC_ZERO_CHECKSUM | MF_ASSOC_OPENS | MF_ASSOC_FOLLOWS | INTRODUCTION |
			   MF_ASSOC_CONTROL;
	unsigned int least = config->flags & MF_ASSOC_LISTENS ? 0 : 1;

	if (!within(config->rotation_ms, MF_ROTATION_MIN_MS, MF_ROTATION_MAX_MS))
		return MF_FIELD(assoc_config.rotation_ms);
	if (!within(config->carriage, MF_CARRIAGE_ENCAP, MF_CARRIAGE_SEALED))
		return MF_FIELD(assoc_config.carriage);
	if (config->flags & ~flags || (config->flags & MF_ASSOC_CONTROL && config->carriage != MF_CARRIAGE_ENCAP))
		return MF_FIELD(assoc_config.flags);
	if (config->flags & MF_ASSOC_ZERO_CHECKSUM && config->carriage == MF_CARRIAGE_SEALED)
		return MF_FIELD(assoc_config.flags);
	/* By which packets go whole, and so none of the peer's would be let in. */
	if (config->flags & MF_ASSOC_CONTROL && config->flags & MF_ASSOC_ZERO_CHECKSUM)
		return MF_FIELD(assoc_config.flags);
	if (config->carriage != MF_CARRIAGE_REWRITE && config->local_port)
		return MF_FIELD(assoc_config.local_port);
	if (config->carriage != MF_CARRIAGE_REWRITE && config->remote_port)
		return MF_FIELD(assoc_config.remote_port);
	if (!within(config->local_count, least, MF_ASSOC_PREFIXES))
		return MF_FIELD(assoc_config.local_count);
	if (!within(config->remote_count, least, MF_ASSOC_PREFIXES))
		return MF_FIELD(assoc_config.remote_count);
	if (config->padding > (config->carriage == MF_CARRIAGE_SEALED ? MF_PADDING_FULL : MF_PADDING_NONE))
		return MF_FIELD(assoc_config.padding);
	return 0;
}

static int seal_key_is_right(const struct mf_seal_key *key)
{
	return !all_zero(key->key, sizeof(key->key)) && !all_zero(key->mask, sizeof(key->mask)) &&
	       all_zero(key->pad, sizeof(key->pad));
}

/* Both or none. One that both ends seal with would see its nonces twice. */
static __u16 check_seal(const struct mf_assoc_config *config, int may_be_absent)
{
	const struct mf_seal_key *out = &config->seal_out, *in = &config->seal_in;

	if (all_zero(out, sizeof(*out)) && all_zero(in, sizeof(*in)) &&
	    (may_be_absent || config->carriage != MF_CARRIAGE_SEALED))
		return 0;
	if (config->carriage != MF_CARRIAGE_SEALED || !seal_key_is_right(out))
		return MF_FIELD(assoc_config.seal_out);
	if (!seal_key_is_right(in) || !sodium_memcmp(out->key, in->key, sizeof(out->key)))
		return MF_FIELD(assoc_config.seal_in);
	return 0;
}

/* What control.h says of associations that share. */
static __u16 check_shares(const struct mf_assoc_config *config)
{
	if (config->shares > 1 || (config->shares && config->flags & INTRODUCTION))
		return MF_FIELD(assoc_config.shares);
	if (!config->shares)
		return 0;
	if (config->carriage == MF_CARRIAGE_REWRITE)
		return MF_FIELD(assoc_config.carriage);
	if (config->remote_count != 1)
		return MF_FIELD(assoc_config.remote_count);
	if (!mf_prefix_first_host(config->remote_prefix, 1))
		return MF_FIELD(assoc_config.remote_prefix[0]);
	if (!mf_prefix_first_host(config->local_prefix, config->local_count))
		return MF_FIELD(assoc_config.local_prefix[0]);
	return 0;
}

/* The peer's end of an association that has nobody's address in it. */
static int remote_is_open(const struct mf_assoc_config *config)
{
	static const struct mf_template nobody, anywhere = { .prefix_length = 64, .hop_bits = 64 };

	return !memcmp(&config->remote, &anywhere, sizeof(anywhere)) ||
	       (config->flags & MF_ASSOC_LISTENS && !memcmp(&config->remote, &nobody, sizeof(nobody)));
}

/* What control.h says of associations that listen or roam. */
static __u16 check_introduction(const struct mf_assoc_config *config)
{
	int listens = !!(config->flags & MF_ASSOC_LISTENS);

	if ((config->flags & INTRODUCTION) == INTRODUCTION || config->flags & MF_ASSOC_OPENS)
		return MF_FIELD(assoc_config.flags);
	if (config->carriage != MF_CARRIAGE_ENCAP)
		return MF_FIELD(assoc_config.carriage);
	if (!remote_is_open(config))
		return MF_FIELD(assoc_config.remote);
	if (listens != all_zero(config->seed_remote, sizeof(config->seed_remote)))
		return MF_FIELD(assoc_config.seed_remote);
	if (config->remote_count != !listens)
		return MF_FIELD(assoc_config.remote_count);
	if (!listens && !mf_prefix_first_host(config->local_prefix, config->local_count))
		return MF_FIELD(assoc_config.local_prefix[0]);
	if (!listens && !mf_prefix_first_host(config->remote_prefix, 1))
		return MF_FIELD(assoc_config.remote_prefix[0]);
	return 0;
}

/* Index of the first wrong inner prefix of a side, or `count`. Hopping and inner addresses must not overlap. */
static unsigned int find_wrong_prefix(const struct mf_assoc_config *config, const struct mf_prefix *list, unsigned int count)
{
	struct mf_prefix local = mf_prefix_of_template(&config->local);
	struct mf_prefix remote = config->flags & INTRODUCTION ? local : mf_prefix_of_template(&config->remote);

	for (unsigned int i = 0; i < count; i++) {
		if (!prefix_is_right(&list[i]))
			return i;
		if (mf_prefix_overlaps(&list[i], &local) || mf_prefix_overlaps(&list[i], &remote))
			return i;
		for (unsigned int j = 0; j < i; j++)
			if (mf_prefix_same(&list[i], &list[j]))
				return i;
	}
	return count;
}

static __u16 check_prefixes(const struct mf_assoc_config *config)
{
	unsigned int at = find_wrong_prefix(config, config->local_prefix, config->local_count);

	if (at < config->local_count)
		return field_of(MF_FIELD(assoc_config.local_prefix), at, sizeof(struct mf_prefix));
	at = find_wrong_prefix(config, config->remote_prefix, config->remote_count);
	if (at < config->remote_count)
		return field_of(MF_FIELD(assoc_config.remote_prefix), at, sizeof(struct mf_prefix));
	/* rewrite leaves no room for addresses on the wire: both ends must be one host. */
	if (config->carriage == MF_CARRIAGE_REWRITE && !mf_prefix_first_host(config->local_prefix, config->local_count))
		return MF_FIELD(assoc_config.local_prefix[0]);
	if (config->carriage == MF_CARRIAGE_REWRITE &&
	    !mf_prefix_first_host(config->remote_prefix, config->remote_count))
		return MF_FIELD(assoc_config.remote_prefix[0]);
	return 0;
}

__u16 mf_check_assoc(const struct mf_message *message)
{
	const struct mf_assoc_config *config = &message->assoc_config;
	__u16 field = mf_check_name(message);

	if (field)
		return field;
	if (all_zero(config->key, sizeof(config->key)))
		return MF_FIELD(assoc_config.key);
	if (!template_is_right(&config->local))
		return MF_FIELD(assoc_config.local);
	if (!(config->flags & INTRODUCTION) && !template_is_right(&config->remote))
		return MF_FIELD(assoc_config.remote);
	field = check_assoc_numbers(config);
	if (!field && config->flags & INTRODUCTION)
		field = check_introduction(config);
	if (!field)
		field = check_shares(config);
	if (!field)
		field = check_seal(config, message->type == MF_ASSOC_CHANGE);
	return field ? field : check_prefixes(config);
}

__u32 mf_check_ring_slots(const struct mf_node_config *config)
{
	__u64 slots = (__u64)config->capacity * mf_ring_wanted(config->look_ahead_ms, DEFAULT_ROTATION_MS);
	__u32 least = config->capacity * MF_RING_MIN; /* of a capacity that has been checked */

	if (slots < RING_SLOTS_LEAST)
		slots = RING_SLOTS_LEAST;
	if (slots > RING_SLOTS_MOST)
		slots = RING_SLOTS_MOST;
	return slots < least ? least : (__u32)slots;
}

/* Zeroes what stands behind the first `count` of `room` elements. */
static void clear_rest(void *list, size_t bytes, unsigned int count, unsigned int room)
{
	memset((__u8 *)list + count * bytes, 0, (room - count) * bytes);
}

void mf_check_node_fill(struct mf_node_config *config)
{
	if (!config->look_ahead_ms)
		config->look_ahead_ms = MF_LOOK_AHEAD_DEFAULT_MS;
	if (!config->capacity)
		config->capacity = MF_CAPACITY_DEFAULT;
	clear_rest(config->template, sizeof(config->template[0]), config->templates, MF_HOPPING_PREFIXES);
	clear_rest(config->router, sizeof(config->router[0]), config->router_count, MF_ROUTERS);
	clear_rest(config->address, sizeof(config->address[0]), config->address_count, MF_ASSOC_PREFIXES);
}

void mf_check_assoc_fill(struct mf_assoc_config *config)
{
	if (config->flags & MF_ASSOC_LISTENS)
		memset(&config->remote, 0, sizeof(config->remote));
	clear_rest(config->local_prefix, sizeof(struct mf_prefix), config->local_count, MF_ASSOC_PREFIXES);
	clear_rest(config->remote_prefix, sizeof(struct mf_prefix), config->remote_count, MF_ASSOC_PREFIXES);
}
