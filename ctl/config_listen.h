/* SPDX-License-Identifier: GPL-2.0-only */
/* The part of [Node] that says where the page and its metrics are to be had. Pure. */
#ifndef MAYFLY_CTL_CONFIG_LISTEN_H
#define MAYFLY_CTL_CONFIG_LISTEN_H

#include <linux/types.h>
#include <stdbool.h>

enum {
	CONFIG_LISTEN_BYTES = 128, /* of the value, and of a socket's path */
	CONFIG_LISTEN_PATH_MOST = 107,
	CONFIG_LISTEN_NAMES = 8,
	CONFIG_LISTEN_NAME_BYTES = 64,
};

enum config_listen_kind { CONFIG_LISTEN_NOWHERE = 0, CONFIG_LISTEN_TCP, CONFIG_LISTEN_UNIX };

struct config_listen {
	enum config_listen_kind kind;
	char path[CONFIG_LISTEN_BYTES]; /* UNIX */
	__u8 address[16];               /* TCP */
	__u16 port;                     /* host order */
	char text[CONFIG_LISTEN_BYTES]; /* as it is told to people */
};

struct config_listen_names {
	unsigned int count;
	char name[CONFIG_LISTEN_NAMES][CONFIG_LISTEN_NAME_BYTES];
};

/* Parsers of the keys' values, as config_key.h wants them. */
int config_parse_listen(void *field, const char *value);
int config_parse_listen_name(void *field, const char *value); /* one of the list a call */

/* Loopback, fc00::/7 and RFC 1918: nobody comes there from the Internet. */
bool config_listen_is_local(const __u8 address[static 16]);

#endif
