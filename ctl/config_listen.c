// SPDX-License-Identifier: GPL-2.0-only
/* Values of Listen and ListenName. Nothing is opened or resolved here. */
#include "ctl/config_listen.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "ctl/parse.h"

bool config_listen_is_local(const __u8 address[static 16])
{
	static const struct {
		__u8 prefix[16];
		unsigned int length;
	} local[] = {
		{ { [15] = 1 }, 128 },                                      /* ::1 */
		{ { 0xfc }, 7 },                                            /* fc00::/7 */
		{ { [10] = 0xff, 0xff, 127 }, 104 },                        /* 127.0.0.0/8 */
		{ { [10] = 0xff, 0xff, 10 }, 104 },                         /* 10.0.0.0/8 */
		{ { [10] = 0xff, 0xff, 172, 16 }, 108 },                    /* 172.16.0.0/12 */
		{ { [10] = 0xff, 0xff, 192, 168 }, 112 },                   /* 192.168.0.0/16 */
	};

	for (size_t i = 0; i < sizeof(local) / sizeof(*local); i++)
		if (prefix_covers(local[i].prefix, local[i].length, address))
			return true;
	return false;
}

/* Takes " anywhere" off the end. */
static bool take_anywhere(char *value)
{
	char *space = strpbrk(value, " \t"), *word;

	if (!space)
		return false;
	word = space + strspn(space, " \t");
	if (strcasecmp(word, "anywhere"))
		return false;
	*space = 0;
	return true;
}

static int parse_endpoint(struct config_listen *listen, char *value)
{
	char *colon = strrchr(value, ':'), *host = value;
	__u64 port;

	if (!colon || parse_number(colon + 1, 1, 65535, &port))
		return -EINVAL;
	*colon = 0;
	if (*host == '[') {
		char *bracket = strchr(++host, ']');

		if (!bracket || bracket[1] || !strchr(host, ':'))
			return -EINVAL;
		*bracket = 0;
	} else if (strchr(host, ':')) {
		return -EINVAL;
	}
	if (parse_address(host, listen->address))
		return -EINVAL;
	listen->port = (__u16)port;
	return 0;
}

int config_parse_listen(void *field, const char *value)
{
	struct config_listen listen = { .kind = CONFIG_LISTEN_TCP };
	char text[CONFIG_LISTEN_BYTES];
	bool anywhere;
	int error;

	if (!strcasecmp(value, "no")) {
		*(struct config_listen *)field = (struct config_listen){ 0 };
		return 0;
	}
	if (strlen(value) >= sizeof(text))
		return -ERANGE;
	strcpy(text, value);
	if (*text == '/') {
		if (strlen(text) > CONFIG_LISTEN_PATH_MOST || strpbrk(text, " \t"))
			return -ERANGE;
		listen.kind = CONFIG_LISTEN_UNIX;
		strcpy(listen.path, text);
		strcpy(listen.text, text);
		*(struct config_listen *)field = listen;
		return 0;
	}
	anywhere = take_anywhere(text);
	strcpy(listen.text, text);
	error = parse_endpoint(&listen, text);
	if (error)
		return error;
	if (!anywhere && !config_listen_is_local(listen.address))
		return -ERANGE;
	*(struct config_listen *)field = listen;
	return 0;
}

int config_parse_listen_name(void *field, const char *value)
{
	struct config_listen_names *names = field;
	size_t length = strlen(value);

	if (names->count == CONFIG_LISTEN_NAMES)
		return -E2BIG;
	if (!length || length >= CONFIG_LISTEN_NAME_BYTES || !isalnum((unsigned char)*value))
		return -EINVAL;
	for (size_t i = 0; i < length; i++)
		if (!isalnum((unsigned char)value[i]) && !strchr(".-_", value[i]))
			return -EINVAL;
	strcpy(names->name[names->count++], value);
	return 0;
}
