/* SPDX-License-Identifier: GPL-2.0-only */
/* Files of the tree that a test was built in: some directories above build/tests/test_NAME, where the Makefile is. */
#ifndef MAYFLY_TESTS_UNIT_TREE_H
#define MAYFLY_TESTS_UNIT_TREE_H

#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* All of a text of at most 1 MiB; free it. */
static char *read_file(const char *name)
{
	char self[PATH_MAX] = "", path[2 * PATH_MAX], *top = self, *text;
	FILE *stream;
	size_t got;

	assert_true(readlink("/proc/self/exe", self, sizeof(self) - 1) > 0);
	do {
		top = dirname(top);
		snprintf(path, sizeof(path), "%s/Makefile", top);
	} while (access(path, R_OK) && strcmp(top, "/"));
	snprintf(path, sizeof(path), "%s/%s", top, name);
	stream = fopen(path, "r");
	if (!stream)
		fail_msg("cannot open %s", path);
	text = calloc(1, 1 << 20);
	got = fread(text, 1, (1 << 20) - 1, stream);
	text[got] = 0;
	fclose(stream);
	return text;
}

#endif
