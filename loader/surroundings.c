// SPDX-License-Identifier: GPL-2.0-only
/*
 * The NIC's surroundings: the host's own addresses inside hopping prefixes, gateways, routers that may solicit.
 * All of it is read anew whenever something may have changed; what is there is made equal to what was read.
 */
#include <string.h>

#include "loader/address_set.h"
#include "loader/instance.h"
#include "loader/log.h"
#include "loader/neighbour.h"
#include "loader/nic.h"
#include "loader/node.h"
#include "loader/prefix.h"
#include "loader/route.h"

struct own {
	const struct mf_node_config *config;
	struct mf_address_set set;
};

static void own_visit(const __u8 address[static 16], int ifindex, void *context)
{
	struct own *own = context;

	(void)ifindex;
	for (unsigned int i = 0; i < own->config->templates; i++) {
		struct mf_prefix prefix = mf_prefix_of_template(&own->config->template[i]);

		if (mf_prefix_has(&prefix, address))
			mf_address_set_add(&own->set, address);
	}
}

void mf_nic_own_refresh(struct mf_instance *instance)
{
	struct own own = { .config = &instance->record.config };
	int error = mf_address_each(&instance->netlink, own_visit, &own);

	if (!error)
		error = mf_address_set_apply(&own.set, instance->object.map[MF_MAP_OWN]);
	if (!error && instance->owns != !!own.set.count) {
		instance->owns = !!own.set.count;
		error = mf_node_publish(instance);
	}
	if (error)
		mf_log(MF_LOG_ERROR, "mf_own cannot be kept: %s", strerror(-error));
}

static void gateway_visit(const __u8 gateway[static 16], void *context)
{
	mf_address_set_add(context, gateway);
}

static int gateway_is_known(const struct mf_record *record, const __u8 address[static 16])
{
	for (__u32 i = 0; i < record->gateways; i++)
		if (!memcmp(record->gateway[i].address, address, 16))
			return 1;
	return 0;
}

static void gateway_add(struct mf_instance *instance, const __u8 address[static 16])
{
	struct mf_record *record = &instance->record;
	struct mf_record_gateway *gateway = &record->gateway[record->gateways];
	int made = 0;

	if (gateway_is_known(record, address)) {
		/* The entry goes with the link; asking again costs nothing. */
		mf_neighbour_manage(&instance->netlink, instance->nic.ifindex, address, &made);
		return;
	}
	if (record->gateways == MF_RECORD_GATEWAYS)
		return;
	if (mf_neighbour_manage(&instance->netlink, instance->nic.ifindex, address, &made))
		return;
	*gateway = (struct mf_record_gateway){ .made = made ? 1 : 0 };
	memcpy(gateway->address, address, 16);
	record->gateways += 1;
}

static void gateways_forget(struct mf_instance *instance, const struct mf_address_set *now)
{
	struct mf_record *record = &instance->record;
	__u32 kept = 0;

	for (__u32 i = 0; i < record->gateways; i++) {
		if (mf_address_set_has(now, record->gateway[i].address)) {
			record->gateway[kept++] = record->gateway[i];
			continue;
		}
		mf_neighbour_release(&instance->netlink, instance->nic.ifindex, record->gateway[i].address,
				     record->gateway[i].made);
	}
	record->gateways = kept;
}

static void mac_add(struct mf_instance *instance, const __u8 mac[static 6])
{
	if (instance->gateway_macs < MF_RECORD_GATEWAYS)
		memcpy(instance->gateway_mac[instance->gateway_macs++], mac, 6);
}

static int mac_has(const struct mf_instance *instance, const __u8 mac[static 6])
{
	for (__u32 i = 0; i < instance->gateway_macs; i++)
		if (!memcmp(instance->gateway_mac[i], mac, 6))
			return 1;
	return 0;
}

int mf_nic_is_router(const struct mf_instance *instance, const __u8 address[static 16], const __u8 *mac)
{
	return gateway_is_known(&instance->record, address) || (mac && mac_has(instance, mac));
}

struct routers {
	struct mf_instance *instance;
	const struct mf_address_set *gateways;
	struct mf_address_set *set;
};

/* fe80:: and the modified EUI-64 of the link-layer address (RFC 4291 appendix A): what most routers have. */
static void link_local_of(__u8 address[static 16], const __u8 mac[static 6])
{
	const __u8 made[16] = { 0xfe, 0x80, [8] = mac[0] ^ 2, mac[1], mac[2], 0xff, 0xfe, mac[3], mac[4], mac[5] };

	memcpy(address, made, sizeof(made));
}

static void gateway_mac_visit(const __u8 address[static 16], const __u8 mac[static 6], void *context)
{
	struct routers *routers = context;
	__u8 guess[16];

	if (!mf_address_set_has(routers->gateways, address))
		return;
	mac_add(routers->instance, mac);
	link_local_of(guess, mac);
	mf_address_set_add(routers->set, guess);
}

/* Whoever else has a gateway's link-layer address is the same router by another name. */
static void other_name_visit(const __u8 address[static 16], const __u8 mac[static 6], void *context)
{
	struct routers *routers = context;

	if (mac_has(routers->instance, mac))
		mf_address_set_add(routers->set, address);
}

/* A router solicits from its link-local address, whatever its address in our routing table is. */
static void routers_find(struct mf_instance *instance, const struct mf_address_set *gateways,
			 struct mf_address_set *set)
{
	const struct mf_node_config *config = &instance->record.config;
	struct routers routers = { instance, gateways, set };

	set->count = 0;
	instance->gateway_macs = 0;
	if (!mf_instance_is_on_link(instance))
		return;
	for (unsigned int i = 0; i < config->router_count; i++)
		mf_address_set_add(set, config->router[i]);
	if (config->router_count)
		return;
	for (__u32 i = 0; i < gateways->count; i++)
		mf_address_set_add(set, gateways->address[i]);
	mf_neighbour_each(&instance->netlink, instance->nic.ifindex, gateway_mac_visit, &routers);
	mf_neighbour_each(&instance->netlink, instance->nic.ifindex, other_name_visit, &routers);
}

enum { ROUTERS_MAX = 64 }; /* entries of mf_router */

void mf_nic_gateways_refresh(struct mf_instance *instance)
{
	struct mf_address_set gateways = { 0 }, routers;
	struct mf_record before = instance->record;

	if (!instance->nic.ifindex)
		return;
	if (mf_route_gateways(&instance->netlink, instance->nic.ifindex, gateway_visit, &gateways))
		return;
	for (__u32 i = 0; i < gateways.count; i++)
		gateway_add(instance, gateways.address[i]);
	gateways_forget(instance, &gateways);
	if (memcmp(&before, &instance->record, sizeof(before)))
		mf_record_write(instance->record_fd, &instance->record);
	routers_find(instance, &gateways, &routers);
	if (routers.count > ROUTERS_MAX)
		routers.count = ROUTERS_MAX;
	mf_address_set_apply(&routers, instance->object.map[MF_MAP_ROUTER]);
}
