// SPDX-License-Identifier: GPL-2.0-only
/*
 * Makes the association of two loaders a sealed one, as a handshake would: same hosts and prefixes, new K, new keys.
 *
 *	sealedpair SOCKET SOCKET [ROTATION_MS]
 *
 * Each has one association; what is measured afterwards begins with counters of 0.
 */
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ctl/client.h"

static int ask(struct client *client, struct mf_message *message)
{
	char why[SAY_BYTES];
	__u16 type = message->type;
	int error = client_ask(client, message);

	if (!error)
		return 0;
	client_why(client, error, type, message, why);
	fprintf(stderr, "sealedpair: %s\n", why);
	return -1;
}

/* The end's only association, with other keys in its place. */
static int seal(const char *socket, const struct mf_assoc_config *keys, __u32 rotation_ms)
{
	struct mf_message first = { .type = MF_ASSOC_NEXT }, message = { .type = MF_ASSOC_DELETE };
	struct client client;
	char why[SAY_BYTES];
	int error;

	if (client_open(&client, socket, why))
		return fprintf(stderr, "sealedpair: %s\n", why), -1;
	error = ask(&client, &first);
	if (!error) {
		message.assoc_config = first.assoc_status.config;
		error = ask(&client, &message);
	}
	if (!error) {
		struct mf_assoc_config *config = &message.assoc_config;

		memset(&message, 0, sizeof(message));
		message.type = MF_ASSOC_ADD;
		*config = first.assoc_status.config;
		memcpy(config->key, keys->key, sizeof(config->key));
		config->flags &= MF_ASSOC_OPENS | MF_ASSOC_FOLLOWS;
		config->carriage = MF_CARRIAGE_SEALED;
		config->seal_out = keys->seal_out;
		config->seal_in = keys->seal_in;
		config->rotation_ms = rotation_ms ? rotation_ms : config->rotation_ms;
		error = ask(&client, &message);
	}
	client_close(&client);
	return error;
}

static struct mf_seal_key key_make(__u32 sender)
{
	struct mf_seal_key key = { .sender = sender };

	randombytes_buf(key.key, sizeof(key.key));
	randombytes_buf(key.mask, sizeof(key.mask));
	return key;
}

int main(int argc, char **argv)
{
	struct mf_assoc_config keys = { 0 };
	struct mf_seal_key swap;
	__u32 rotation_ms = argc > 3 ? (__u32)strtoul(argv[3], NULL, 10) : 0;

	if (argc < 3 || sodium_init() < 0)
		return fprintf(stderr, "usage: sealedpair SOCKET SOCKET [ROTATION_MS]\n"), 2;
	randombytes_buf(keys.key, sizeof(keys.key));
	keys.seal_out = key_make(0);
	keys.seal_in = key_make(1);
	if (seal(argv[1], &keys, rotation_ms))
		return 1;
	swap = keys.seal_out;
	keys.seal_out = keys.seal_in;
	keys.seal_in = swap;
	return seal(argv[2], &keys, rotation_ms) ? 1 : 0;
}
