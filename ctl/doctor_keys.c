// SPDX-License-Identifier: GPL-2.0-only
/* doctor on the files around a configuration: keys, the directory of clients, passwords. What up or serve would refuse. */
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "ctl/config_file.h"
#include "ctl/doctor.h"
#include "ctl/format.h"
#include "ctl/registry.h"
#include "ctl/store_redis_address.h"

enum { NAMED = 8 };

/* The text of it is read where it is used, and so are the files that it names. */
static void check_store(struct doctor *doctor)
{
	const struct config_node *node = &doctor->config->node;
	struct redis_server *servers;
	char why[SAY_BYTES];

	if (node->rendezvous.store.kind != CONFIG_STORE_REDIS)
		return;
	servers = key_secret_new(STORE_REDIS_SERVERS_MOST * sizeof(*servers));
	if (servers && redis_servers_parse(servers, node->rendezvous.store.redis, why) < 0)
		doctor_say(doctor, DOCTOR_FAIL, NULL, "%s:%u: Store: %s", doctor->config->file, node->line_of[NODE_STORE], why);
	key_secret_free(servers);
}

static void check_store_password(struct doctor *doctor)
{
	static const char remedy[] = "chmod o= that file, or keep the password in one of its own: Store = redis://HOST?password-file=PATH";
	const struct config *config = doctor->config;
	struct stat status;

	if (config->node.rendezvous.store.kind == CONFIG_STORE_REDIS && strchr(config->node.rendezvous.store.redis, '@') &&
	    !stat(config->file, &status) && status.st_mode & 07)
		doctor_say(doctor, DOCTOR_WARN, remedy, "%s has a password in it, and everybody can read it (mode %04o)",
			   config->file, status.st_mode & 07777);
}

static void check_clients(struct doctor *doctor)
{
	const char *path = doctor->config->node.rendezvous.clients;
	char why[SAY_BYTES];
	int wrong;

	if (!*path)
		return;
	wrong = registry_check_directory(path, why);
	if (wrong < 0)
		doctor_say(doctor, DOCTOR_FAIL, NULL, "%s", why);
	else if (wrong)
		doctor_say(doctor, DOCTOR_WARN, "a public key in base64 in each (mayflyctl pubkey)", "%d file%s in %s %s no key", wrong,
			   format_plural((__u64)wrong), path, wrong == 1 ? "holds" : "hold");
}

/* Each file by itself: how many are wrong, and how many there are in `files`. */
static size_t check_each(struct doctor *doctor, __u8 key[static KEY_HOP_BYTES], size_t *files)
{
	const struct config *config = doctor->config;
	char why[SAY_BYTES];
	size_t wrong = 0;

	*files = 0;
	for (size_t i = 0; i < config->peer_count + config->meet_count; i++) {
		const struct config_peer *peer = &config->peers[i];

		if (!*peer->key_file)
			continue;
		*files += 1;
		if (key_read_hop(peer->key_file, key, why) && wrong++ < NAMED)
			doctor_say(doctor, DOCTOR_FAIL, NULL, "%s: %s", peer->name, why);
	}
	if (wrong > NAMED)
		doctor_say(doctor, DOCTOR_FAIL, NULL, "%zu more key files are wrong", wrong - NAMED);
	return wrong;
}

/* No two peers may have the same addresses of this node. */
static void check_together(struct doctor *doctor)
{
	struct config_keys keys;
	char why[SAY_BYTES];

	if (config_keys_read(&keys, doctor->config, why)) {
		doctor_say(doctor, DOCTOR_FAIL, NULL, "%s", why);
		return;
	}
	config_keys_close(&keys);
	doctor_say(doctor, DOCTOR_OK, NULL, "key files hold keys, and are closed to others");
}

void doctor_check_keys(struct doctor *doctor)
{
	__u8 *key = doctor->config ? key_secret_new(KEY_HOP_BYTES) : NULL;
	size_t files;

	if (!key)
		return;
	if (!check_each(doctor, key, &files) && files)
		check_together(doctor);
	key_secret_free(key);
	check_clients(doctor);
	check_store(doctor);
	check_store_password(doctor);
}
