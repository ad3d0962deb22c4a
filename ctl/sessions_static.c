// SPDX-License-Identifier: GPL-2.0-only
/* What differs where a peer is static: addresses are as configured, and the way to it is always the same. */
#include <errno.h>
#include <string.h>

#include "ctl/identity.h"
#include "ctl/sessions_parts.h"

void sessions_inner_own(const struct sessions *sessions, __u32 number, __u8 address[static 16])
{
	const struct static_peer *fixed = sessions->peer[number].fixed;

	memcpy(address, fixed ? fixed->inner_own : sessions->inner, 16);
}

void sessions_inner_peer(const struct sessions_peer *peer, __u8 address[static 16])
{
	if (peer->fixed)
		memcpy(address, peer->fixed->inner_peer, 16);
	else
		identity_address(address, peer->public_key);
}

/* By either end: what comes by this introduction comes from where the file says. */
void sessions_static_way(const struct static_peer *fixed, struct session_way *way)
{
	*way = (struct session_way){ .period = STATIC_PERIOD };
	memcpy(way->key, fixed->key, sizeof(way->key));
	memcpy(way->prefix, fixed->remote.base, sizeof(way->prefix));
}

int sessions_add_static(struct sessions *sessions, const char *name, const struct static_peer *fixed, const __u8 *shared,
			char why[static SAY_BYTES])
{
	int number, error = 0;

	if (sessions->socket[SESSIONS_STATIC].fd < 0)
		error = sessions_socket_open(sessions, SESSIONS_STATIC, why);
	if (error)
		return error;
	number = sessions_put(sessions, name, fixed->peer_public, shared, fixed);
	if (number == -EEXIST)
		return say_why(why, number, "%s has the key of another peer, or another one has its Address", name);
	if (number < 0)
		return say_why(why, number, "no memory for the session with %s", name);
	sessions->peer[number].rotation_ms = fixed->rotation_ms;
	return number;
}
