// SPDX-License-Identifier: GPL-2.0-only
/*
 * Words for refusals; both ends of the control socket use them.
 */
#include "loader/control.h"

const char *mf_refusal_name(unsigned int refusal)
{
	static const char *const name[] = {
		[MF_ACCEPTED] = "accepted",
		[MF_REFUSED_SIZE] = "message has the wrong size",
		[MF_REFUSED_VERSION] = "message is of another version",
		[MF_REFUSED_TYPE] = "unknown type of message",
		[MF_REFUSED_PEER] = "not allowed for this user",
		[MF_REFUSED_VALUE] = "value out of range",
		[MF_REFUSED_EXISTS] = "exists already",
		[MF_REFUSED_NOT_FOUND] = "not found",
		[MF_REFUSED_FULL] = "no room left",
		[MF_REFUSED_NO_NODE] = "no node is set up yet",
		[MF_REFUSED_SYSTEM] = "the kernel said no",
		[MF_REFUSED_UNSUPPORTED] = "not supported by this loader",
		[MF_REFUSED_INTERFACE] = "the device cannot stand on this interface",
		[MF_REFUSED_NO_LISTENER] = "no introduction with this key, seed, prefix and rotation",
		[MF_REFUSED_HAS_CLIENTS] = "introduction still has clients",
	};

	if (refusal >= sizeof(name) / sizeof(name[0]))
		return "unknown refusal";
	return name[refusal];
}
