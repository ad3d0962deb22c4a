// SPDX-License-Identifier: GPL-2.0-only
/* Public keys from the configuration and from files. What is wrong with one file is said and stops no other. */
#include "ctl/registry.h"

#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ctl/parse.h"

enum { FILE_BYTES = 256 };

static const __u32 no_number = ~(__u32)0;

struct list {
	struct registered *entry;
	size_t count, room, wrong;
};

static int add(struct list *list, const char *name, const __u8 public_key[static KEY_PUBLIC_BYTES])
{
	if (list->count == list->room) {
		size_t room = list->room ? list->room * 2 : 64;
		struct registered *entry = reallocarray(list->entry, room, sizeof(*entry));

		if (!entry)
			return -ENOMEM;
		list->entry = entry;
		list->room = room;
	}
	list->entry[list->count] = (struct registered){ .number = no_number };
	snprintf(list->entry[list->count].name, MF_NAME_BYTES, "%s", name);
	memcpy(list->entry[list->count++].public_key, public_key, KEY_PUBLIC_BYTES);
	return 0;
}

/* The file's name without ".pub". 0, or -EINVAL: no name for a peer. */
static int name_of(char name[static MF_NAME_BYTES], const char *file)
{
	size_t length = strlen(file);

	if (length > 4 && !strcmp(file + length - 4, ".pub"))
		length -= 4;
	if (!length || length >= MF_NAME_BYTES || !isalnum((unsigned char)*file))
		return -EINVAL;
	for (size_t i = 0; i < length; i++)
		if (!isalnum((unsigned char)file[i]) && !strchr("._-", file[i]))
			return -EINVAL;
	memcpy(name, file, length);
	name[length] = 0;
	return 0;
}

static int read_public(int directory, const char *file, __u8 public_key[static KEY_PUBLIC_BYTES])
{
	int fd = openat(directory, file, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	char text[FILE_BYTES];
	ssize_t length;

	if (fd < 0)
		return -errno;
	length = read(fd, text, sizeof(text) - 1);
	close(fd);
	if (length < 0)
		return -EIO;
	text[length] = 0;
	text[strcspn(text, " \t\r\n")] = 0;
	return parse_base64(text, public_key, KEY_PUBLIC_BYTES);
}

static int add_file(struct list *list, int directory, const char *path, const char *file)
{
	__u8 public_key[KEY_PUBLIC_BYTES];
	char name[MF_NAME_BYTES];

	if (*file == '.' || file[strlen(file) - 1] == '~')
		return 0;
	if (name_of(name, file)) {
		say_note("%s/%.60s is left out: expected a name of at most 31 letters, digits, dots, dashes and "
			 "underscores", path, file);
	} else if (read_public(directory, file, public_key)) {
		say_note("%s/%s is left out: expected a public key, as mayflyctl pubkey prints it", path, file);
	} else {
		return list->count < REGISTRY_MOST ? add(list, name, public_key) : -E2BIG;
	}
	list->wrong++;
	return 0;
}

/* Whoever may write there decides who is a client. */
static int check_directory(DIR *directory, const char *path, char why[static SAY_BYTES])
{
	struct stat status;

	if (fstat(dirfd(directory), &status))
		return say_why(why, -errno, "cannot look at %s: %s", path, strerror(errno));
	if (status.st_mode & 022)
		return say_why(why, -EPERM, "the directory %s of Clients can be written by others (mode %04o): "
			       "chmod go-w %s", path, status.st_mode & 07777, path);
	return 0;
}

static int read_directory(struct list *list, const char *path, char why[static SAY_BYTES])
{
	DIR *directory = opendir(path);
	struct dirent *entry;
	int error;

	if (!directory)
		return say_why(why, -errno, "cannot read the directory %s of Clients: %s", path, strerror(errno));
	error = check_directory(directory, path, why);
	if (error) {
		closedir(directory);
		return error;
	}
	while (!error && (entry = readdir(directory)))
		error = add_file(list, dirfd(directory), path, entry->d_name);
	closedir(directory);
	if (error == -E2BIG)
		return say_why(why, error, "%s holds more than %d clients", path, REGISTRY_MOST);
	return error ? say_why(why, error, "no memory for the clients of %s", path) : 0;
}

int registry_check_directory(const char *path, char why[static SAY_BYTES])
{
	struct list list = { 0 };
	int error = read_directory(&list, path, why);

	free(list.entry);
	return error ? error : (int)list.wrong;
}

static int compare_entries(const void *one, const void *other)
{
	const struct registered *a = one, *b = other;
	int order = memcmp(a->public_key, b->public_key, KEY_PUBLIC_BYTES);

	return order ? order : strcmp(a->name, b->name);
}

static void sort_once(struct list *list, const __u8 *own)
{
	size_t kept = 0;

	if (list->count)
		qsort(list->entry, list->count, sizeof(*list->entry), compare_entries);
	for (size_t i = 0; i < list->count; i++) {
		const struct registered *entry = &list->entry[i];

		if (!memcmp(entry->public_key, own, KEY_PUBLIC_BYTES))
			say_note("the client %s has this node's own key: left out", entry->name);
		else if (kept && !memcmp(list->entry[kept - 1].public_key, entry->public_key, KEY_PUBLIC_BYTES))
			say_note("the clients %s and %s have the same key: taken for one", list->entry[kept - 1].name,
				 entry->name);
		else
			list->entry[kept++] = *entry;
	}
	list->count = kept;
}

/* Secrets with all of them: X25519 for those that were not known. A key that gives none is left out. */
static void pair_all(struct registry *registry, const __u8 *private_key, const __u8 *public_key,
		     const struct registry *old)
{
	size_t kept = 0;

	for (size_t i = 0; i < registry->count; i++) {
		struct registered *entry = &registry->entry[i];
		ssize_t known = old ? registry_find(old, entry->public_key) : -1;

		if (known >= 0) {
			/* Also the name: what the loader has of it goes by that. */
			memcpy(entry->name, old->entry[known].name, sizeof(entry->name));
			entry->number = old->entry[known].number;
			entry->known = old->entry[known].known;
			registry->pair[kept] = old->pair[known];
		} else if (rendezvous_pair_known(&registry->pair[kept], private_key, public_key, entry->public_key, 1)) {
			say_note("the public key of %s gives no secret with ours: left out", entry->name);
			registry->wrong++;
			continue;
		}
		registry->entry[kept++] = *entry;
	}
	registry->count = kept;
}

static int compare_names(const void *one, const void *other)
{
	const struct registered *a = *(struct registered *const *)one, *b = *(struct registered *const *)other;
	int order = strcmp(a->name, b->name);

	return order ? order : memcmp(a->public_key, b->public_key, KEY_PUBLIC_BYTES);
}

/* The loader tells clients apart by name. Whoever has one already that is another's gets the mark of its key. */
static void mark(struct registered *entry)
{
	char name[MF_NAME_BYTES], hex[9];

	sodium_bin2hex(hex, sizeof(hex), entry->public_key, 4);
	snprintf(name, sizeof(name), "%.10s~%s", entry->name, hex);
	say_note("several clients are named %s: one of them is %s here", entry->name, name);
	memcpy(entry->name, name, sizeof(name));
}

/* Of clients of one name the one that was there before keeps it, else the first by key. 0 or -ENOMEM. */
static int name_apart(struct registry *registry, const struct registry *old)
{
	struct registered **entry = calloc(registry->count + 1, sizeof(*entry));

	if (!entry)
		return -ENOMEM;
	for (size_t i = 0; i < registry->count; i++)
		entry[i] = &registry->entry[i];
	qsort(entry, registry->count, sizeof(*entry), compare_names);
	for (size_t first = 0, next; first < registry->count; first = next) {
		size_t keeps = first;

		for (next = first + 1; next < registry->count && !strcmp(entry[first]->name, entry[next]->name); next++)
			if (old && registry_find(old, entry[next]->public_key) >= 0)
				keeps = next;
		for (size_t i = first; next - first > 1 && i < next; i++)
			if (i != keeps)
				mark(entry[i]);
	}
	free(entry);
	return 0;
}

/* As read_directory(), and `why` says where in the file the directory stands. */
static int read_clients(struct list *list, const struct config *config, char why[static SAY_BYTES])
{
	const struct config_node *node = &config->node;
	char reason[SAY_BYTES];
	int error = *node->rendezvous.clients ? read_directory(list, node->rendezvous.clients, reason) : 0;

	if (error)
		config_wrong(config, node->line_of[NODE_CLIENTS], why, "%s", reason);
	return error;
}

int registry_load(struct registry *registry, const struct config *config, const __u8 private_key[static KEY_PRIVATE_BYTES],
		  const __u8 public_key[static KEY_PUBLIC_BYTES], const struct registry *old,
		  char why[static SAY_BYTES])
{
	struct registry value = { 0 };
	struct list list = { 0 };
	int error = 0;

	for (size_t i = 0; !error && i < config->meet_count; i++)
		if (!config->meets[i].is_static)
			error = add(&list, config->meets[i].name, config->meets[i].public_key);
	if (error)
		say_why(why, error, "no memory for %zu clients", config->meet_count);
	if (!error)
		error = read_clients(&list, config, why);
	if (!error) {
		sort_once(&list, public_key);
		value.pair = key_secret_new((list.count + 1) * sizeof(*value.pair));
		if (!value.pair)
			error = say_why(why, -ENOMEM, "no memory for the secrets of %zu clients", list.count);
	}
	if (error) {
		free(list.entry);
		return error;
	}
	value.entry = list.entry;
	value.count = list.count;
	value.wrong = list.wrong;
	pair_all(&value, private_key, public_key, old);
	if (name_apart(&value, old)) {
		registry_close(&value);
		return say_why(why, -ENOMEM, "no memory for the names of clients");
	}
	*registry = value;
	return 0;
}

void registry_close(struct registry *registry)
{
	free(registry->entry);
	key_secret_free(registry->pair);
	*registry = (struct registry){ 0 };
}

ssize_t registry_find(const struct registry *registry, const __u8 public_key[static KEY_PUBLIC_BYTES])
{
	size_t low = 0, high = registry->count;

	while (low < high) {
		size_t middle = (low + high) / 2;
		int order = memcmp(registry->entry[middle].public_key, public_key, KEY_PUBLIC_BYTES);

		if (!order)
			return (ssize_t)middle;
		if (order < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return -1;
}
