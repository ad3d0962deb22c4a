// SPDX-License-Identifier: GPL-2.0-only
/*
 * The legacy ethtool commands: they are in every kernel and name exactly what is wanted here.
 */
#include "loader/offload.h"

#include <errno.h>
#include <linux/ethtool.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <string.h>
#include <sys/ioctl.h>

static int ethtool(int fd, const char *name, void *command)
{
	struct ifreq request = { .ifr_data = command };

	strncpy(request.ifr_name, name, IFNAMSIZ - 1);
	return ioctl(fd, SIOCETHTOOL, &request) ? -errno : 0;
}

struct command {
	__u32 get, set;
	__u32 flag; /* bit of the value; 0: the value itself is 0 or 1 */
};

static const struct command command_of[] = {
	[MF_OFFLOAD_TX_CHECKSUM] = { ETHTOOL_GTXCSUM, ETHTOOL_STXCSUM, 0 },
	[MF_OFFLOAD_TSO] = { ETHTOOL_GTSO, ETHTOOL_STSO, 0 },
	[MF_OFFLOAD_GSO] = { ETHTOOL_GGSO, ETHTOOL_SGSO, 0 },
	[MF_OFFLOAD_GRO] = { ETHTOOL_GGRO, ETHTOOL_SGRO, 0 },
	[MF_OFFLOAD_TX_VLAN] = { ETHTOOL_GFLAGS, ETHTOOL_SFLAGS, ETH_FLAG_TXVLAN },
};

int mf_offload_get(int fd, const char *name, enum mf_offload offload)
{
	const struct command *command = &command_of[offload];
	struct ethtool_value value = { .cmd = command->get };
	int error = ethtool(fd, name, &value);

	if (error)
		return error;
	return command->flag ? !!(value.data & command->flag) : !!value.data;
}

/* A driver may refuse to set what it has no choice about, even to what it is. */
int mf_offload_set(int fd, const char *name, enum mf_offload offload, int on)
{
	const struct command *command = &command_of[offload];
	struct ethtool_value value = { .cmd = command->get };
	int error = ethtool(fd, name, &value), is_on;

	if (error)
		return error;
	is_on = command->flag ? !!(value.data & command->flag) : !!value.data;
	if (is_on == on)
		return 0;
	if (command->flag)
		value.data ^= command->flag;
	else
		value.data = on;
	value.cmd = command->set;
	return ethtool(fd, name, &value);
}

void mf_offload_driver(int fd, const char *name, char driver[static MF_DRIVER_BYTES])
{
	struct ethtool_drvinfo info = { .cmd = ETHTOOL_GDRVINFO };

	memset(driver, 0, MF_DRIVER_BYTES);
	if (!ethtool(fd, name, &info))
		memcpy(driver, info.driver, MF_DRIVER_BYTES - 1);
}
