// SPDX-License-Identifier: GPL-2.0-only
/* Introductions as messages to the loader. */
#include "ctl/introduce.h"

#include <sodium.h>
#include <string.h>

#include "ctl/identity.h"

static const char listener[] = "introduction";

enum { PERIOD_DIGITS = 11 }; /* "@" and ten */

void introduce_fresh(struct introduction *introduction, __u32 period, enum rendezvous_form form)
{
	introduction->period = period;
	introduction->leaving = introduction->listens = introduction->offered = false;
	introduction->rotation_ms = INTRODUCE_ROTATION_MS;
	randombytes_buf(introduction->key, sizeof(introduction->key));
	memset(introduction->seed, 0, sizeof(introduction->seed));
	if (form != RENDEZVOUS_COMPACT)
		randombytes_buf(introduction->seed, sizeof(introduction->seed));
}

void introduce_offer(struct rendezvous_offer *offer, const struct introduction *introduction,
		     const struct mf_template *prefix, __u32 period_s, enum rendezvous_form form)
{
	*offer = (struct rendezvous_offer){
		.form = form,
		.prefix = *prefix,
		.rotation_ms = introduction->rotation_ms,
		.period_s = period_s,
		.period = introduction->period,
	};
	memcpy(offer->key, introduction->key, sizeof(offer->key));
	memcpy(offer->seed, introduction->seed, sizeof(offer->seed));
}

static void put_name(char name[static MF_NAME_BYTES], const char *peer, const __u8 public_key[static 32],
		     const char *kind, __u32 period)
{
	char mark[9];

	memset(name, 0, MF_NAME_BYTES);
	if (strlen(peer) + strlen(kind) + PERIOD_DIGITS < MF_NAME_BYTES && strcmp(peer, listener)) {
		snprintf(name, MF_NAME_BYTES, "%s@%s%u", peer, kind, period);
		return;
	}
	sodium_bin2hex(mark, sizeof(mark), public_key, 4);
	snprintf(name, MF_NAME_BYTES, "%.10s~%s@%s%u", peer, mark, kind, period);
}

void introduce_name(char name[static MF_NAME_BYTES], const char *client, const __u8 public_key[static 32],
		    __u32 period)
{
	put_name(name, client, public_key, "", period);
}

bool introduce_is_name(const char *name)
{
	return memchr(name, '@', strnlen(name, MF_NAME_BYTES)) != NULL;
}

static void begin(struct mf_assoc_config *request, const struct introduce_node *node, const __u8 *key,
		  __u32 rotation_ms)
{
	memset(request, 0, sizeof(*request));
	memcpy(request->key, key, sizeof(request->key));
	request->local = node->prefix;
	request->rotation_ms = rotation_ms;
	request->carriage = MF_CARRIAGE_ENCAP;
	request->local_count = 1;
	memcpy(request->local_prefix[0].address, node->inner, 16);
	request->local_prefix[0].length = 128;
}

static void put_remote(struct mf_assoc_config *request, const __u8 address[static 16])
{
	request->remote_count = 1;
	memcpy(request->remote_prefix[0].address, address, 16);
	request->remote_prefix[0].length = 128;
}

void introduce_listener(struct mf_assoc_config *request, const struct introduction *introduction,
			const struct introduce_node *node)
{
	begin(request, node, introduction->key, introduction->rotation_ms);
	snprintf(request->name, sizeof(request->name), "%s@%u", listener, introduction->period);
	memcpy(request->seed_local, introduction->seed, sizeof(request->seed_local));
	request->flags = MF_ASSOC_LISTENS;
}

void introduce_client(struct mf_assoc_config *request, const struct introduction *introduction,
		      const struct introduce_node *node, const char *name, const __u8 public_key[static 32],
		      const __u8 reader_seed[static 8])
{
	__u8 address[16];

	begin(request, node, introduction->key, introduction->rotation_ms);
	introduce_name(request->name, name, public_key, introduction->period);
	memcpy(request->seed_local, introduction->seed, sizeof(request->seed_local));
	memcpy(request->seed_remote, reader_seed, sizeof(request->seed_remote));
	request->flags = MF_ASSOC_ROAMS | MF_ASSOC_CONTROL;
	request->remote.prefix_length = 64;
	request->remote.hop_bits = 64;
	identity_visitor(address, public_key);
	put_remote(request, address);
}

void introduce_visitor(struct mf_assoc_config *request, const struct rendezvous_offer *offer,
		       const struct introduce_node *node, const char *name, const __u8 public_key[static 32],
		       const __u8 reader_seed[static 8], __u8 flags)
{
	__u8 address[16];

	begin(request, node, offer->key, offer->rotation_ms);
	put_name(request->name, name, public_key, "v", offer->period);
	memcpy(request->seed_local, reader_seed, sizeof(request->seed_local));
	memcpy(request->seed_remote, offer->seed, sizeof(request->seed_remote));
	request->flags = flags;
	request->remote = offer->prefix;
	identity_introduction(address, public_key);
	put_remote(request, address);
}
