// SPDX-License-Identifier: GPL-2.0-only
/*
 * DEVICE-to ==veth== DEVICE-in: making, finding, unmaking; the near end's offloads, the far end's programs.
 */
#include "loader/cutter.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "loader/device.h"
#include "loader/instance.h"
#include "loader/log.h"
#include "loader/offload.h"
#include "loader/sysctl.h"

static void name_of(const struct mf_instance *instance, const char *end, char name[static IFNAMSIZ])
{
	snprintf(name, IFNAMSIZ, "%.12s-%.2s", instance->record.config.device, end);
}

int mf_cutter_find(struct mf_instance *instance)
{
	char near[IFNAMSIZ], far[IFNAMSIZ];
	int error, other;

	name_of(instance, "to", near);
	name_of(instance, "in", far);
	error = mf_device_claim(instance, near, MF_MADE_CUTTER, &instance->cutter);
	other = mf_device_claim(instance, far, MF_MADE_CUTTER, &instance->inside);
	return error ? error : other;
}

/*
 * bpf_fib_lookup() answers only for interfaces that forward. Router advertisements have no business on
 * either end; IPv6 has, whatever the host's default for new interfaces is.
 */
static int settings_write(const struct mf_instance *instance)
{
	const char *inside = instance->inside.name;
	int error = mf_sysctl_set("ipv6", inside, "forwarding", "1");

	mf_sysctl_set("ipv6", instance->cutter.name, "disable_ipv6", "0");
	mf_sysctl_set("ipv6", inside, "disable_ipv6", "0");
	mf_sysctl_set("ipv6", instance->cutter.name, "accept_ra", "0");
	mf_sysctl_set("ipv6", inside, "accept_ra", "0");
	if (error)
		mf_log(MF_LOG_ERROR, "%s: forwarding cannot be set: %s: is IPv6 switched off, or /proc/sys read-only?",
		       inside, strerror(-error));
	return error;
}

/* Checksum last: the others depend on it. */
static int offloads_set(const struct mf_instance *instance)
{
	static const enum mf_offload offloads[] = { MF_OFFLOAD_TX_VLAN, MF_OFFLOAD_GSO, MF_OFFLOAD_TSO,
						    MF_OFFLOAD_TX_CHECKSUM };
	int error = 0;

	for (size_t i = 0; !error && i < sizeof(offloads) / sizeof(offloads[0]); i++)
		error = mf_offload_set(instance->socket_fd, instance->cutter.name, offloads[i], 0);
	return error;
}

static int pair_make(struct mf_instance *instance)
{
	struct mf_netlink *netlink = &instance->netlink;
	char near[IFNAMSIZ], far[IFNAMSIZ], alias[MF_LINK_ALIAS_BYTES];
	int error;

	name_of(instance, "to", near);
	name_of(instance, "in", far);
	mf_device_alias(instance, alias);
	error = mf_device_name_free(instance, near);
	if (!error)
		error = mf_device_name_free(instance, far);
	if (!error)
		error = mf_device_making(instance, MF_MADE_CUTTER);
	if (error)
		return error;
	error = mf_link_create_veth(netlink, near, far, mf_device_wanted_mtu(instance));
	if (error) {
		mf_device_making(instance, 0);
		return error;
	}
	error = mf_cutter_find(instance);
	if (!error)
		error = mf_link_set_quiet(netlink, instance->cutter.ifindex, alias);
	if (!error)
		error = mf_link_set_quiet(netlink, instance->inside.ifindex, alias);
	return error ? error : mf_device_making(instance, 0);
}

static int pair_raise(struct mf_instance *instance)
{
	struct mf_netlink *netlink = &instance->netlink;
	int error = settings_write(instance);

	if (!error)
		error = offloads_set(instance);
	if (!error)
		error = mf_link_set_flags(netlink, instance->inside.ifindex, IFF_UP, IFF_UP);
	if (!error)
		error = mf_link_set_flags(netlink, instance->cutter.ifindex, IFF_UP | IFF_NOARP, IFF_UP | IFF_NOARP);
	return error;
}

int mf_cutter_create(struct mf_instance *instance)
{
	int error = pair_make(instance);

	if (!error)
		error = mf_attach_tc(&instance->attach, MF_PROGRAM_CUT_TC, instance->inside.ifindex);
	if (!error)
		error = pair_raise(instance);
	if (!error)
		mf_cutter_refresh(instance);
	return error;
}

/* Either end takes the other with it. */
void mf_cutter_delete(struct mf_instance *instance)
{
	if (instance->inside.ifindex)
		mf_attach_drop_all(&instance->attach, instance->inside.ifindex);
	if (instance->cutter.ifindex)
		mf_link_delete(&instance->netlink, instance->cutter.ifindex);
	else if (instance->inside.ifindex)
		mf_link_delete(&instance->netlink, instance->inside.ifindex);
	memset(&instance->cutter, 0, sizeof(instance->cutter));
	memset(&instance->inside, 0, sizeof(instance->inside));
	instance->out_xdp = MF_HOOK_NONE;
}

static int xdp_is_wanted(struct mf_instance *instance)
{
	if (instance->options->out == MF_OUT_TC || !instance->nic.ifindex)
		return 0;
	return instance->options->out == MF_OUT_XDP ||
	       mf_feature_takes_frames(&instance->feature, instance->nic.ifindex);
}

void mf_cutter_refresh(struct mf_instance *instance)
{
	int ifindex = instance->inside.ifindex, error;

	if (!ifindex)
		return;
	if (!xdp_is_wanted(instance)) {
		mf_attach_drop(&instance->attach, MF_PROGRAM_OUT, ifindex);
		instance->out_xdp = MF_HOOK_NONE;
		return;
	}
	error = mf_attach_xdp(&instance->attach, MF_PROGRAM_OUT, ifindex, MF_XDP_NATIVE);
	if (error && !instance->out_refused)
		mf_log(MF_LOG_NOTICE, "%s: no XDP here (%s): tc carries everything, which is slower; is the MTU of %u "
		       "too large?", instance->inside.name, strerror(-error), instance->inside.mtu);
	instance->out_refused = !!error;
	instance->out_xdp = error ? MF_HOOK_NONE : MF_XDP_NATIVE;
}

static int mtu_set(struct mf_instance *instance, __u32 mtu)
{
	int error = mf_link_set_mtu(&instance->netlink, instance->inside.ifindex, mtu);

	return error ? error : mf_link_set_mtu(&instance->netlink, instance->cutter.ifindex, mtu);
}

int mf_cutter_mtu(struct mf_instance *instance, __u32 mtu)
{
	int error;

	if (!instance->inside.ifindex || (mtu == instance->inside.mtu && mtu == instance->cutter.mtu))
		return 0;
	error = mtu_set(instance, mtu);
	if (error && instance->out_xdp != MF_HOOK_NONE) {
		/* XDP holds frames to what fits into a page. */
		mf_attach_drop(&instance->attach, MF_PROGRAM_OUT, instance->inside.ifindex);
		error = mtu_set(instance, mtu);
	}
	if (!error)
		instance->cutter.mtu = instance->inside.mtu = mtu;
	mf_cutter_refresh(instance);
	return error;
}
