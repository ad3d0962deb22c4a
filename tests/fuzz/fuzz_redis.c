// SPDX-License-Identifier: GPL-2.0-only
/* libFuzzer over the addresses of Redis servers. No server is called. Password files are left out: no input reads files. */
#include <sodium.h>
#include <stdlib.h>
#include <string.h>

#include "ctl/store_redis_address.h"

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerTestOneInput(const __u8 *data, size_t size);

static void demand(int holds)
{
	if (!holds)
		abort();
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc, (void)argv;
	demand(sodium_init() >= 0); /* for secret memory */
	return 0;
}

static void check_server(const struct redis_server *server)
{
	demand(*server->host && strnlen(server->host, REDIS_HOST_BYTES) < REDIS_HOST_BYTES);
	demand(strnlen(server->user, REDIS_USER_BYTES) < REDIS_USER_BYTES);
	demand(strnlen(server->password, REDIS_PASSWORD_BYTES) < REDIS_PASSWORD_BYTES);
	demand(*server->name && strnlen(server->name, REDIS_NAME_BYTES) < REDIS_NAME_BYTES);
	demand(server->local ? *server->host == '/' : server->port != 0);
	demand(server->database <= REDIS_DATABASE_MOST);
}

int LLVMFuzzerTestOneInput(const __u8 *data, size_t size)
{
	struct redis_server servers[STORE_REDIS_SERVERS_MOST] = { 0 };
	char text[512], why[SAY_BYTES] = "";
	int count;

	if (size >= sizeof(text))
		return 0;
	memcpy(text, data, size);
	text[size] = 0;
	if (strstr(text, "password-file"))
		return 0;
	count = redis_servers_parse(servers, text, why);
	demand(count < 0 ? *why : count >= 1 && count <= STORE_REDIS_SERVERS_MOST);
	for (int i = 0; i < count; i++)
		check_server(&servers[i]);
	return 0;
}
