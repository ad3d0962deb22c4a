// SPDX-License-Identifier: GPL-2.0-only
/* libFuzzer over the lines that keepers of sessions write: what is taken can be written again, and reads the same. */
#include <stdlib.h>
#include <string.h>

#include "ctl/sessions_line.h"

int LLVMFuzzerTestOneInput(const __u8 *data, size_t size);

static void demand(int holds)
{
	if (!holds)
		abort();
}

int LLVMFuzzerTestOneInput(const __u8 *data, size_t size)
{
	char text[SESSIONS_LINE_MOST], why[SAY_BYTES] = "";
	struct sessions_line line, again;
	size_t length;

	if (sessions_line_parse((const char *)data, size, &line, why)) {
		demand(*why);
		return 0;
	}
	demand(*line.event);
	length = sessions_line_write(text, &line);
	if (!length) /* escapes may make it too long */
		return 0;
	demand(text[length - 1] == '\n' && !memchr(text, '\n', length - 1));
	demand(!*line.peer || !sessions_line_parse(text, length - 1, &again, why));
	demand(!*line.peer || !memcmp(&line, &again, sizeof(line)));
	return 0;
}
