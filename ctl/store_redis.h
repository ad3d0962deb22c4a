/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Redis servers as the place where values are left: SET with an expiry, GET (docs/PROTOCOL.md 7.4). Blocking, with
 * timeouts, so for a thread or process that may wait. Answers of a server are hostile: bounded, and a value is
 * one only if the caller's judge opens it.
 */
#ifndef MAYFLY_CTL_STORE_REDIS_H
#define MAYFLY_CTL_STORE_REDIS_H

#include <linux/types.h>
#include <stdbool.h>
#include <stddef.h>

#include "ctl/say.h"

enum store_redis_limit {
	STORE_REDIS_SERVERS_MOST = 8,
	STORE_REDIS_KEY_MOST = 32,
	STORE_REDIS_VALUE_MOST = 1000,
	STORE_REDIS_EXPIRY_MOST_S = 7 * 86400,
	STORE_REDIS_TIMEOUT_DEFAULT_MS = 2000,
};

struct store_redis;

/*
 * Servers, apart by commas:
 *
 *	redis://[USER:PASSWORD@]HOST[:PORT][/DATABASE][?password-file=PATH][&user=USER]
 *	unix:PATH[?db=DATABASE][&password-file=PATH][&user=USER]        (also redis+unix:)
 *
 * HOST is a name, an IPv4 address or [IPv6]; PORT 6379 and DATABASE 0 if left out. Reads the password files, which
 * nobody but their owner may be able to read; connects to nothing. `timeout_ms` of each connection and command; 0: the
 * default. 0, or -errno and `why`, which never holds a password.
 */
int store_redis_open(struct store_redis **store, const char *servers, __u32 timeout_ms, char why[static SAY_BYTES]);
void store_redis_close(struct store_redis *store); /* wipes passwords; NULL is fine */

/* How many servers there are, and what one is called: "redis://HOST:PORT/DATABASE", without secrets. */
size_t store_redis_servers(const struct store_redis *store);
const char *store_redis_name(const struct store_redis *store, size_t server);

/*
 * Leaves a value on every server. How many took it, at least 1; or the error of the last that did not: -EACCES (password
 * or permission), -ETIMEDOUT, -ECONNREFUSED and others of a connection, -EPROTO (no Redis, or it refuses). `why` tells
 * of the last failure even if others took it, and is empty if there was none.
 */
int store_redis_put(struct store_redis *store, const __u8 *key, size_t key_length, const __u8 *value, size_t length,
		    __u32 expiry_s, char why[static SAY_BYTES]);

/* Whether these bytes are the value: tries to open it, and keeps what it finds. */
typedef bool store_redis_judge(void *context, const __u8 *value, size_t length);

/*
 * Asks one server after the other until the judge accepts. 0; -ENOENT: every server that answered has nothing;
 * -EBADMSG: what is there was not accepted; or, if no server answered, the error of the last, as above.
 */
int store_redis_get(struct store_redis *store, const __u8 *key, size_t key_length, store_redis_judge *judge,
		    void *context, char why[static SAY_BYTES]);

#endif
