// SPDX-License-Identifier: GPL-2.0-only
/* The way to a session: lookup, introduction, request. */
#include "ctl/connecting_way.h"

#include <errno.h>
#include <sodium.h>
#include <string.h>

#include "ctl/identity.h"
#include "ctl/introduce.h"
#include "ctl/key.h"
#include "ctl/snapshot.h"

int connecting_way_pair(const struct connecting *connecting, struct connecting_peer *peer, char why[static SAY_BYTES])
{
	peer->secret = key_secret_new(sizeof(*peer->secret));
	if (!peer->secret)
		return say_why(why, -ENOMEM, "no memory for the secret shared with %s", peer->name);
	if (rendezvous_pair_known(&peer->secret->pair, connecting->settings.private_key, connecting->settings.public_key,
				  peer->public_key, 0))
		return say_why(why, -EINVAL, "the PublicKey of %s gives no secret with ours: it is no public key", peer->name);
	return 0;
}

const __u8 *connecting_way_shared(const struct connecting_peer *peer)
{
	return peer->secret->pair.shared;
}

/* --- lookup -------------------------------------------------------------------------- */

/* As the peer last said; it is known as long as its session is. */
static __u32 told_period_s(const struct connecting *connecting, const struct connecting_peer *peer)
{
	const struct session *session = connecting->settings.sessions->peer[peer->number].session;

	return session ? session->peer_period_s : 0;
}

int connecting_way_look(struct connecting *connecting, struct connecting_peer *peer)
{
	const struct connecting_settings *settings = &connecting->settings;
	const struct mf_template *publish = &settings->rendezvous->publish_prefix;
	struct lookup_request request = {
		.rendezvous = settings->rendezvous,
		.pair = &peer->secret->pair,
		.period_s = told_period_s(connecting, peer),
		.loader = settings->loader->path,
		.prefix = publish->prefix_length ? *publish : settings->prefix,
		.nodes_path = settings->nodes_path,
		.dead = &peer->secret->dead,
		.tag = peer->tag,
	};
	char why[SAY_BYTES];
	int error;

	connecting_tell(connecting, peer, CONNECTING_LOOKING, 0, NULL);
	error = lookups_begin(connecting->lookups, &request, why);
	if (error)
		connecting_tell(connecting, peer, CONNECTING_MISSING, 0, why);
	return error;
}

void connecting_way_remember(struct connecting_peer *peer, const struct rendezvous_offer *offer)
{
	peer->secret->offer = *offer;
}

void connecting_way_in_vain(struct connecting_peer *peer)
{
	meeting_note_dead(&peer->secret->dead, peer->secret->offer.key);
}

void connecting_way_answered(struct connecting_peer *peer)
{
	sodium_memzero(&peer->secret->dead, sizeof(peer->secret->dead));
}

/* --- introduction -------------------------------------------------------------------- */

static int ask_loader(const struct connecting *connecting, unsigned int type, struct mf_message *message)
{
	message->type = (__u16)type;
	return client_ask_again(connecting->settings.loader, message);
}

static void delete_named(const struct connecting *connecting, const char *name)
{
	struct mf_message message = { 0 };

	memcpy(message.assoc_config.name, name, MF_NAME_BYTES);
	ask_loader(connecting, MF_ASSOC_DELETE, &message);
}

static void fill(const struct connecting *connecting, const struct connecting_peer *peer, struct mf_assoc_config *config)
{
	struct introduce_node node = { .prefix = connecting->settings.prefix };
	__u8 seed[8];

	identity_visitor(node.inner, connecting->settings.public_key);
	rendezvous_reader_seed(&peer->secret->pair, peer->secret->offer.key, seed);
	introduce_visitor(config, &peer->secret->offer, &node, peer->name, peer->public_key, seed, peer->flags);
}

/* Afresh every time: the offer or the own prefix may be another one than that of the last. */
static int visit(const struct connecting *connecting, struct connecting_peer *peer, char why[static SAY_BYTES])
{
	struct mf_message *message = key_secret_new(sizeof(*message));
	int error;

	if (!message)
		return say_why(why, -ENOMEM, "no memory for the introduction");
	connecting_way_leave(connecting, peer);
	fill(connecting, peer, &message->assoc_config);
	memcpy(peer->visitor, message->assoc_config.name, MF_NAME_BYTES);
	error = ask_loader(connecting, MF_ASSOC_ADD, message);
	if (error) {
		client_why(connecting->settings.loader, error, MF_ASSOC_ADD, message, why);
		*peer->visitor = 0;
	}
	key_secret_free(message);
	return error;
}

int connecting_way_ask(struct connecting *connecting, struct connecting_peer *peer)
{
	const struct rendezvous_offer *offer = &peer->secret->offer;
	struct session_way way = { .period = offer->period };
	char why[SAY_BYTES];
	int error = visit(connecting, peer, why);

	if (error) {
		connecting_tell(connecting, peer, CONNECTING_REFUSED, 0, why);
		return error;
	}
	connecting_tell(connecting, peer, CONNECTING_ASKING, 0, NULL);
	memcpy(way.key, offer->key, sizeof(way.key));
	peer->asked_ns = uv_hrtime();
	sessions_connect(connecting->settings.sessions, peer->number, &way, peer->plan.keep);
	sodium_memzero(&way, sizeof(way));
	connecting_way_patience(connecting, peer);
	return 0;
}

void connecting_way_leave(const struct connecting *connecting, struct connecting_peer *peer)
{
	if (*peer->visitor)
		delete_named(connecting, peer->visitor);
	*peer->visitor = 0;
}

void connecting_way_leave_earlier(const struct connecting *connecting)
{
	struct snapshot snapshot;
	char why[SAY_BYTES];
	__u8 visitor[16];

	if (snapshot_take(&snapshot, connecting->settings.loader, why))
		return;
	identity_visitor(visitor, connecting->settings.public_key);
	for (size_t i = 0; i < snapshot.count; i++) {
		const struct mf_assoc_config *config = &snapshot.associations[i].config;
		bool known = false;

		for (size_t j = 0; j < connecting->peers; j++)
			known |= !memcmp(connecting->peer[j].visitor, config->name, MF_NAME_BYTES);
		if (known)
			continue;
		if (static_peer_is_introduction(config->name) ||
		    (config->local_count == 1 && !memcmp(config->local_prefix[0].address, visitor, 16)))
			delete_named(connecting, config->name);
	}
	snapshot_close(&snapshot);
}

void connecting_way_patience(const struct connecting *connecting, const struct connecting_peer *peer)
{
	struct session *session = connecting->settings.sessions->peer[peer->number].session;

	if (session)
		session->settings.idle_ms = peer->idle_ms;
}
