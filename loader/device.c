// SPDX-License-Identifier: GPL-2.0-only
/*
 * DEVICE ==veth== DEVICE-in: making, finding, unmaking; offloads, MTU and addresses.
 */
#include "loader/device.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "loader/inner.h"
#include "loader/instance.h"
#include "loader/log.h"
#include "loader/node.h"
#include "loader/offload.h"
#include "loader/prefix.h"
#include "loader/route.h"
#include "loader/sysctl.h"

static void inside_name(const struct mf_instance *instance, char name[static IFNAMSIZ])
{
	snprintf(name, IFNAMSIZ, "%.12s-in", instance->record.config.device);
}

/* The largest inner packet that any association carries; without any, that of the leanest encap. */
static __u32 wanted_mtu(const struct mf_instance *instance)
{
	const struct mf_associations *all = &instance->associations;
	__u32 most = 0;

	for (__u32 id = 0; id < all->limit; id++) {
		const struct mf_association *association = &all->entry[id].association;
		__u32 mtu = association->generation ? mf_inner_mtu(association, instance->nic.mtu, NULL) : 0;

		if (mtu > most)
			most = mtu;
	}
	if (!most)
		most = instance->nic.mtu - MF_ENCAP_HOST_BYTES;
	return most < MF_INNER_MTU_MIN ? MF_INNER_MTU_MIN : most;
}

/*
 * bpf_fib_lookup() answers only for interfaces that forward. Router advertisements have no business on
 * either end.
 */
static int settings_write(const struct mf_instance *instance)
{
	const char *device = instance->device.name, *inside = instance->inside.name;
	int error = mf_sysctl_set("ipv6", inside, "forwarding", "1");

	mf_sysctl_set("ipv6", device, "accept_ra", "0");
	mf_sysctl_set("ipv6", inside, "accept_ra", "0");
	if (error)
		mf_log(MF_LOG_ERROR, "%s: forwarding cannot be set: %s: is IPv6 switched off, or /proc/sys read-only?",
		       inside, strerror(-error));
	return error;
}

/* Somebody else's interface of that name is none of ours, whatever we may be asked to do with it. */
static int end_find(struct mf_instance *instance, const char *name, struct mf_link *link)
{
	struct mf_link found;
	int error = mf_link_get(&instance->netlink, name, 0, &found);

	memset(link, 0, sizeof(*link));
	if (error)
		return error;
	if (!found.ours && !instance->record.device_made)
		return -EEXIST;
	*link = found;
	return 0;
}

int mf_device_find(struct mf_instance *instance)
{
	char inside[IFNAMSIZ];
	int error, other;

	inside_name(instance, inside);
	error = end_find(instance, instance->record.config.device, &instance->device);
	other = end_find(instance, inside, &instance->inside);
	return error ? error : other;
}

/* Every device of an instance says in its alias whose it is. */
static void alias_of(const struct mf_instance *instance, char alias[static MF_LINK_ALIAS_BYTES])
{
	snprintf(alias, MF_LINK_ALIAS_BYTES, MF_LINK_ALIAS " of %s", instance->options->interface);
}

struct by_alias {
	char alias[MF_LINK_ALIAS_BYTES];
	int ifindex;
};

static void by_alias_visit(const struct mf_link *link, void *context)
{
	struct by_alias *by_alias = context;

	if (!strcmp(link->alias, by_alias->alias))
		by_alias->ifindex = link->ifindex;
}

void mf_device_delete_strays(struct mf_instance *instance)
{
	struct by_alias by_alias = { .ifindex = 0 };

	alias_of(instance, by_alias.alias);
	/* Either end takes the other with it. */
	if (!mf_link_each(&instance->netlink, by_alias_visit, &by_alias) && by_alias.ifindex)
		mf_link_delete(&instance->netlink, by_alias.ifindex);
}

/* Written down before it is done: a kill between making the pair and marking it must not leave it behind. */
static int names_claim(struct mf_instance *instance)
{
	const char *name = instance->record.config.device;
	struct mf_link link;
	char inside[IFNAMSIZ];

	inside_name(instance, inside);
	if (!mf_link_get(&instance->netlink, name, 0, &link) || !mf_link_get(&instance->netlink, inside, 0, &link)) {
		mf_log(MF_LOG_ERROR, "there is an interface %s already: name another Device in the configuration",
		       link.name);
		return -EEXIST;
	}
	instance->record.device_made = 1;
	return mf_record_write(instance->record_fd, &instance->record);
}

static int pair_make(struct mf_instance *instance)
{
	const char *name = instance->record.config.device;
	struct mf_netlink *netlink = &instance->netlink;
	char inside[IFNAMSIZ], alias[MF_LINK_ALIAS_BYTES];
	int error = names_claim(instance);

	if (error)
		return error;
	inside_name(instance, inside);
	alias_of(instance, alias);
	error = mf_link_create_veth(netlink, name, inside, wanted_mtu(instance));
	if (!error)
		error = mf_device_find(instance);
	if (!error)
		error = mf_link_set_quiet(netlink, instance->device.ifindex, alias);
	if (!error)
		error = mf_link_set_quiet(netlink, instance->inside.ifindex, alias);
	return error;
}

static int pair_raise(struct mf_instance *instance)
{
	struct mf_netlink *netlink = &instance->netlink;
	int error = settings_write(instance);

	if (!error)
		error = mf_link_set_flags(netlink, instance->inside.ifindex, IFF_UP, IFF_UP);
	if (!error)
		error = mf_link_set_flags(netlink, instance->device.ifindex, IFF_UP | IFF_NOARP, IFF_UP | IFF_NOARP);
	return error;
}

int mf_device_create(struct mf_instance *instance)
{
	int error = pair_make(instance);

	if (!error)
		error = mf_node_publish(instance);
	if (!error)
		error = mf_attach_tc(&instance->attach, MF_PROGRAM_OUT_TC, instance->inside.ifindex);
	if (!error)
		error = pair_raise(instance);
	if (!error)
		error = mf_device_mode(instance, !instance->associations.singles);
	return error;
}

void mf_device_delete(struct mf_instance *instance)
{
	if (instance->inside.ifindex)
		mf_attach_drop_all(&instance->attach, instance->inside.ifindex);
	if (instance->device.ifindex)
		mf_link_delete(&instance->netlink, instance->device.ifindex);
	memset(&instance->device, 0, sizeof(instance->device));
	memset(&instance->inside, 0, sizeof(instance->inside));
	instance->record.device_made = 0;
	instance->out_xdp = MF_HOOK_NONE;
}

static int out_is_wanted(struct mf_instance *instance)
{
	if (instance->whole || instance->options->out == MF_OUT_TC || !instance->nic.ifindex)
		return 0;
	return instance->options->out == MF_OUT_XDP ||
	       mf_feature_takes_frames(&instance->feature, instance->nic.ifindex);
}

void mf_device_out_refresh(struct mf_instance *instance)
{
	int ifindex = instance->inside.ifindex, wanted, error;

	if (!ifindex)
		return;
	wanted = out_is_wanted(instance);
	if (!wanted) {
		mf_attach_drop(&instance->attach, MF_PROGRAM_OUT, ifindex);
		instance->out_xdp = MF_HOOK_NONE;
		return;
	}
	error = mf_attach_xdp(&instance->attach, MF_PROGRAM_OUT, ifindex, MF_XDP_NATIVE);
	if (error && !instance->out_refused)
		mf_log(MF_LOG_NOTICE, "%s: no XDP here (%s): tc carries everything, which is slower; is the MTU of %u "
		       "too large?", instance->inside.name, strerror(-error), instance->device.mtu);
	instance->out_refused = !!error;
	instance->out_xdp = error ? MF_HOOK_NONE : MF_XDP_NATIVE;
}

/* Checksum last on the way up and first on the way down: the others depend on it. */
static int offloads_set(const struct mf_instance *instance, int on)
{
	static const enum mf_offload offloads[] = { MF_OFFLOAD_TX_CHECKSUM, MF_OFFLOAD_TSO, MF_OFFLOAD_GSO };
	int error = mf_offload_set(instance->socket_fd, instance->device.name, MF_OFFLOAD_TX_VLAN, 0);

	for (size_t i = 0; !error && i < sizeof(offloads) / sizeof(offloads[0]); i++)
		error = mf_offload_set(instance->socket_fd, instance->device.name, offloads[i], on);
	return error;
}

/* The stack must have ceased to make large frames before XDP, which cannot take them, is attached. */
int mf_device_mode(struct mf_instance *instance, int whole)
{
	int error = 0;

	if (!instance->device.ifindex)
		return 0;
	if (!whole)
		error = offloads_set(instance, 0);
	if (error)
		return error;
	instance->whole = whole;
	mf_device_out_refresh(instance);
	return whole ? offloads_set(instance, 1) : 0;
}

static int mtu_set(struct mf_instance *instance, __u32 mtu)
{
	int error = mf_link_set_mtu(&instance->netlink, instance->inside.ifindex, mtu);

	return error ? error : mf_link_set_mtu(&instance->netlink, instance->device.ifindex, mtu);
}

int mf_device_mtu(struct mf_instance *instance)
{
	__u32 mtu = wanted_mtu(instance);
	int error;

	if (!instance->device.ifindex || mtu == instance->device.mtu)
		return 0;
	error = mtu_set(instance, mtu);
	if (error && instance->out_xdp != MF_HOOK_NONE) {
		/* XDP holds frames to what fits into a page. */
		mf_attach_drop(&instance->attach, MF_PROGRAM_OUT, instance->inside.ifindex);
		error = mtu_set(instance, mtu);
	}
	if (error)
		mf_log(MF_LOG_ERROR, "%s: MTU %u cannot be set: %s", instance->device.name, mtu, strerror(-error));
	else
		instance->device.mtu = instance->inside.mtu = mtu;
	mf_device_out_refresh(instance);
	return error;
}

static int has_address(const struct mf_node_config *config, const struct mf_prefix *address)
{
	for (unsigned int i = 0; config && i < config->address_count; i++)
		if (mf_prefix_same(&config->address[i], address))
			return 1;
	return 0;
}

static int address_add(struct mf_instance *instance, const struct mf_prefix *address)
{
	struct mf_prefix host = mf_prefix_host(address);
	int error = mf_inner_use(instance, &host);

	if (error)
		return error;
	error = mf_address_put(&instance->netlink, instance->device.ifindex, address);
	if (error)
		mf_inner_release(instance, &host);
	return error;
}

static void address_remove(struct mf_instance *instance, const struct mf_prefix *address)
{
	struct mf_prefix host = mf_prefix_host(address);

	mf_address_drop(&instance->netlink, instance->device.ifindex, address);
	mf_inner_release(instance, &host);
}

int mf_device_addresses(struct mf_instance *instance, const struct mf_node_config *from,
			const struct mf_node_config *to)
{
	unsigned int i;
	int error = 0;

	for (i = 0; !error && i < to->address_count; i++)
		if (!has_address(from, &to->address[i]))
			error = address_add(instance, &to->address[i]);
	if (error) {
		for (i -= 1; i-- > 0;)
			if (!has_address(from, &to->address[i]))
				address_remove(instance, &to->address[i]);
		return error;
	}
	for (i = 0; from && i < from->address_count; i++)
		if (!has_address(to, &from->address[i]))
			address_remove(instance, &from->address[i]);
	return 0;
}
