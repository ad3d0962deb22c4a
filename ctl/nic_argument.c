// SPDX-License-Identifier: GPL-2.0-only
/* The interface that an argument names: itself, or by the configuration of its instance. */
#include "ctl/nic_argument.h"

#include <errno.h>
#include <net/if.h>
#include <string.h>
#include <unistd.h>

#include "ctl/client.h"
#include "ctl/config_file.h"

/* Of the name's own loader there is a socket, or there is such an interface: also without its file, or with a broken one. */
static bool is_nic(const char *name)
{
	char socket[CLIENT_PATH_BYTES], why[SAY_BYTES];

	return if_nametoindex(name) || (!client_find(socket, NULL, name, why) && !access(socket, F_OK));
}

/* As config_file_resolve() has it: what looks like a path, or is a file here or in /etc/mayfly. */
static bool is_file(const char *argument)
{
	char path[CONFIG_PATH_BYTES];

	if (strchr(argument, '/') || !access(argument, F_OK))
		return true;
	return !is_nic(argument) && strchr(config_file_resolve(path, argument), '/');
}

int nic_argument(char nic[static MF_DEVICE_BYTES], const char *argument, char why[static SAY_BYTES])
{
	struct config config;
	int error;

	if (!is_file(argument)) {
		if (!*argument || strlen(argument) >= MF_DEVICE_BYTES)
			return say_why(why, -EINVAL, "\"%s\" is neither a file nor an interface", argument);
		strcpy(nic, argument);
		return 0;
	}
	error = config_file_parse(&config, argument, why);
	if (error)
		return error;
	memcpy(nic, config.node.interface, MF_DEVICE_BYTES);
	config_close(&config);
	return 0;
}
