// SPDX-License-Identifier: GPL-2.0-only
/*
 * What is done to the NIC is written into the record before it is done, so that whoever comes last can undo it.
 */
#include "loader/nic.h"

#include <errno.h>
#include <string.h>

#include "loader/instance.h"
#include "loader/log.h"
#include "loader/napi.h"
#include "loader/neighbour.h"
#include "loader/offload.h"

static void record_save(struct mf_instance *instance)
{
	int error = mf_record_write(instance->record_fd, &instance->record);

	if (error)
		mf_log(MF_LOG_ERROR, "mf_config cannot be written: %s", strerror(-error));
}

void mf_nic_find(struct mf_instance *instance)
{
	struct mf_link link;

	if (mf_link_get(&instance->netlink, instance->options->interface, 0, &link))
		instance->nic.ifindex = 0; /* MTU and MAC stay as they were last known */
	else
		instance->nic = link;
}

/* Its name is only for CAP_SYS_ADMIN to ask. */
static void say_occupied(const struct mf_instance *instance)
{
	const char *nic = instance->options->interface;
	__u32 id;

	mf_attach_xdp_mode(instance->nic.ifindex, &id);
	mf_log(MF_LOG_ERROR, "%s: another XDP program is attached already (bpftool prog show id %u tells which); "
	       "take it off first: ip link set dev %s xdp off", nic, id, nic);
}

static int in_attach(struct mf_instance *instance)
{
	enum mf_in_choice choice = instance->options->in;
	int ifindex = instance->nic.ifindex, error = -EOPNOTSUPP;

	if (choice != MF_IN_GENERIC)
		error = mf_attach_xdp(&instance->attach, MF_PROGRAM_IN, ifindex, MF_XDP_NATIVE);
	if (error && error != -EBUSY && choice != MF_IN_NATIVE) {
		if (choice == MF_IN_AUTO)
			mf_log(MF_LOG_NOTICE, "%s: no native XDP (%s): generic XDP, which costs more a packet",
			       instance->nic.name, strerror(-error));
		error = mf_attach_xdp(&instance->attach, MF_PROGRAM_IN, ifindex, MF_XDP_GENERIC);
	}
	if (error == -EBUSY || error == -EEXIST)
		say_occupied(instance);
	return error;
}

/* Receive offload merges what the in path has undone; XDP alone does not switch it on everywhere. */
static void offload_begin(struct mf_instance *instance)
{
	int before = mf_offload_get(instance->socket_fd, instance->nic.name, MF_OFFLOAD_GRO);

	if (before < 0)
		return;
	instance->record.gro_before = before ? MF_YES : MF_NO;
	record_save(instance);
}

void mf_nic_mode(struct mf_instance *instance)
{
	int ifindex = instance->nic.ifindex, wanted = mf_instance_is_on_link(instance);

	if (!ifindex)
		return;
	if (wanted && instance->record.allmulti_before == MF_AUTO) {
		instance->record.allmulti_before = instance->nic.flags & IFF_ALLMULTI ? MF_YES : MF_NO;
		record_save(instance);
		mf_link_set_flags(&instance->netlink, ifindex, IFF_ALLMULTI, IFF_ALLMULTI);
	} else if (!wanted && instance->record.allmulti_before != MF_AUTO) {
		if (instance->record.allmulti_before == MF_NO)
			mf_link_set_flags(&instance->netlink, ifindex, 0, IFF_ALLMULTI);
		instance->record.allmulti_before = MF_AUTO;
		record_save(instance);
	}
}

/* What NIC and cutter receive is handled by threads, or by whoever is interrupted, as it was before. */
void mf_nic_threads(struct mf_instance *instance)
{
	int wanted = instance->record.config.threaded == MF_YES, before, error;

	if (!instance->nic.ifindex)
		return;
	mf_napi_thread(instance->inside.name, wanted);
	if (wanted && instance->record.threaded_before == MF_AUTO) {
		before = mf_napi_threaded(instance->nic.name);
		error = before < 0 ? before : 0;
		if (!error) {
			instance->record.threaded_before = before ? MF_YES : MF_NO;
			record_save(instance);
			error = mf_napi_thread(instance->nic.name, 1);
		}
		if (error)
			mf_log(MF_LOG_WARNING, "%s: packets cannot be received in threads: %s", instance->nic.name,
			       strerror(-error));
	} else if (!wanted && instance->record.threaded_before != MF_AUTO) {
		if (instance->record.threaded_before == MF_NO)
			mf_napi_thread(instance->nic.name, 0);
		instance->record.threaded_before = MF_AUTO;
		record_save(instance);
	}
}

static void record_begin(struct mf_instance *instance)
{
	if (instance->record.nic == (__u32)instance->nic.ifindex)
		return;
	instance->record.nic = (__u32)instance->nic.ifindex;
	instance->record.allmulti_before = instance->record.threaded_before = MF_AUTO;
	instance->record.gateways = 0;
	offload_begin(instance);
	record_save(instance);
}

int mf_nic_attach(struct mf_instance *instance)
{
	__u32 id;
	int error;

	if (!instance->nic.ifindex)
		return -ENODEV;
	record_begin(instance);
	mf_nic_own_refresh(instance); /* before mf_in may drop what is for them */
	error = in_attach(instance);
	if (!error)
		error = mf_attach_tc(&instance->attach, MF_PROGRAM_IN_TC, instance->nic.ifindex);
	if (!error)
		error = mf_attach_tc(&instance->attach, MF_PROGRAM_OUT_TC, instance->nic.ifindex);
	if (error)
		return error;
	instance->in_xdp = (__u8)mf_attach_xdp_mode(instance->nic.ifindex, &id);
	mf_offload_set(instance->socket_fd, instance->nic.name, MF_OFFLOAD_GRO, 1);
	mf_nic_mode(instance);
	mf_nic_threads(instance);
	return 0;
}

static void gateways_drop(struct mf_instance *instance)
{
	struct mf_record *record = &instance->record;

	for (__u32 i = 0; i < record->gateways && i < MF_RECORD_GATEWAYS; i++)
		mf_neighbour_release(&instance->netlink, (int)record->nic, record->gateway[i].address,
				     record->gateway[i].made);
	record->gateways = 0;
}

void mf_nic_detach(struct mf_instance *instance)
{
	struct mf_record *record = &instance->record;

	mf_nic_find(instance);
	if (instance->nic.ifindex && record->nic == (__u32)instance->nic.ifindex) {
		gateways_drop(instance);
		if (record->threaded_before == MF_NO)
			mf_napi_thread(instance->nic.name, 0); /* a veth without programs has nothing to thread, and says no */
		mf_attach_drop_all(&instance->attach, instance->nic.ifindex);
		if (record->allmulti_before == MF_NO)
			mf_link_set_flags(&instance->netlink, instance->nic.ifindex, 0, IFF_ALLMULTI);
		if (record->gro_before == MF_NO)
			mf_offload_set(instance->socket_fd, instance->nic.name, MF_OFFLOAD_GRO, 0);
	}
	mf_nic_forget(instance);
}

void mf_nic_forget(struct mf_instance *instance)
{
	if (instance->record.nic)
		mf_attach_drop_all(&instance->attach, (int)instance->record.nic);
	instance->record.nic = 0;
	instance->record.gateways = 0;
	instance->record.gro_before = instance->record.allmulti_before = instance->record.threaded_before = MF_AUTO;
	instance->in_xdp = MF_HOOK_NONE;
}
