// SPDX-License-Identifier: GPL-2.0-only
/* Host and page of a request. */
#include "page/ask.h"

#include <errno.h>
#include <string.h>
#include <strings.h>

#include "ctl/parse.h"

enum { HOST_MOST = 128 };

static bool is_port(const char *text)
{
	__u64 port;

	return !*text || (*text == ':' && !parse_number(text + 1, 1, 65535, &port));
}

static bool is_bracketed_address(const char *host)
{
	const char *end = strchr(host, ']');
	char text[HOST_MOST];
	__u8 address[16];

	if (*host != '[' || !end || !is_port(end + 1))
		return false;
	memcpy(text, host + 1, (size_t)(end - host - 1));
	text[end - host - 1] = 0;
	return strchr(text, ':') && !parse_address(text, address);
}

static bool is_name(const char *host, size_t length, const char *const names[], unsigned int count)
{
	if (length == strlen("localhost") && !strncasecmp(host, "localhost", length))
		return true;
	for (unsigned int i = 0; i < count; i++)
		if (strlen(names[i]) == length && !strncasecmp(host, names[i], length))
			return true;
	return false;
}

bool ask_host_is_ours(const char *host, const char *const names[], unsigned int count)
{
	char text[HOST_MOST];
	__u8 address[16];
	size_t length;

	if (!host || strlen(host) >= HOST_MOST)
		return false;
	if (is_bracketed_address(host))
		return true;
	length = strcspn(host, ":");
	if (!length || !is_port(host + length))
		return false;
	memcpy(text, host, length);
	text[length] = 0;
	return !parse_address(text, address) || is_name(host, length, names, count);
}

int ask_page(const char *value, __u32 *page)
{
	__u64 number = 1;
	int error = value ? parse_number(value, 1, ASK_PAGE_MOST + 1, &number) : 0;

	if (!error)
		*page = (__u32)number - 1;
	return error;
}
