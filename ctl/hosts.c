// SPDX-License-Identifier: GPL-2.0-only
/* hosts: names for inner addresses, to be added to /etc/hosts. */
#include <string.h>
#include <unistd.h>

#include "ctl/config_file.h"
#include "ctl/ctl.h"
#include "ctl/format.h"
#include "ctl/identity.h"
#include "ctl/parse.h"

static void print_host(const struct mf_prefix *host, const char *name)
{
	char text[FORMAT_ADDRESS];

	printf("%s %s\n", format_address(text, host->address), name);
}

/* By its first inner IPv6 address that is a host's; nothing for a peer without one. */
static void print_peer(const struct config_peer *peer)
{
	for (unsigned int i = 0; i < peer->addresses.count; i++) {
		const struct mf_prefix *prefix = &peer->addresses.prefix[i];

		if (prefix->length == 128 && !prefix_is_v4(prefix)) {
			print_host(prefix, peer->name);
			return;
		}
	}
}

/* By its first IPv6 address that others reach it at: introductions lead to two that are for nothing else. */
static void print_node(const struct config_prefixes *addresses, const __u8 public_key[static KEY_PUBLIC_BYTES])
{
	__u8 introduction[16], visitor[16];
	char name[65] = "localnode";

	gethostname(name, sizeof(name) - 1);
	identity_introduction(introduction, public_key);
	identity_visitor(visitor, public_key);
	for (unsigned int i = 0; i < addresses->count; i++) {
		const struct mf_prefix *prefix = &addresses->prefix[i];

		if (prefix_is_v4(prefix) || !memcmp(prefix->address, introduction, 16) || !memcmp(prefix->address, visitor, 16))
			continue;
		print_host(prefix, name);
		return;
	}
}

int command_hosts(const struct ctl *ctl, int argc, char **argv)
{
	const struct option none[] = { { 0 } };
	__u8 node_public[KEY_PUBLIC_BYTES] = { 0 }; /* of a node without a key */
	char why[SAY_BYTES];
	struct config config;
	bool first = true;

	if (ctl_next_option(ctl, argc, argv, none, &first) != -1 || ctl_check_arguments(ctl, argc, 1, 1))
		return CTL_USAGE;
	if (config_file_read(&config, node_public, argv[optind], why)) {
		say_error("%s", why);
		return CTL_FAILED;
	}
	print_node(&config.node.addresses, node_public);
	for (size_t i = 0; i < config.peer_count + config.meet_count; i++)
		print_peer(&config.peers[i]);
	config_close(&config);
	return ctl_finish_output();
}
