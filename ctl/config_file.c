// SPDX-License-Identifier: GPL-2.0-only
/*
 * Reads configuration and key files. The private key is needed for a moment only, to know the
 * node's own public key.
 */
#include "ctl/config_file.h"

#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ctl/nic_prefix.h"

enum { FILE_BYTES_MOST = 1 << 29 }; /* a million peers of 500 bytes */

char *config_file_resolve(char path[static CONFIG_PATH_BYTES], const char *argument)
{
	int used = snprintf(path, CONFIG_PATH_BYTES, "%s", argument);

	if (!strchr(argument, '/') && access(argument, F_OK) && used < CONFIG_PATH_BYTES) {
		char usual[CONFIG_PATH_BYTES];

		used = snprintf(usual, sizeof(usual), "/etc/mayfly/%s.conf", argument);
		if (used < CONFIG_PATH_BYTES && !access(usual, F_OK))
			memcpy(path, usual, sizeof(usual));
	}
	return path;
}

/* All that the stream gives, in memory of malloc(). */
static int read_stream(FILE *stream, char **text, size_t *length)
{
	size_t room = 0, used = 0, got;
	char *bytes = NULL;

	do {
		char *more = used + 65536 > FILE_BYTES_MOST ? NULL : realloc(bytes, room = used * 2 + 65536);

		if (!more) {
			free(bytes);
			return used ? -EFBIG : -ENOMEM;
		}
		bytes = more;
		got = fread(bytes + used, 1, room - used, stream);
		used += got;
	} while (got);
	if (ferror(stream)) {
		free(bytes);
		return -EIO;
	}
	*text = bytes;
	*length = used;
	return 0;
}

/* A bare name was looked for in two places. */
static int why_not_open(const char *path, int error, char why[static SAY_BYTES])
{
	if (error == -ENOENT && !strchr(path, '/'))
		return say_why(why, error, "there is neither a file %s here nor /etc/mayfly/%s.conf: expected a configuration "
			       "(mayfly.conf(5) has examples)", path, path);
	return say_why(why, error, "cannot open %s: %s", path, strerror(-error));
}

static int read_text(const char *path, char **text, size_t *length, char why[static SAY_BYTES])
{
	FILE *stream = fopen(path, "re");
	struct stat status;
	int error;

	if (!stream)
		return why_not_open(path, -errno, why);
	if (!fstat(fileno(stream), &status) && S_ISDIR(status.st_mode))
		error = -EISDIR;
	else
		error = read_stream(stream, text, length);
	fclose(stream);
	return error ? say_why(why, error, "cannot read %s: %s", path, strerror(-error)) : 0;
}

int config_file_parse(struct config *config, const char *argument, char why[static SAY_BYTES])
{
	char path[CONFIG_PATH_BYTES];
	size_t length = 0;
	char *text = NULL;
	int error;

	error = read_text(config_file_resolve(path, argument), &text, &length, why);
	if (error)
		return error;
	error = config_parse(config, path, text, length, why);
	free(text);
	return error;
}

/* "FILE:LINE: " before a sentence about a file that the line names. */
static int at_line(const struct config *config, unsigned int line, int error, char why[static SAY_BYTES])
{
	char sentence[SAY_BYTES];

	memcpy(sentence, why, SAY_BYTES);
	config_wrong(config, line, why, "%s", sentence);
	return error;
}

static int read_node_public(const struct config *config, __u8 node_public[static KEY_PUBLIC_BYTES],
			    char why[static SAY_BYTES])
{
	__u8 *private_key = key_secret_new(KEY_PRIVATE_BYTES);
	int error;

	if (!private_key)
		return say_why(why, -ENOMEM, "no memory for the private key");
	error = key_read_private(config->node.private_key_file, private_key, why);
	if (!error && key_public(node_public, private_key))
		error = say_why(why, -EINVAL, "%s holds a key that gives no public key",
				config->node.private_key_file);
	key_secret_free(private_key);
	return error ? at_line(config, config->node.line_of[NODE_PRIVATE_KEY_FILE], error, why) : 0;
}

/* Prefix = auto */
static int find_prefix(struct config *config, const struct mf_template *present, char why[static SAY_BYTES])
{
	struct config_templates *prefixes = &config->node.prefixes;
	int error = 0;

	if (prefixes->automatic && config->node.line_of[NODE_INTERFACE])
		error = nic_prefix_find(config->node.interface, present, &prefixes->template[0], why);
	return error ? at_line(config, config->node.line_of[NODE_PREFIX], error, why) : 0;
}

int config_file_read(struct config *config, __u8 node_public[static KEY_PUBLIC_BYTES], const char *argument,
		     char why[static SAY_BYTES])
{
	return config_file_read_in(config, node_public, argument, NULL, why);
}

int config_file_read_in(struct config *config, __u8 node_public[static KEY_PUBLIC_BYTES], const char *argument,
			const struct mf_template *present, char why[static SAY_BYTES])
{
	bool has_key;
	int error = config_file_parse(config, argument, why);

	if (error)
		return error;
	error = find_prefix(config, present, why);
	has_key = config->node.line_of[NODE_PRIVATE_KEY_FILE] != 0;
	memset(node_public, 0, KEY_PUBLIC_BYTES);
	if (!error && has_key)
		error = read_node_public(config, node_public, why);
	if (!error)
		error = config_complete(config, has_key ? node_public : NULL, why);
	if (error)
		config_close(config);
	return error;
}

struct order {
	const struct config *config;
	const struct config_keys *keys;
};

/* By all that this end's addresses depend on. */
static int compare_derivations(const void *one, const void *other, void *context)
{
	const struct order *order = context;
	size_t i = *(const size_t *)one, j = *(const size_t *)other;
	const struct config_peer *a = &order->config->peers[i], *b = &order->config->peers[j];
	int difference = memcmp(order->keys->key[i], order->keys->key[j], KEY_HOP_BYTES);

	if (!difference)
		difference = memcmp(a->seed_local, b->seed_local, sizeof(a->seed_local));
	if (!difference)
		difference = memcmp(&a->local_prefix, &b->local_prefix, sizeof(a->local_prefix));
	return difference;
}

/* Peers that are met have none. */
static bool has_key(const struct config *config, size_t peer)
{
	return peer < config->peer_count || config->peers[peer].is_static;
}

static int check_derivations(const struct config_keys *keys, const struct config *config, char why[static SAY_BYTES])
{
	struct order order = { config, keys };
	size_t room = config->peer_count + config->meet_count, count = 0;
	size_t *sorted = reallocarray(NULL, room + 1, sizeof(*sorted));
	int error = 0;

	if (!sorted)
		return say_why(why, -ENOMEM, "no memory for %zu peers", room);
	for (size_t i = 0; i < room; i++)
		if (has_key(config, i))
			sorted[count++] = i;
	qsort_r(sorted, count, sizeof(*sorted), compare_derivations, &order);
	for (size_t i = 1; !error && i < count; i++) {
		const struct config_peer *one = &config->peers[sorted[i - 1]], *other = &config->peers[sorted[i]];

		if (!compare_derivations(&sorted[i - 1], &sorted[i], &order))
			error = config_wrong(config, other->line_of[PEER_KEY_FILE], why,
					     "found the same key and LocalSeed for the peers %s and %s, so that this "
					     "node would have the same addresses for both, expected a key for each "
					     "(mayflyctl genpsk)", one->name, other->name);
	}
	free(sorted);
	return error;
}

int config_keys_read(struct config_keys *keys, const struct config *config, char why[static SAY_BYTES])
{
	size_t count = config->peer_count + config->meet_count; /* those that have sessions stand behind the others */
	struct config_keys value = { key_secret_new((count + 1) * KEY_HOP_BYTES) };
	int error = 0;

	if (!value.key)
		return say_why(why, -ENOMEM, "no memory for %zu keys", count);
	for (size_t i = 0; !error && i < count; i++) {
		const struct config_peer *peer = &config->peers[i];

		if (!has_key(config, i))
			continue;
		error = key_read_hop(peer->key_file, value.key[i], why);
		if (error)
			at_line(config, peer->line_of[PEER_KEY_FILE], error, why);
	}
	if (!error)
		error = check_derivations(&value, config, why);
	if (error)
		config_keys_close(&value);
	else
		*keys = value;
	return error;
}

void config_keys_close(struct config_keys *keys)
{
	key_secret_free(keys->key);
	keys->key = NULL;
}
