// SPDX-License-Identifier: GPL-2.0-only
/* hosts: names for inner addresses, to be added to /etc/hosts. */
#include <string.h>
#include <unistd.h>

#include "ctl/config_file.h"
#include "ctl/ctl.h"
#include "ctl/format.h"
#include "ctl/parse.h"

/* The first inner IPv6 address that is a host's; nothing for a peer without one. */
static void print_host(const struct config_prefixes *addresses, const char *name, bool any_length)
{
	char text[FORMAT_ADDRESS];

	for (unsigned int i = 0; i < addresses->count; i++) {
		const struct mf_prefix *prefix = &addresses->prefix[i];

		if ((any_length || prefix->length == 128) && !prefix_is_v4(prefix)) {
			printf("%s %s\n", format_address(text, prefix->address), name);
			return;
		}
	}
}

int command_hosts(const struct ctl *ctl, int argc, char **argv)
{
	const struct option none[] = { { 0 } };
	char why[SAY_BYTES], name[65] = "localnode";
	__u8 node_public[KEY_PUBLIC_BYTES];
	struct config config;
	bool first = true;

	if (ctl_next_option(ctl, argc, argv, none, &first) != -1 || ctl_check_arguments(ctl, argc, 1, 1))
		return CTL_USAGE;
	if (config_file_read(&config, node_public, argv[optind], why)) {
		say_error("%s", why);
		return CTL_FAILED;
	}
	gethostname(name, sizeof(name) - 1);
	print_host(&config.node.addresses, name, true);
	for (size_t i = 0; i < config.peer_count + config.meet_count; i++)
		print_host(&config.peers[i].addresses, config.peers[i].name, false);
	config_close(&config);
	return ctl_finish_output();
}
