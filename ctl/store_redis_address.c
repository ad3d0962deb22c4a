// SPDX-License-Identifier: GPL-2.0-only
/* Parses redis:// and unix: addresses, in a copy of the text that is wiped. Reads password files. */
#include "ctl/store_redis_address.h"

#include <errno.h>
#include <sodium.h>
#include <string.h>
#include <sys/un.h>
#include <unistd.h>

#include "ctl/key.h"
#include "ctl/parse.h"

enum { TEXT_BYTES = 4096 };

static const char expected[] = "redis://[USER:PASSWORD@]HOST[:PORT][/DATABASE][?password-file=PATH] or "
				"unix:PATH[?db=DATABASE]";

static int hex_digit(char c)
{
	static const char digits[] = "0123456789abcdef";
	const char *at = c ? strchr(digits, c | 0x20) : NULL;

	return at ? (int)(at - digits) : -1;
}

/* Undoes percent-encoding (RFC 3986 section 2.1) into `field`. 0, or -EINVAL: wrong, a NUL, too long. */
static int decode(char *field, size_t size, const char *text)
{
	size_t used = 0;

	for (; *text; text++) {
		int high, low, c = (unsigned char)*text;

		if (c == '%') {
			high = hex_digit(text[1]);
			low = high < 0 ? -1 : hex_digit(text[2]);
			c = low < 0 ? 0 : high << 4 | low;
			text += 2;
		}
		if (!c || used + 1 >= size)
			return -EINVAL;
		field[used++] = (char)c;
	}
	field[used] = 0;
	return 0;
}

static int take_password_file(struct redis_server *server, const char *path, char why[static SAY_BYTES])
{
	char *line;
	int error;

	if (access(path, F_OK))
		return say_why(why, -errno, "password file %s: %s", path, strerror(errno));
	line = key_secret_new(KEY_LINE_BYTES);
	if (!line)
		return say_why(why, -ENOMEM, "no memory for a password");
	error = key_read_line(path, line, why);
	if (!error && (!*line || strlen(line) >= REDIS_PASSWORD_BYTES))
		error = say_why(why, -EINVAL, "password file %s: expected one line, the password", path);
	if (!error)
		memcpy(server->password, line, strlen(line) + 1);
	key_secret_free(line);
	return error;
}

static int take_database(struct redis_server *server, const char *text)
{
	__u64 number;

	if (parse_number(text, 0, REDIS_DATABASE_MOST, &number))
		return -EINVAL;
	server->database = (__u32)number;
	return 0;
}

/* One NAME=VALUE behind the question mark. */
static int take_option(struct redis_server *server, char *option, char why[static SAY_BYTES])
{
	char *value = strchr(option, '='), path[REDIS_HOST_BYTES];

	if (!value)
		return -EINVAL;
	*value++ = 0;
	if (!strcmp(option, "password-file"))
		return decode(path, sizeof(path), value) ? -EINVAL : take_password_file(server, path, why);
	if (!strcmp(option, "user"))
		return decode(server->user, sizeof(server->user), value);
	if (!strcmp(option, "db"))
		return take_database(server, value);
	return -EINVAL;
}

/* Takes "?a=b&c=d" off the end of the text. */
static int take_options(struct redis_server *server, char *text, char why[static SAY_BYTES])
{
	char *options = strchr(text, '?'), *option;
	int error = 0;

	if (!options)
		return 0;
	*options++ = 0;
	while (!error && (option = strsep(&options, "&")))
		error = take_option(server, option, why);
	return error;
}

/* USER:PASSWORD or :PASSWORD or USER. */
static int take_login(struct redis_server *server, char *login)
{
	char *password = strchr(login, ':');

	if (password)
		*password++ = 0;
	return decode(server->user, sizeof(server->user), login) ||
	       (password && decode(server->password, sizeof(server->password), password)) ? -EINVAL : 0;
}

/* HOST, HOST:PORT, [IPv6] or [IPv6]:PORT. */
static int take_host(struct redis_server *server, char *host)
{
	__u64 number = REDIS_PORT;
	char *port;

	if (*host == '[') {
		char *end = strchr(++host, ']');

		if (!end || (end[1] && end[1] != ':'))
			return -EINVAL;
		*end = 0;
		port = end[1] ? end + 2 : NULL;
	} else {
		port = strchr(host, ':');
		if (port)
			*port++ = 0;
	}
	if (!*host || strlen(host) >= sizeof(server->host) || (port && parse_number(port, 1, 65535, &number)))
		return -EINVAL;
	memcpy(server->host, host, strlen(host) + 1);
	server->port = (__u16)number;
	return 0;
}

static int take_internet(struct redis_server *server, char *text)
{
	char *database = strchr(text, '/'), *host = strrchr(text, '@');
	bool v6;

	if (database && host && database < host)
		return -EINVAL; /* a password's slash must be %2F */
	if (database)
		*database++ = 0;
	if (host)
		*host++ = 0;
	if ((host && take_login(server, text)) || (database && *database && take_database(server, database)) ||
	    take_host(server, host ? host : text))
		return -EINVAL;
	v6 = strchr(server->host, ':');
	snprintf(server->name, sizeof(server->name), "redis://%s%.255s%s:%u/%u", v6 ? "[" : "", server->host, v6 ? "]" : "",
		 server->port, server->database);
	return 0;
}

static int take_local(struct redis_server *server, const char *path)
{
	const struct sockaddr_un *address = NULL;

	if (!strncmp(path, "//", 2))
		path += 2;
	if (*path != '/' || decode(server->host, sizeof(address->sun_path), path))
		return -EINVAL;
	server->local = true;
	snprintf(server->name, sizeof(server->name), "unix:%.255s?db=%u", server->host, server->database);
	return 0;
}

static int parse_server(struct redis_server *server, char *text, char why[static SAY_BYTES])
{
	static const struct {
		const char *prefix;
		bool local;
	} schemes[] = { { "redis://", false }, { "unix:", true }, { "redis+unix:", true } };

	if (!strncmp(text, "rediss:", 7))
		return say_why(why, -EPROTONOSUPPORT, "this build cannot speak TLS to Redis (hiredis 0.14): reach the server "
			       "by a unix socket, or put redis:// through ssh, stunnel or WireGuard");
	for (size_t i = 0; i < sizeof(schemes) / sizeof(*schemes); i++) {
		size_t length = strlen(schemes[i].prefix);
		int error;

		if (strncmp(text, schemes[i].prefix, length))
			continue;
		error = take_options(server, text, why);
		if (error)
			return error;
		return schemes[i].local ? take_local(server, text + length) : take_internet(server, text + length);
	}
	return -EINVAL;
}

int redis_servers_parse(struct redis_server servers[static STORE_REDIS_SERVERS_MOST], const char *text,
			char why[static SAY_BYTES])
{
	char *copy = key_secret_new(TEXT_BYTES), *rest = copy, *one;
	int count = 0, error = 0;

	if (!copy)
		return say_why(why, -ENOMEM, "no memory for the addresses of Redis servers");
	if (strlen(text) >= TEXT_BYTES)
		error = -EINVAL;
	else
		memcpy(copy, text, strlen(text) + 1);
	*why = 0;
	while (!error && (one = strsep(&rest, ","))) {
		one += strspn(one, " \t");
		one[strcspn(one, " \t")] = 0;
		error = count == STORE_REDIS_SERVERS_MOST ? -E2BIG : parse_server(&servers[count++], one, why);
	}
	key_secret_free(copy);
	if (error == -E2BIG)
		return say_why(why, error, "more than %d Redis servers", STORE_REDIS_SERVERS_MOST);
	if (error && !*why)
		return say_why(why, error, "Redis server %d: expected %s", count ? count : 1, expected);
	return error ? error : count;
}
