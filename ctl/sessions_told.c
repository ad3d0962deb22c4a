// SPDX-License-Identifier: GPL-2.0-only
/* All sessions at one moment, found by the names of their associations in the loader. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "ctl/sessions_ask.h"

static __u64 monotonic_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (__u64)now.tv_sec * 1000 + (__u64)now.tv_nsec / 1000000;
}

static int append(struct sessions_told *told, const struct sessions_line *line)
{
	size_t count = told->count;

	if (!(count & (count - 1))) { /* full at every power of two */
		struct sessions_line *more = reallocarray(told->line, count ? count * 2 : 1, sizeof(*more));

		if (!more)
			return -ENOMEM;
		told->line = more;
	}
	told->line[told->count++] = *line;
	return 0;
}

static int hear(struct sessions_told *told, struct sessions_ask *ask, size_t most, __u32 patience_ms)
{
	__u64 end_ms = monotonic_ms() + SESSIONS_ASK_ALL_MS;
	struct sessions_line line;
	int error;

	for (size_t i = 0; i < most; i++) {
		error = monotonic_ms() < end_ms ? sessions_ask_next(ask, patience_ms, &line) : -ETIMEDOUT;
		if (!error && !strcmp(line.event, "complete"))
			return 0;
		if (!error)
			error = append(told, &line);
		if (error)
			return error;
	}
	return 0;
}

/* The name that all generations share, up to the mark; "": none of it is in the loader. */
static const char *stem_of(const struct sessions_line *line)
{
	if (*line->association)
		return line->association;
	if (*line->coming)
		return line->coming;
	return *line->going ? line->going : "";
}

static size_t stem_length(const char *name)
{
	const char *mark = memchr(name, '@', strnlen(name, MF_NAME_BYTES));

	return mark ? (size_t)(mark - name) : strnlen(name, MF_NAME_BYTES);
}

static int compare_names(const char *one, const char *other)
{
	size_t one_length = stem_length(one), other_length = stem_length(other);
	int order = memcmp(one, other, one_length < other_length ? one_length : other_length);

	return order ? order : (one_length > other_length) - (one_length < other_length);
}

static int compare_lines(const void *one, const void *other)
{
	return compare_names(stem_of(one), stem_of(other));
}

static int compare_name_to_line(const void *name, const void *line)
{
	return compare_names(name, stem_of(line));
}

void sessions_told_take(struct sessions_told *told, const char *socket, size_t most, __u32 patience_ms)
{
	struct sessions_ask ask;

	*told = (struct sessions_told){ 0 };
	for (enum sessions_keeper keeper = 0; keeper < SESSIONS_KEEPERS; keeper++) {
		int error = sessions_ask_open(&ask, socket, keeper);

		if (!error)
			error = hear(told, &ask, most, patience_ms);
		told->kept[keeper] = error != -ENOENT;
		told->error[keeper] = error == -ENOENT ? 0 : error;
		sessions_ask_close(&ask);
	}
	if (told->count)
		qsort(told->line, told->count, sizeof(*told->line), compare_lines);
}

void sessions_told_close(struct sessions_told *told)
{
	free(told->line);
	*told = (struct sessions_told){ 0 };
}

const struct sessions_line *sessions_told_find(const struct sessions_told *told, const char *name)
{
	if (!told->count || !stem_length(name))
		return NULL;
	return bsearch(name, told->line, told->count, sizeof(*told->line), compare_name_to_line);
}

const char *sessions_line_generation(const struct sessions_line *line, const char *name)
{
	if (!strncmp(line->association, name, MF_NAME_BYTES))
		return "present";
	if (!strncmp(line->coming, name, MF_NAME_BYTES))
		return "coming";
	return strncmp(line->going, name, MF_NAME_BYTES) ? NULL : "going";
}
