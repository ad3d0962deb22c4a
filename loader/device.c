// SPDX-License-Identifier: GPL-2.0-only
/*
 * DEVICE, a macvlan on the NIC: making, finding, unmaking; MTU and addresses. What only the way out needs is
 * the cutter's (loader/cutter.c).
 */
#include "loader/device.h"

#include <errno.h>
#include <sodium.h>
#include <stdio.h>
#include <string.h>

#include "loader/cutter.h"
#include "loader/inner.h"
#include "loader/instance.h"
#include "loader/log.h"
#include "loader/node.h"
#include "loader/prefix.h"
#include "loader/route.h"
#include "loader/sysctl.h"

/* The largest inner packet that any association carries; without any, that of the leanest encap. */
__u32 mf_device_wanted_mtu(const struct mf_instance *instance)
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

/* Another instance's or a stranger's interface of that name is none of ours, whatever we may be asked to do with it. */
int mf_device_claim(struct mf_instance *instance, const char *name, __u8 made, struct mf_link *link)
{
	char alias[MF_LINK_ALIAS_BYTES];
	struct mf_link found;
	int error = mf_link_get(&instance->netlink, name, 0, &found);

	memset(link, 0, sizeof(*link));
	if (error)
		return error;
	mf_device_alias(instance, alias);
	if (strcmp(found.alias, alias) && !(instance->record.device_made & made))
		return -EEXIST;
	*link = found;
	return 0;
}

/* One that has stayed on an interface that is the NIC no more (renamed, another namespace) is not the device. */
int mf_device_find(struct mf_instance *instance)
{
	struct mf_link found;
	int error = mf_device_claim(instance, instance->record.config.device, MF_MADE_DEVICE, &found);

	memset(&instance->device, 0, sizeof(instance->device));
	if (error)
		return error;
	if (!instance->nic.ifindex || found.lower != instance->nic.ifindex || strcmp(found.kind, "macvlan"))
		return -ENODEV;
	instance->device = found;
	instance->device_number = found.ifindex;
	return 0;
}

/* Every device of an instance says in its alias whose it is. */
void mf_device_alias(const struct mf_instance *instance, char alias[static MF_LINK_ALIAS_BYTES])
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

int mf_device_delete_strays(struct mf_instance *instance)
{
	struct by_alias by_alias;
	int deleted = -1;

	mf_device_alias(instance, by_alias.alias);
	do {
		deleted += 1;
		by_alias.ifindex = 0;
	} while (!mf_link_each(&instance->netlink, by_alias_visit, &by_alias) && by_alias.ifindex &&
		 !mf_link_delete(&instance->netlink, by_alias.ifindex));
	return deleted;
}

int mf_device_name_free(struct mf_instance *instance, const char *name)
{
	struct mf_link link;

	if (mf_link_get(&instance->netlink, name, 0, &link))
		return 0;
	mf_log(MF_LOG_ERROR, "there is an interface %s already: name another Device in the configuration", link.name);
	return -EEXIST;
}

/* Written down before anything is made: a kill between making it and marking it must not leave it behind. */
int mf_device_making(struct mf_instance *instance, __u8 made)
{
	instance->record.device_made = made;
	return mf_record_write(instance->record_fd, &instance->record);
}

/* What the NIC shows; a port shows nothing here, its kernel says no. */
static enum mf_unfit find_unfit(const struct mf_link *nic)
{
	if (!strcmp(nic->kind, "macvlan") || !strcmp(nic->kind, "macvtap"))
		return MF_UNFIT_MACVLAN;
	if (!nic->ethernet)
		return MF_UNFIT_NO_ETHERNET;
	return nic->mtu < MF_INNER_MTU_MIN ? MF_UNFIT_MTU : MF_UNFIT_UNTOLD;
}

enum mf_unfit mf_device_unfit(const struct mf_link *nic)
{
	enum mf_unfit unfit = find_unfit(nic);

	return unfit ? unfit : MF_UNFIT_PORT;
}

static void say_unfit(const struct mf_instance *instance)
{
	const char *device = instance->record.config.device, *nic = instance->options->interface;

	switch (mf_device_unfit(&instance->nic)) {
	case MF_UNFIT_MACVLAN:
		mf_log(MF_LOG_ERROR, "%s is a %s itself, and %s (a macvlan) cannot stand on one: use the interface "
		       "below it, or a veth, as Interface", nic, instance->nic.kind, device);
		break;
	case MF_UNFIT_NO_ETHERNET:
		mf_log(MF_LOG_ERROR, "%s has no Ethernet%s%s, and %s (a macvlan) cannot stand on it: use the interface "
		       "that its packets leave by, or a veth, as Interface", nic, *instance->nic.kind ? ", it is a " : "",
		       instance->nic.kind, device);
		break;
	case MF_UNFIT_MTU:
		mf_log(MF_LOG_ERROR, "%s has an MTU of %u, and IPv6 takes %d: ip link set dev %s mtu 1500, if its network can",
		       nic, instance->nic.mtu, MF_INNER_MTU_MIN, nic);
		break;
	default:
		mf_log(MF_LOG_ERROR, "%s is a port of a bridge, bond, team or Open vSwitch, or has an ipvlan, so that "
		       "%s (a macvlan) cannot stand on it: use the bridge or bond itself as Interface, or take %s out "
		       "of it", nic, device, nic);
	}
}

/* Said once, however often it is tried. */
static int say_unmade(struct mf_instance *instance, int error)
{
	const char *device = instance->record.config.device, *nic = instance->options->interface;
	int before = instance->device_error;

	instance->device_error = error;
	if (!error || error == before || error == -ENODEV)
		return error;
	if (error == -EMEDIUMTYPE)
		say_unfit(instance);
	else if (error == -EOPNOTSUPP)
		mf_log(MF_LOG_ERROR, "%s: this kernel has no macvlan: modprobe macvlan, or a kernel with "
		       "CONFIG_MACVLAN", device);
	else if (error != -EEXIST)
		mf_log(MF_LOG_ERROR, "%s: a macvlan on %s cannot be made: %s", device, nic, strerror(-error));
	return error;
}

/* An address of its own choice is left alone by whoever gives out others at boot. */
static void mac_choose(__u8 mac[static 6])
{
	randombytes_buf(mac, 6);
	mac[0] = (mac[0] & 0xfc) | 2;
}

/* By the number that it had, if that is free: sockets for session messages are bound to it. */
static int macvlan_make(struct mf_instance *instance, const __u8 mac[static 6])
{
	const char *name = instance->record.config.device;
	int number = instance->device_number, lower = instance->nic.ifindex, error;

	error = mf_link_create_macvlan(&instance->netlink, name, number, lower, mac, mf_device_wanted_mtu(instance));
	if (number && error == -EBUSY)
		error = mf_link_create_macvlan(&instance->netlink, name, 0, lower, mac, mf_device_wanted_mtu(instance));
	return error;
}

static int device_make(struct mf_instance *instance)
{
	const char *name = instance->record.config.device;
	struct mf_netlink *netlink = &instance->netlink;
	char alias[MF_LINK_ALIAS_BYTES];
	__u8 mac[6];
	int error = find_unfit(&instance->nic) ? -EMEDIUMTYPE : mf_device_name_free(instance, name);

	if (error)
		return error;
	mac_choose(mac);
	mf_device_alias(instance, alias);
	error = mf_device_making(instance, MF_MADE_DEVICE);
	if (error)
		return error;
	error = macvlan_make(instance, mac);
	if (error) {
		mf_device_making(instance, 0);
		return error == -EBUSY || error == -EINVAL ? -EMEDIUMTYPE : error;
	}
	error = mf_device_find(instance);
	if (!error)
		error = mf_link_set_quiet(netlink, instance->device.ifindex, alias);
	return error ? error : mf_device_making(instance, 0); /* from here on the alias says whose it is */
}

int mf_device_create(struct mf_instance *instance)
{
	int error = device_make(instance);

	if (!error)
		error = mf_node_publish(instance);
	return say_unmade(instance, error);
}

/* Strangers reach it by groups alone: it believes neither routers nor redirects. Hosts may have IPv6 switched off by default. */
int mf_device_raise(struct mf_instance *instance)
{
	const char *device = instance->device.name;

	mf_sysctl_set("ipv6", device, "disable_ipv6", "0");
	mf_sysctl_set("ipv6", device, "accept_ra", "0");
	mf_sysctl_set("ipv6", device, "accept_redirects", "0");
	return mf_link_set_flags(&instance->netlink, instance->device.ifindex, IFF_UP | IFF_NOARP, IFF_UP | IFF_NOARP);
}

void mf_device_delete(struct mf_instance *instance)
{
	struct mf_link found;

	if (!mf_device_claim(instance, instance->record.config.device, MF_MADE_DEVICE, &found))
		mf_link_delete(&instance->netlink, found.ifindex);
	memset(&instance->device, 0, sizeof(instance->device));
}

int mf_device_mtu(struct mf_instance *instance)
{
	__u32 mtu = mf_device_wanted_mtu(instance);
	int error = mf_cutter_mtu(instance, mtu);

	if (!error && instance->device.ifindex && mtu != instance->device.mtu)
		error = mf_link_set_mtu(&instance->netlink, instance->device.ifindex, mtu);
	if (error)
		mf_log(MF_LOG_ERROR, "%s: MTU %u cannot be set: %s", instance->record.config.device, mtu,
		       strerror(-error));
	else
		instance->device.mtu = mtu;
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
	if (instance->device.ifindex) /* else put there when the NIC is back */
		error = mf_address_put(&instance->netlink, instance->device.ifindex, address);
	if (error)
		mf_inner_release(instance, &host);
	return error;
}

static void address_remove(struct mf_instance *instance, const struct mf_prefix *address)
{
	struct mf_prefix host = mf_prefix_host(address);

	if (instance->device.ifindex)
		mf_address_drop(&instance->netlink, instance->device.ifindex, address);
	mf_inner_release(instance, &host);
}

/* To the kernel one of another length is the same: it kept the old length beside it, and has now lost both. */
static void address_again(struct mf_instance *instance, const struct mf_node_config *config, const struct mf_prefix *gone)
{
	for (unsigned int i = 0; instance->device.ifindex && i < config->address_count; i++)
		if (!memcmp(config->address[i].address, gone->address, sizeof(gone->address)))
			mf_address_put(&instance->netlink, instance->device.ifindex, &config->address[i]);
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
		if (!has_address(to, &from->address[i])) {
			address_remove(instance, &from->address[i]);
			address_again(instance, to, &from->address[i]);
		}
	return 0;
}

void mf_device_restore(struct mf_instance *instance)
{
	for (unsigned int i = 0; i < instance->record.config.address_count; i++)
		mf_address_put(&instance->netlink, instance->device.ifindex, &instance->record.config.address[i]);
}
