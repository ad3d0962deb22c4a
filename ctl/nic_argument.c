// SPDX-License-Identifier: GPL-2.0-only
/* The interface that an argument names: itself, or by the configuration of its instance. */
#include "ctl/nic_argument.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "ctl/config_file.h"

/* As config_file_resolve() has it: what looks like a path, or is a file here. */
static bool is_file(const char *argument)
{
	return strchr(argument, '/') || !access(argument, F_OK);
}

int nic_argument(char nic[static MF_DEVICE_BYTES], const char *argument, char why[static SAY_BYTES])
{
	struct config config;
	int error;

	if (!is_file(argument)) {
		if (strlen(argument) >= MF_DEVICE_BYTES)
			return say_why(why, -EINVAL, "%s is neither a file nor an interface", argument);
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
