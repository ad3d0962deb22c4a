/* SPDX-License-Identifier: GPL-2.0-only */
/* Where Redis servers are and how one is let in, out of the text that names them. */
#ifndef MAYFLY_CTL_STORE_REDIS_ADDRESS_H
#define MAYFLY_CTL_STORE_REDIS_ADDRESS_H

#include <linux/types.h>
#include <stddef.h>

#include "ctl/store_redis.h"

enum {
	REDIS_HOST_BYTES = 256,
	REDIS_USER_BYTES = 64,
	REDIS_PASSWORD_BYTES = 256,
	REDIS_NAME_BYTES = 300,
	REDIS_PORT = 6379,
	REDIS_DATABASE_MOST = 65535,
};

/* Lives in secret memory. */
struct redis_server {
	char host[REDIS_HOST_BYTES]; /* a path if `local` */
	char user[REDIS_USER_BYTES]; /* empty: none */
	char password[REDIS_PASSWORD_BYTES]; /* empty: none */
	char name[REDIS_NAME_BYTES]; /* for people, without secrets */
	__u32 database;
	__u16 port;
	bool local;                  /* a unix socket */
};

/*
 * Reads the list of store_redis.h into `servers`, zeroed and in secret memory. How many, or -errno and `why`, which
 * counts the servers instead of repeating the text: there may be a password in it.
 */
int redis_servers_parse(struct redis_server servers[static STORE_REDIS_SERVERS_MOST], const char *text,
			char why[static SAY_BYTES]);

#endif
