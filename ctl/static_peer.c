// SPDX-License-Identifier: GPL-2.0-only
/* Keys of sealed peers of a file, and the association by which their sessions begin. */
#include "ctl/static_peer.h"

#include <errno.h>
#include <sodium.h>
#include <string.h>

#include "ctl/hkdf.h"
#include "ctl/identity.h"
#include "ctl/introduce.h"
#include "ctl/key.h"

static const char purpose[] = "mayfly static v1";

enum { PURPOSE_BYTES = sizeof(purpose) - 1, SEED_BYTES = 8, MARK_BYTES = 2 /* "@1" */ };

int static_peer_derive(__u8 private_key[static 32], __u8 public_key[static 32], const __u8 key[static 16],
		       const __u8 seed[static 8])
{
	const struct hkdf_text none = { 0 }, secret = { key, KEY_HOP_BYTES };
	__u8 info[PURPOSE_BYTES + SEED_BYTES];

	memcpy(info, purpose, PURPOSE_BYTES);
	memcpy(info + PURPOSE_BYTES, seed, SEED_BYTES);
	hkdf_sha256(private_key, KEY_PRIVATE_BYTES, secret, none, (struct hkdf_text){ info, sizeof(info) });
	return key_public(public_key, private_key);
}

/* Of the file, both: those that the two ends prove they have. Else of K, both: that they know K is what is proved. */
static int take_keys(struct static_peer *peer, const struct config_peer *from, const __u8 *node_private,
		     const __u8 *node_public)
{
	__u8 unused[KEY_PRIVATE_BYTES];
	int error;

	if (from->line_of[PEER_PUBLIC_KEY]) {
		memcpy(peer->own_private, node_private, sizeof(peer->own_private));
		memcpy(peer->own_public, node_public, sizeof(peer->own_public));
		memcpy(peer->peer_public, from->public_key, sizeof(peer->peer_public));
		return 0;
	}
	error = static_peer_derive(peer->own_private, peer->own_public, peer->key, peer->seed_local);
	if (!error)
		error = static_peer_derive(unused, peer->peer_public, peer->key, peer->seed_remote);
	sodium_memzero(unused, sizeof(unused));
	return error;
}

int static_peer_read(struct static_peer *peer, const struct config_peer *from, const __u8 *node_private,
		     const __u8 *node_public, char why[static SAY_BYTES])
{
	struct static_peer *fresh = key_secret_new(sizeof(*fresh));
	int error;

	if (!fresh)
		return say_why(why, -ENOMEM, "no memory for the keys of %s", from->name);
	error = key_read_hop(from->key_file, fresh->key, why);
	if (!error) {
		memcpy(fresh->seed_local, from->seed_local, sizeof(fresh->seed_local));
		memcpy(fresh->seed_remote, from->seed_remote, sizeof(fresh->seed_remote));
		memcpy(fresh->inner_own, from->local_addresses.prefix[0].address, sizeof(fresh->inner_own));
		memcpy(fresh->inner_peer, from->addresses.prefix[0].address, sizeof(fresh->inner_peer));
		fresh->local = from->local_prefix;
		fresh->remote = from->prefix;
		fresh->rotation_ms = from->rotation_ms;
		error = take_keys(fresh, from, node_private, node_public);
		if (error)
			say_why(why, error, "the key in %s gives no keys for %s", from->key_file, from->name);
	}
	if (!error)
		memcpy(peer, fresh, sizeof(*peer));
	key_secret_free(fresh);
	return error;
}

static void put_host(struct mf_prefix *prefix, const __u8 address[static 16])
{
	memcpy(prefix->address, address, 16);
	prefix->length = 128;
}

void static_peer_introduction(struct mf_assoc_config *request, const struct static_peer *peer, const char *name,
			      const __u8 host[static 16], __u8 flags)
{
	__u8 theirs[16];

	memset(request, 0, sizeof(*request));
	introduce_name(request->name, name, peer->peer_public, STATIC_PERIOD);
	memcpy(request->key, peer->key, sizeof(request->key));
	memcpy(request->seed_local, peer->seed_local, sizeof(request->seed_local));
	memcpy(request->seed_remote, peer->seed_remote, sizeof(request->seed_remote));
	request->local = peer->local;
	request->remote = peer->remote;
	request->rotation_ms = peer->rotation_ms;
	request->carriage = MF_CARRIAGE_ENCAP;
	request->flags = flags | MF_ASSOC_CONTROL;
	request->local_count = request->remote_count = 1;
	put_host(&request->local_prefix[0], host);
	identity_introduction(theirs, peer->peer_public);
	put_host(&request->remote_prefix[0], theirs);
}

bool static_peer_is_introduction(const char name[static MF_NAME_BYTES])
{
	size_t length = strnlen(name, MF_NAME_BYTES);

	return length > MARK_BYTES && !memcmp(name + length - MARK_BYTES, "@1", MARK_BYTES);
}
