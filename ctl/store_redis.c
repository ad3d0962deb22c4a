// SPDX-License-Identifier: GPL-2.0-only
/*
 * Talks to Redis by hiredis, which parses what servers say once it is known to be small and flat.
 * Connections are kept; one that has died is opened again once.
 */
#include "ctl/store_redis.h"

#include <errno.h>
#include <hiredis/hiredis.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

#include "ctl/key.h"
#include "ctl/store_redis_address.h"

enum { REPLY_MOST = 4096, ARGUMENTS_MOST = 5, CODE_BYTES = 24 };

/* In secret memory, because of the passwords. */
struct store_redis {
	struct redis_server server[STORE_REDIS_SERVERS_MOST];
	redisContext *connection[STORE_REDIS_SERVERS_MOST]; /* NULL: none yet */
	size_t count;
	__u32 timeout_ms;
};

struct command {
	int count;
	const char *argument[ARGUMENTS_MOST];
	size_t length[ARGUMENTS_MOST];
};

static __u64 now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (__u64)now.tv_sec * 1000 + (__u64)now.tv_nsec / 1000000;
}

static void add(struct command *command, const void *argument, size_t length)
{
	command->argument[command->count] = argument;
	command->length[command->count++] = length;
}

static void add_word(struct command *command, const char *word)
{
	add(command, word, strlen(word));
}

/* Only the code of an error ("WRONGPASS"): the rest is a server's own words, and might even be a password sent back. */
static void take_code(char code[static CODE_BYTES], const redisReply *reply)
{
	size_t used = 0;

	while (used < CODE_BYTES - 1 && used < (size_t)reply->len && reply->str[used] >= 'A' && reply->str[used] <= 'Z')
		code[used] = reply->str[used], used++;
	code[used] = 0;
}

static int refused(const struct redis_server *server, const redisReply *reply, bool login, char why[static SAY_BYTES])
{
	char code[CODE_BYTES];

	take_code(code, reply);
	if (login || !strcmp(code, "WRONGPASS"))
		return say_why(why, -EACCES, "%s: wrong user or password (%s)", server->name, code);
	if (!strcmp(code, "NOAUTH"))
		return say_why(why, -EACCES, "%s wants a password: ?password-file=PATH behind its address", server->name);
	if (!strcmp(code, "NOPERM"))
		return say_why(why, -EACCES, "%s does not let this user do that: GET and SET are needed", server->name);
	return say_why(why, -EPROTO, "%s refuses: %s", server->name, *code ? code : "it gives no reason");
}

static int talks_otherwise(const struct redis_server *server, char why[static SAY_BYTES])
{
	return say_why(why, -EPROTO, "%s does not talk as Redis does", server->name);
}

/* After a call that failed; errno is that of the call. */
static int failed(const struct redis_server *server, const redisContext *connection, char why[static SAY_BYTES])
{
	int error = errno;

	if (!connection)
		return say_why(why, -ENOMEM, "%s: no memory for a connection", server->name);
	if (connection->err == REDIS_ERR_EOF)
		return say_why(why, -ECONNRESET, "%s has closed the connection", server->name);
	if (connection->err == REDIS_ERR_OTHER)
		return say_why(why, -EHOSTUNREACH, "%s: %s", server->name, connection->errstr);
	if (connection->err != REDIS_ERR_IO || !error)
		return talks_otherwise(server, why);
	if (error == EAGAIN || error == EINPROGRESS)
		error = ETIMEDOUT;
	say_why(why, -error, "%s: %s", server->name, strerror(error));
	return error == ENOENT ? -ECONNREFUSED : -error; /* no socket there: -ENOENT means that nothing is stored */
}

/* What has come is looked at before it is parsed: no arrays, nothing large. `ridx` is -1 before a reply begins. */
static bool acceptable(const redisContext *connection)
{
	const redisReader *reader = connection->reader;

	if (reader->len > REPLY_MOST)
		return false;
	return reader->ridx >= 0 || reader->pos >= reader->len || memchr("+-:$", reader->buf[reader->pos], 4);
}

/* One reply, and nothing behind it: it would be taken for the next one. */
static int receive(const struct store_redis *store, const struct redis_server *server, redisContext *connection,
		   redisReply **reply, char why[static SAY_BYTES])
{
	__u64 until_ms = now_ms() + store->timeout_ms;
	void *taken = NULL;

	while (!taken) {
		if (now_ms() >= until_ms)
			return say_why(why, -ETIMEDOUT, "%s: %s", server->name, strerror(ETIMEDOUT));
		if (redisBufferRead(connection) != REDIS_OK)
			return failed(server, connection, why);
		if (!acceptable(connection))
			return talks_otherwise(server, why);
		if (redisGetReplyFromReader(connection, &taken) != REDIS_OK)
			return failed(server, connection, why);
	}
	if (connection->reader->pos < connection->reader->len) {
		freeReplyObject(taken);
		return talks_otherwise(server, why);
	}
	*reply = taken;
	return 0;
}

/* All of a command that is no secret. */
static int transmit(const struct redis_server *server, redisContext *connection, const struct command *command,
		    char why[static SAY_BYTES])
{
	const char *argument[ARGUMENTS_MOST];
	size_t length[ARGUMENTS_MOST];
	int done = 0;

	memcpy(argument, command->argument, sizeof(argument));
	memcpy(length, command->length, sizeof(length));
	if (redisAppendCommandArgv(connection, command->count, argument, length) != REDIS_OK)
		return failed(server, connection, why);
	while (!done)
		if (redisBufferWrite(connection, &done) != REDIS_OK)
			return failed(server, connection, why);
	return 0;
}

/* AUTH past hiredis, whose buffers are not wiped. */
static int transmit_login(const struct redis_server *server, redisContext *connection, char why[static SAY_BYTES])
{
	size_t room = 2 * (REDIS_USER_BYTES + REDIS_PASSWORD_BYTES), used, user = strlen(server->user);
	char *text = key_secret_new(room);
	ssize_t sent;

	if (!text)
		return say_why(why, -ENOMEM, "no memory for a password");
	used = (size_t)snprintf(text, room, "*%d\r\n$4\r\nAUTH\r\n", user ? 3 : 2);
	if (user)
		used += (size_t)snprintf(text + used, room - used, "$%zu\r\n%s\r\n", user, server->user);
	used += (size_t)snprintf(text + used, room - used, "$%zu\r\n%s\r\n", strlen(server->password), server->password);
	sent = send(connection->fd, text, used, MSG_NOSIGNAL); /* less than any socket's buffer: whole or not at all */
	key_secret_free(text);
	if (sent == (ssize_t)used)
		return 0;
	return say_why(why, sent < 0 ? -errno : -EIO, "%s: cannot send the password", server->name);
}

/* Reads the answer of a command that must be answered with "OK". */
static int expect_fine(const struct store_redis *store, const struct redis_server *server, redisContext *connection,
		       bool login, char why[static SAY_BYTES])
{
	redisReply *reply = NULL;
	int error = receive(store, server, connection, &reply, why);

	if (!reply)
		return error;
	if (reply->type == REDIS_REPLY_ERROR)
		error = refused(server, reply, login, why);
	else if (reply->type != REDIS_REPLY_STATUS || strcmp(reply->str, "OK"))
		error = talks_otherwise(server, why);
	freeReplyObject(reply);
	return error;
}

static int enter(const struct store_redis *store, const struct redis_server *server, redisContext *connection,
		 char why[static SAY_BYTES])
{
	struct command select = { 0 };
	char number[12];
	int error = 0;

	if (*server->password) {
		error = transmit_login(server, connection, why);
		if (!error)
			error = expect_fine(store, server, connection, true, why);
	}
	if (error || !server->database)
		return error;
	snprintf(number, sizeof(number), "%u", server->database);
	add_word(&select, "SELECT");
	add_word(&select, number);
	error = transmit(server, connection, &select, why);
	return error ? error : expect_fine(store, server, connection, false, why);
}

static void hang_up(struct store_redis *store, size_t number)
{
	if (store->connection[number])
		redisFree(store->connection[number]);
	store->connection[number] = NULL;
}

static int call(struct store_redis *store, size_t number, char why[static SAY_BYTES])
{
	const struct redis_server *server = &store->server[number];
	struct timeval timeout = { store->timeout_ms / 1000, store->timeout_ms % 1000 * 1000 };
	redisContext *connection;
	int error;

	errno = 0;
	connection = server->local ? redisConnectUnixWithTimeout(server->host, timeout) :
				     redisConnectWithTimeout(server->host, server->port, timeout);
	if (!connection || connection->err || redisSetTimeout(connection, timeout) != REDIS_OK) {
		error = failed(server, connection, why);
		if (connection)
			redisFree(connection);
		return error;
	}
	store->connection[number] = connection;
	error = enter(store, server, connection, why);
	if (error)
		hang_up(store, number);
	return error;
}

/* Once, on the connection there is. */
static int try_command(struct store_redis *store, size_t number, const struct command *command, redisReply **reply,
		       char why[static SAY_BYTES])
{
	const struct redis_server *server = &store->server[number];
	int error = transmit(server, store->connection[number], command, why);

	if (!error)
		error = receive(store, server, store->connection[number], reply, why);
	if (error)
		hang_up(store, number);
	return error;
}

/* The reply is no error; NULL where there is none. */
static int run(struct store_redis *store, size_t number, const struct command *command, redisReply **reply,
	       char why[static SAY_BYTES])
{
	bool kept = store->connection[number];
	int error = kept ? 0 : call(store, number, why);

	*reply = NULL;
	if (!error)
		error = try_command(store, number, command, reply, why);
	if (kept && (error == -ECONNRESET || error == -EPIPE)) { /* it has been restarted, or found us idle */
		error = call(store, number, why);
		if (!error)
			error = try_command(store, number, command, reply, why);
	}
	if (!*reply || (*reply)->type != REDIS_REPLY_ERROR)
		return error;
	error = refused(&store->server[number], *reply, false, why);
	freeReplyObject(*reply);
	*reply = NULL;
	return error;
}

int store_redis_open(struct store_redis **store, const char *servers, __u32 timeout_ms, char why[static SAY_BYTES])
{
	struct store_redis *value = key_secret_new(sizeof(*value));
	int count;

	if (!value)
		return say_why(why, -ENOMEM, "no memory for Redis servers");
	count = redis_servers_parse(value->server, servers, why);
	if (count < 0) {
		key_secret_free(value);
		return count;
	}
	value->count = (size_t)count;
	value->timeout_ms = timeout_ms ? timeout_ms : STORE_REDIS_TIMEOUT_DEFAULT_MS;
	*store = value;
	return 0;
}

void store_redis_close(struct store_redis *store)
{
	if (!store)
		return;
	for (size_t i = 0; i < store->count; i++)
		hang_up(store, i);
	key_secret_free(store);
}

size_t store_redis_servers(const struct store_redis *store)
{
	return store->count;
}

const char *store_redis_name(const struct store_redis *store, size_t server)
{
	return store->server[server].name;
}

static int put_on(struct store_redis *store, size_t number, const struct command *command, char why[static SAY_BYTES])
{
	redisReply *reply;
	int error = run(store, number, command, &reply, why);

	if (!reply)
		return error;
	if (reply->type != REDIS_REPLY_STATUS || strcmp(reply->str, "OK"))
		error = talks_otherwise(&store->server[number], why);
	freeReplyObject(reply);
	return error;
}

int store_redis_put(struct store_redis *store, const __u8 *key, size_t key_length, const __u8 *value, size_t length,
		    __u32 expiry_s, char why[static SAY_BYTES])
{
	struct command set = { 0 };
	int took = 0, error = 0;
	char seconds[12];

	*why = 0;
	if (!key_length || key_length > STORE_REDIS_KEY_MOST || !length || length > STORE_REDIS_VALUE_MOST || !expiry_s ||
	    expiry_s > STORE_REDIS_EXPIRY_MOST_S)
		return say_why(why, -EINVAL, "a key of %zu bytes, a value of %zu, %u s: out of bounds", key_length, length,
			       expiry_s);
	snprintf(seconds, sizeof(seconds), "%u", expiry_s);
	add_word(&set, "SET");
	add(&set, key, key_length);
	add(&set, value, length);
	add_word(&set, "EX");
	add_word(&set, seconds);
	for (size_t i = 0; i < store->count; i++) {
		int result = put_on(store, i, &set, why);

		took += !result;
		error = result ? result : error;
	}
	return took ? took : error;
}

/* 0, -ENOENT, -EBADMSG, or why there was no answer. */
static int get_from(struct store_redis *store, size_t number, const struct command *command, store_redis_judge *judge,
		    void *context, char why[static SAY_BYTES])
{
	redisReply *reply;
	int error = run(store, number, command, &reply, why);

	if (!reply)
		return error;
	if (reply->type == REDIS_REPLY_NIL)
		error = -ENOENT;
	else if (reply->type != REDIS_REPLY_STRING)
		error = talks_otherwise(&store->server[number], why);
	else if (!judge(context, (const __u8 *)reply->str, (size_t)reply->len))
		error = -EBADMSG;
	freeReplyObject(reply);
	return error;
}

int store_redis_get(struct store_redis *store, const __u8 *key, size_t key_length, store_redis_judge *judge,
		    void *context, char why[static SAY_BYTES])
{
	int error = 0, nothing = 0, foreign = 0;
	struct command get = { 0 };
	char unheard[SAY_BYTES] = "";

	*why = 0;
	if (!key_length || key_length > STORE_REDIS_KEY_MOST)
		return say_why(why, -EINVAL, "a key of %zu bytes: out of bounds", key_length);
	add_word(&get, "GET");
	add(&get, key, key_length);
	for (size_t i = 0; i < store->count; i++) {
		int result = get_from(store, i, &get, judge, context, unheard);

		if (!result)
			return 0;
		nothing += result == -ENOENT;
		foreign += result == -EBADMSG;
		error = result == -ENOENT || result == -EBADMSG ? error : result;
	}
	if (foreign)
		return say_why(why, -EBADMSG, "a value is there, but it is not from the other end for this one");
	if (nothing)
		return say_why(why, -ENOENT, "nothing is stored there");
	return say_why(why, error, "%s", unheard);
}
