// SPDX-License-Identifier: GPL-2.0-only
/*
 * Sealed peers of a file: nothing is looked up, their introduction stands in the loader at both ends all the time, and
 * either end asks by it as soon as it has no session.
 */
#include <errno.h>
#include <sodium.h>
#include <string.h>

#include "ctl/connecting_way.h"
#include "ctl/key.h"

static int read_fixed(const struct connecting *connecting, struct static_peer *fixed, const struct config_peer *from,
		      char why[static SAY_BYTES])
{
	return static_peer_read(fixed, from, connecting->settings.private_key, connecting->settings.public_key, why);
}

int connecting_static_pair(const struct connecting *connecting, struct connecting_peer *peer,
			   const struct config_peer *from, char why[static SAY_BYTES])
{
	struct static_peer *fixed;
	int error;

	peer->secret = key_secret_new(sizeof(*peer->secret));
	if (!peer->secret)
		return say_why(why, -ENOMEM, "no memory for the secret shared with %s", peer->name);
	fixed = &peer->secret->fixed;
	error = read_fixed(connecting, fixed, from, why);
	if (error)
		return error;
	memcpy(peer->public_key, fixed->peer_public, sizeof(peer->public_key));
	if (rendezvous_pair_known(&peer->secret->pair, fixed->own_private, fixed->own_public, peer->public_key, 0))
		return say_why(why, -EINVAL, "the PublicKey of %s gives no secret with ours: it is no public key", peer->name);
	return 0;
}

const struct static_peer *connecting_static_fixed(const struct connecting_peer *peer)
{
	return peer->is_static ? &peer->secret->fixed : NULL;
}

bool connecting_static_differs(const struct connecting *connecting, const struct connecting_peer *peer,
			       const struct config_peer *from)
{
	struct static_peer *now = key_secret_new(sizeof(*now));
	char why[SAY_BYTES];
	bool differs = false;

	if (!now || read_fixed(connecting, now, from, why))
		say_error("%s; the session with %s stays as it is", now ? why : "no memory", peer->name);
	else
		differs = sodium_memcmp(now, &peer->secret->fixed, sizeof(*now)) != 0;
	key_secret_free(now);
	return differs;
}

/* That it stands already is as good: this process has put it there. */
static int put_introduction(const struct connecting *connecting, struct connecting_peer *peer, char why[static SAY_BYTES])
{
	struct mf_message *message = key_secret_new(sizeof(*message));
	int error;

	if (!message)
		return say_why(why, -ENOMEM, "no memory for the introduction");
	static_peer_introduction(&message->assoc_config, &peer->secret->fixed, peer->name,
				 connecting->settings.sessions->introduction, peer->flags);
	memcpy(peer->visitor, message->assoc_config.name, MF_NAME_BYTES);
	message->type = MF_ASSOC_ADD;
	error = client_ask_again(connecting->settings.loader, message);
	if (error == -EREMOTEIO && message->refusal == MF_REFUSED_EXISTS)
		error = 0;
	if (error)
		client_why(connecting->settings.loader, error, MF_ASSOC_ADD, message, why);
	key_secret_free(message);
	return error;
}

void connecting_static_stand(const struct connecting *connecting, struct connecting_peer *peer)
{
	struct mf_assoc_config config;
	char why[SAY_BYTES];

	static_peer_introduction(&config, &peer->secret->fixed, peer->name, connecting->settings.sessions->introduction, 0);
	memcpy(peer->visitor, config.name, MF_NAME_BYTES);
	sodium_memzero(&config, sizeof(config));
	connecting_way_leave(connecting, peer);
	if (put_introduction(connecting, peer, why))
		connecting_tell(connecting, peer, CONNECTING_REFUSED, 0, why);
}

int connecting_static_ask(const struct connecting *connecting, struct connecting_peer *peer)
{
	struct session_way way;
	char why[SAY_BYTES];
	int error = put_introduction(connecting, peer, why);

	if (error) {
		connecting_tell(connecting, peer, CONNECTING_REFUSED, 0, why);
		return error;
	}
	connecting_tell(connecting, peer, CONNECTING_ASKING, 0, NULL);
	sessions_static_way(&peer->secret->fixed, &way);
	peer->asked_ns = uv_hrtime();
	sessions_connect(connecting->settings.sessions, peer->number, &way, true);
	sodium_memzero(&way, sizeof(way));
	return 0;
}
