// SPDX-License-Identifier: GPL-2.0-only
/*
 * libFuzzer over the configuration parser, the checks of the whole, and the requests that come
 * out of it. Memory only. What is accepted must hold the bounds that the loader demands.
 */
#include <stdlib.h>
#include <string.h>

#include "ctl/config.h"
#include "ctl/wanted.h"
#include "loader/slot.h"

int LLVMFuzzerTestOneInput(const __u8 *data, size_t size);

static void demand(bool holds)
{
	if (!holds)
		abort();
}

static void check_node(const struct config *config)
{
	struct mf_node_config request;

	wanted_node(&request, &config->node);
	demand(request.templates >= 1 && request.templates <= MF_HOPPING_PREFIXES);
	for (unsigned int i = 0; i < request.templates; i++)
		demand(!mf_template_check(&request.template[i]));
	demand(request.address_count >= 1 && request.address_count <= MF_ASSOC_PREFIXES);
	demand(request.router_count <= MF_ROUTERS);
	demand(request.capacity >= 1 && request.capacity <= MF_CAPACITY_MAX);
	demand(request.look_ahead_ms >= MF_LOOK_AHEAD_MIN_MS && request.look_ahead_ms <= MF_LOOK_AHEAD_MAX_MS);
	demand(strnlen(request.device, MF_DEVICE_BYTES) <= CONFIG_DEVICE_MOST && *request.device);
}

static void check_peer(const struct config_peer *peer)
{
	struct mf_assoc_config request;

	wanted_association(&request, peer, NULL);
	demand(*request.name && !request.name[MF_NAME_BYTES - 1]);
	demand(!mf_template_check(&request.local) && !mf_template_check(&request.remote));
	demand(request.rotation_ms >= MF_ROTATION_MIN_MS && request.rotation_ms <= MF_ROTATION_MAX_MS);
	demand(request.local_count >= 1 && request.local_count <= MF_ASSOC_PREFIXES);
	demand(request.remote_count >= 1 && request.remote_count <= MF_ASSOC_PREFIXES);
	for (unsigned int i = 0; i < request.remote_count; i++)
		demand(request.remote_prefix[i].length <= 128);
	demand(memcmp(request.seed_local, request.seed_remote, sizeof(request.seed_local)) != 0);
}

int LLVMFuzzerTestOneInput(const __u8 *data, size_t size)
{
	static const __u8 node_public[32] = { 1, 2, 3 };
	char why[SAY_BYTES] = "";
	struct config config;
	bool wrong;

	if (config_parse(&config, "fuzz.conf", (const char *)data, size, why)) {
		demand(!strncmp(why, "fuzz.conf:", 10));
		return 0;
	}
	wrong = config_complete(&config, config.node.line_of[NODE_PRIVATE_KEY_FILE] ? node_public : NULL, why);
	if (wrong)
		demand(!strncmp(why, "fuzz.conf:", 10));
	for (size_t i = 0; !wrong && i < config.peer_count; i++)
		check_peer(&config.peers[i]);
	if (!wrong)
		check_node(&config);
	config_close(&config);
	return 0;
}
