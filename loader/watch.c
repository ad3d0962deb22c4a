// SPDX-License-Identifier: GPL-2.0-only
/*
 * The NIC gone and back, its MTU, its MAC; interfaces that need a guard; the device deleted by somebody.
 */
#include "loader/watch.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <sodium.h>
#include <string.h>

#include "loader/cutter.h"
#include "loader/device.h"
#include "loader/inner.h"
#include "loader/instance.h"
#include "loader/log.h"
#include "loader/neighbour.h"
#include "loader/nic.h"
#include "loader/seal.h"
#include "loader/node.h"
#include "loader/repin.h"
#include "loader/route.h"

#define UNASKED_NS (30 * 1000000000LL)
#define GATHER_NS 5000LL /* of each association */
#define AGAIN_NS (10 * 1000000000LL) /* from one try to attach to a NIC that refused it to the next */
#define HOOKS_NS 1000000000LL /* a program taken off is missed for no longer */
enum { MTU_PER_TURN = 256, GUARDS_MAX = 4096 };

/* A flood of strangers among the neighbours is not worth a look; a gateway whose address has become known is. */
static int neighbour_matters(const struct mf_instance *instance, const struct nlmsghdr *message)
{
	const __u8 *address, *mac;
	int ifindex;

	return mf_instance_is_on_link(instance) && !mf_neighbour_read(message, &ifindex, &address, &mac) &&
	       ifindex == instance->nic.ifindex && mf_nic_is_router(instance, address, mac);
}

static int event_mark(const struct nlmsghdr *message, void *context)
{
	const struct rtmsg *route = NLMSG_DATA(message);
	struct mf_instance *instance = context;

	switch (message->nlmsg_type) {
	case RTM_NEWLINK:
	case RTM_DELLINK:
		/* A NIC that comes up has lost its neighbours. */
		instance->stale |= MF_STALE_LINKS | MF_STALE_ROUTES;
		break;
	case RTM_DELQDISC:
	case RTM_DELTFILTER:
		instance->hooks_checked_ns = 0;
		break;
	case RTM_NEWADDR:
	case RTM_DELADDR:
		instance->stale |= MF_STALE_ADDRESSES;
		break;
	case RTM_NEWROUTE:
	case RTM_DELROUTE:
		if (route->rtm_protocol != MF_ROUTE_PROTOCOL && route->rtm_type == RTN_UNICAST)
			instance->stale |= MF_STALE_ROUTES;
		break;
	case RTM_NEWNEIGH:
		if (neighbour_matters(instance, message))
			instance->stale |= MF_STALE_ROUTES;
		break;
	}
	return 0;
}

void mf_watch_events(struct mf_instance *instance)
{
	if (mf_netlink_events(&instance->events, event_mark, instance) == -ENOBUFS)
		instance->stale = MF_STALE_ALL;
}

struct guards {
	struct mf_instance *instance;
	int error;
	unsigned int count;
	int ifindex[GUARDS_MAX]; /* that should have a guard */
};

static int wants_guard(const struct mf_instance *instance, const struct mf_link *link)
{
	return !link->loopback && !link->ours && link->ifindex != instance->nic.ifindex &&
	       strcmp(link->name, instance->options->interface);
}

static void guard_visit(const struct mf_link *link, void *context)
{
	struct guards *guards = context;
	struct mf_instance *instance = guards->instance;

	if (!wants_guard(instance, link) || guards->count == GUARDS_MAX)
		return;
	guards->ifindex[guards->count++] = link->ifindex;
}

static void guard_put(struct mf_instance *instance, int ifindex)
{
	int error = mf_attach_tc(&instance->attach, MF_PROGRAM_GUARD, ifindex);

	if (!error || error == -ENODEV || instance->unguarded == ifindex)
		return;
	mf_log(MF_LOG_WARNING, "interface %d: no guard can be attached (%s): inner addresses can be reached through it; "
	       "drop them by your firewall", ifindex, strerror(-error));
	instance->unguarded = ifindex;
}

static void guard_check(enum mf_program program, int ifindex, void *context)
{
	struct guards *guards = context;

	if (program != MF_PROGRAM_GUARD)
		return;
	for (unsigned int i = 0; i < guards->count; i++)
		if (guards->ifindex[i] == ifindex)
			return;
	mf_attach_drop(&guards->instance->attach, program, ifindex);
}

int mf_watch_guards(struct mf_instance *instance)
{
	struct guards guards = { .instance = instance };
	int error = mf_link_each(&instance->netlink, guard_visit, &guards);

	if (error)
		return error;
	for (unsigned int i = 0; i < guards.count; i++)
		guard_put(instance, guards.ifindex[i]);
	mf_attach_each(&instance->attach, guard_check, &guards);
	return 0;
}

/* The device is deleted too where it has outlived its NIC: this one is another now, or in another namespace. */
static void nic_refresh(struct mf_instance *instance)
{
	struct mf_link before = instance->nic;

	mf_nic_find(instance);
	if (before.ifindex && instance->nic.ifindex != before.ifindex) {
		if (!instance->nic.ifindex)
			mf_log(MF_LOG_WARNING, "%s: interface is gone; waiting for it", instance->options->interface);
		mf_device_delete(instance);
		mf_nic_forget(instance);
	}
	if (instance->nic.ifindex && instance->nic.mtu != before.mtu)
		instance->mtu_next = 0;
	if (instance->nic.ifindex != before.ifindex || memcmp(instance->nic.mac, before.mac, sizeof(before.mac)))
		mf_node_publish(instance);
}

static void prefixes_route(struct mf_instance *instance, __u32 id)
{
	struct mf_seed seed;

	if (!bpf_map_lookup_elem(instance->object.map[MF_MAP_SEED], &id, &seed))
		mf_inner_route(instance, id, &seed);
	sodium_memzero(&seed, sizeof(seed));
}

/* Every association learns the NIC's MTU, some a turn. */
static void mtu_spread(struct mf_instance *instance)
{
	struct mf_associations *all = &instance->associations;
	__u32 last = instance->mtu_next + MTU_PER_TURN;

	if (instance->mtu_next >= all->limit)
		return;
	for (; instance->mtu_next < last && instance->mtu_next < all->limit; instance->mtu_next++) {
		struct mf_association *association = &all->entry[instance->mtu_next].association;
		__u16 mtu = mf_seal_mtu(association->carriage, instance->nic.mtu);

		if (!association->generation || association->link_mtu == mtu)
			continue;
		association->link_mtu = mtu;
		mf_association_publish(instance, instance->mtu_next);
		prefixes_route(instance, instance->mtu_next);
	}
	instance->stale |= MF_STALE_ASSOCIATIONS;
}

static void cutter_check(struct mf_instance *instance)
{
	struct mf_link cutter = instance->cutter, inside = instance->inside;
	int error;

	if (!mf_cutter_find(instance) && instance->cutter.ifindex == cutter.ifindex &&
	    instance->inside.ifindex == inside.ifindex) {
		if (memcmp(instance->inside.mac, inside.mac, 6))
			mf_node_publish(instance);
		return;
	}
	if (!inside.ifindex && instance->clock.monotonic_ns < instance->cutter_again_ns)
		return;
	if (inside.ifindex)
		mf_log(MF_LOG_WARNING, "%s was deleted; making it again", inside.name);
	instance->cutter = cutter;
	instance->inside = inside;
	mf_cutter_delete(instance);
	error = mf_cutter_create(instance);
	if (error) {
		mf_cutter_delete(instance); /* half of it would be taken for all of it */
		instance->cutter_again_ns = instance->clock.monotonic_ns + AGAIN_NS;
		mf_log(MF_LOG_ERROR, "%s: its veth pair cannot be made: %s; tried again in %lld s",
		       instance->record.config.device, strerror(-error), AGAIN_NS / 1000000000LL);
	}
	mf_node_publish(instance);
}

/* Made and everything put back that belongs to it. */
static int device_return(struct mf_instance *instance)
{
	int error;

	/* Another NIC that has the number of the last one. */
	if (!mf_attach_stands(&instance->attach, MF_PROGRAM_IN, instance->nic.ifindex))
		mf_nic_forget(instance);
	error = mf_device_create(instance);
	if (!error)
		error = mf_nic_attach(instance);
	if (!error)
		error = mf_device_raise(instance);
	if (error)
		return error;
	mf_device_restore(instance);
	for (__u32 id = 0; id < instance->associations.limit; id++)
		if (instance->associations.entry[id].association.generation)
			prefixes_route(instance, id);
	return 0;
}

/* Making and deleting the device are events themselves: tried at once again, it would never end. */
static void return_judge(struct mf_instance *instance, int error)
{
	int before = instance->refused_nic;

	instance->refused_nic = error ? instance->nic.ifindex : 0;
	if (!error)
		return;
	instance->again_ns = instance->clock.monotonic_ns + AGAIN_NS;
	mf_device_delete(instance);
	if (before != instance->refused_nic)
		mf_log(MF_LOG_WARNING, "%s: cannot be attached to (%s), so that there is no %s; tried again every %lld s",
		       instance->options->interface, strerror(-error), instance->record.config.device,
		       AGAIN_NS / 1000000000LL);
}

/* It goes with the NIC and comes with it; somebody may have deleted it, too. */
static void device_check(struct mf_instance *instance)
{
	struct mf_link device = instance->device;
	int error;

	if (!instance->nic.ifindex || (!device.ifindex && instance->refused_nic == instance->nic.ifindex &&
				       instance->clock.monotonic_ns < instance->again_ns))
		return;
	if (!mf_device_find(instance) && instance->device.ifindex == device.ifindex) {
		if (memcmp(instance->device.mac, device.mac, 6))
			mf_node_publish(instance);
		return;
	}
	if (device.ifindex)
		mf_log(MF_LOG_WARNING, "%s: device was deleted; making it again", instance->record.config.device);
	mf_device_delete(instance);
	error = device_return(instance);
	return_judge(instance, error);
	if (!device.ifindex && !error)
		mf_log(MF_LOG_NOTICE, "%s: interface is back: attached again", instance->options->interface);
}

/* Is every program that nothing may pass without at its hook? */
static int hooks_stand(struct mf_instance *instance)
{
	static const enum mf_program on_nic[] = { MF_PROGRAM_OUT_TC, MF_PROGRAM_IN_TC, MF_PROGRAM_IN };

	for (size_t i = 0; i < sizeof(on_nic) / sizeof(on_nic[0]); i++)
		if (!mf_attach_stands(&instance->attach, on_nic[i], instance->nic.ifindex))
			return 0;
	return !instance->inside.ifindex ||
	       mf_attach_stands(&instance->attach, MF_PROGRAM_CUT_TC, instance->inside.ifindex);
}

/*
 * A filter goes with its qdisc, a link by whoever may detach it. Put back at once; a device whose programs cannot be
 * goes, since what it sends would leave as it is.
 */
static void hooks_check(struct mf_instance *instance)
{
	int error;

	if (!instance->inside.ifindex)
		cutter_check(instance);
	if (!instance->device.ifindex)
		device_check(instance);
	if (!instance->nic.ifindex || !instance->device.ifindex || hooks_stand(instance))
		return;
	error = mf_nic_attach(instance);
	if (!error && instance->inside.ifindex)
		error = mf_attach_tc(&instance->attach, MF_PROGRAM_CUT_TC, instance->inside.ifindex);
	if (error)
		mf_device_delete(instance);
	mf_log(MF_LOG_WARNING, "%s: somebody took a program of ours off: %s%s", instance->options->interface,
	       error ? "it cannot be put back, so that the device goes: " : "put back; what the device sent meanwhile "
	       "left as it was", error ? strerror(-error) : "");
}

static int is_over(__s64 *last_ns, __s64 now_ns, __s64 period_ns)
{
	if (*last_ns && now_ns - *last_ns <= period_ns)
		return 0;
	*last_ns = now_ns;
	return 1;
}

/*
 * Looks at all associations, so seldom that many of them are not looked at whenever one comes or goes: the longer
 * apart the more there are.
 */
static void gather(struct mf_instance *instance)
{
	if (!is_over(&instance->gathered_ns, instance->clock.monotonic_ns, instance->associations.limit * GATHER_NS)) {
		instance->stale |= MF_STALE_ASSOCIATIONS;
		return;
	}
	mf_device_mtu(instance);
	mf_association_pace(instance);
}

void mf_watch_refresh(struct mf_instance *instance)
{
	__u32 stale = instance->stale;

	if (!instance->running)
		return;
	if (is_over(&instance->checked_ns, instance->clock.monotonic_ns, UNASKED_NS))
		stale |= MF_STALE_ROUTES;
	instance->stale = 0;
	if (stale & MF_STALE_LINKS) {
		nic_refresh(instance);
		cutter_check(instance);
		device_check(instance);
		mf_watch_guards(instance);
		mf_cutter_refresh(instance);
	}
	if (is_over(&instance->hooks_checked_ns, instance->clock.monotonic_ns, HOOKS_NS)) {
		mf_repin(instance);
		hooks_check(instance);
	}
	if (stale & MF_STALE_ADDRESSES)
		mf_nic_own_refresh(instance);
	if (stale & MF_STALE_ROUTES)
		mf_nic_gateways_refresh(instance);
	mtu_spread(instance);
	if (!((stale | instance->stale) & MF_STALE_ASSOCIATIONS))
		return;
	instance->stale &= ~(__u32)MF_STALE_ASSOCIATIONS;
	gather(instance);
}
