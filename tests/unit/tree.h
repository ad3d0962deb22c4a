/* SPDX-License-Identifier: GPL-2.0-only */
/* Files of the tree that a test was built in: build/tests/test_NAME stands two directories below its top. */
#ifndef MAYFLY_TESTS_UNIT_TREE_H
#define MAYFLY_TESTS_UNIT_TREE_H

#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* All of a text of at most 1 MiB; free it. */
static char *read_file(const char *name)
{
	char self[PATH_MAX] = "", path[2 * PATH_MAX], *text;
	FILE *stream;
	size_t got;

	assert_true(readlink("/proc/self/exe", self, sizeof(self) - 1) > 0);
	snprintf(path, sizeof(path), "%s/../../%s", dirname(self), name);
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
