// SPDX-License-Identifier: GPL-2.0-only
/*
 * libFuzzer over what get_peers gives for port stuffing: any announces, three bytes each (a source out of 256, a port).
 * Every candidate must be made of announced bytes with ascending indices, and there must be few of them.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "ctl/stuffing.h"

int LLVMFuzzerTestOneInput(const __u8 *data, size_t size);

enum { SIZE_MOST = 3 * 1200 };

struct judged {
	const struct stuffing_announce *announces;
	size_t count;
	unsigned int asked;
};

static void demand(int holds)
{
	if (!holds)
		abort();
}

/* Can these bytes be read off in order, index by index, whatever the source? */
static bool judge(void *context, const __u8 *bytes, size_t length)
{
	struct judged *judged = context;
	size_t found = 0;

	judged->asked++;
	for (int index = 0; index < 256 && found < length; index++)
		for (size_t i = 0; i < judged->count; i++)
			if (ntohs(judged->announces[i].port) == (index << 8 | bytes[found])) {
				found++;
				break;
			}
	demand(found == length);
	return judged->asked == 3000 && length == 5;
}

int LLVMFuzzerTestOneInput(const __u8 *data, size_t size)
{
	static const size_t lengths[] = { 12, 5 };
	struct judged judged = { 0 };
	struct stuffing_announce *announces;
	int error;

	if (size > SIZE_MOST)
		return 0;
	judged.count = size / 3;
	announces = calloc(judged.count + 1, sizeof(*announces));
	demand(announces != NULL);
	for (size_t i = 0; i < judged.count; i++, data += 3) {
		announces[i].address[data[0] & 1 ? 7 : 15] = data[0] >> 1;
		if (!(data[0] & 1))
			memset(announces[i].address + 10, 0xff, 2);
		announces[i].port = htons((__u16)(data[1] << 8 | data[2]));
	}
	judged.announces = announces;
	error = stuffing_read(announces, judged.count, lengths, 2, judge, &judged);
	demand(error == 0 || error == -ENOENT || error == -EBADMSG);
	demand(error != -ENOENT || !judged.asked);
	demand(judged.asked <= 2U * STUFFING_TRIES_MOST * (1 + judged.count / 5));
	free(announces);
	return 0;
}
