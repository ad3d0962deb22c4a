// SPDX-License-Identifier: GPL-2.0-only
/* Associations of sessions, counted by peer: a peer has several while one replaces another. */
#include "ctl/sessions_unkept.h"

#include <stdlib.h>
#include <string.h>

#include "ctl/client.h"

enum { NAMED = 8 };

static int compare_peers(const void *one, const void *other)
{
	const struct mf_assoc_config *const *a = one, *const *b = other;

	return memcmp(&(*a)->remote_prefix[0], &(*b)->remote_prefix[0], sizeof((*a)->remote_prefix[0]));
}

/* Those of sessions, by peer. NULL: no memory. */
static const struct mf_assoc_config **sort(const struct snapshot *snapshot, size_t *count)
{
	const struct mf_assoc_config **sorted = reallocarray(NULL, snapshot->count + 1, sizeof(*sorted));

	*count = 0;
	for (size_t i = 0; sorted && i < snapshot->count; i++)
		if (snapshot->associations[i].config.shares)
			sorted[(*count)++] = &snapshot->associations[i].config;
	if (sorted)
		qsort(sorted, *count, sizeof(*sorted), compare_peers);
	return sorted;
}

/* "laptop@b" is laptop's. */
static void append_name(char *names, size_t bytes, const char name[static MF_NAME_BYTES])
{
	const char *mark = memchr(name, '@', MF_NAME_BYTES);
	size_t used = strlen(names);

	snprintf(names + used, bytes - used, "%s%.*s", used ? ", " : "", (int)(mark ? mark - name : MF_NAME_BYTES), name);
}

size_t sessions_unkept_words(const struct snapshot *snapshot, char why[static SAY_BYTES])
{
	char names[NAMED * (MF_NAME_BYTES + 2)] = "";
	const struct mf_assoc_config **sorted;
	size_t count = 0, associations;

	sorted = sort(snapshot, &associations);
	for (size_t i = 0; sorted && i < associations; i++)
		if ((!i || compare_peers(&sorted[i - 1], &sorted[i])) && count++ < NAMED)
			append_name(names, sizeof(names), sorted[i]->name);
	free(sorted);
	if (count)
		say_why(why, 0, "%zu session%s (%s%s) %s on in the loader, but nobody keeps %s: neither renewed nor ended, and "
			"not known in detail. Whoever kept %s has died: mayflyctl up FILE takes over those that this end "
			"begins, mayflyctl serve FILE those of clients", count, count == 1 ? "" : "s", names,
			count > NAMED ? ", ..." : "", count == 1 ? "goes" : "go", count == 1 ? "it" : "them",
			count == 1 ? "it" : "them");
	return count;
}

size_t sessions_unkept(const char *socket, char why[static SAY_BYTES])
{
	struct client client = { .fd = -1 };
	struct snapshot snapshot;
	size_t count = 0;

	if (client_open(&client, socket, why))
		return 0;
	if (!snapshot_take(&snapshot, &client, why)) {
		count = sessions_unkept_words(&snapshot, why);
		snapshot_close(&snapshot);
	}
	client_close(&client);
	return count;
}
