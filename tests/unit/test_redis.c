// SPDX-License-Identifier: GPL-2.0-only
/* ctl/store_redis*.c: addresses, then a real redis-server of this test's own, then servers that lie or keep silent. */
#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>
#include <sodium.h>

#include "ctl/config.h"
#include "ctl/key.h"
#include "ctl/store.h"
#include "ctl/store_redis_address.h"
#include "tests/unit/redis.h"

#define SECRET "correct horse/@:,%"
#define SECRET_ENCODED "correct%20horse%2F%40%3A%2C%25"

enum { TIMEOUT_MS = 400 };

static const char settings[] = "requirepass \"" SECRET "\"\nuser reader on >other ~* +get +auth +select\n";
static char silent_path[64], password_path[64], wrong_path[64];

static void put_file(const char *path, const char *text, mode_t mode)
{
	FILE *stream = fopen(path, "w");

	assert_non_null(stream);
	fputs(text, stream);
	fclose(stream);
	assert_int_equal(chmod(path, mode), 0);
}

static int set_up(void **state)
{
	(void)state;
	signal(SIGPIPE, SIG_IGN);
	if (sodium_init() < 0 || make_directory())
		return -1;
	snprintf(silent_path, sizeof(silent_path), "%s/silent", directory);
	snprintf(password_path, sizeof(password_path), "%s/password", directory);
	snprintf(wrong_path, sizeof(wrong_path), "%s/wrong", directory);
	put_file(password_path, SECRET "\n", 0600);
	put_file(wrong_path, "not that one\n", 0600);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	stop_server();
	unlink(silent_path);
	unlink(password_path);
	unlink(wrong_path);
	return remove_directory();
}

static void test_addresses(void **state)
{
	static const struct {
		const char *text, *name, *host, *user, *password;
	} rows[] = {
		{ "redis://example.org", "redis://example.org:6379/0", "example.org", "", "" },
		{ "redis://10.0.0.1:7000/3", "redis://10.0.0.1:7000/3", "10.0.0.1", "", "" },
		{ "redis://[2001:db8::1]/", "redis://[2001:db8::1]:6379/0", "2001:db8::1", "", "" },
		{ "redis://[2001:db8::1]:6380/15", "redis://[2001:db8::1]:6380/15", "2001:db8::1", "", "" },
		{ "redis://me:word@host", "redis://host:6379/0", "host", "me", "word" },
		{ "redis://:" SECRET_ENCODED "@host:1", "redis://host:1/0", "host", "", SECRET },
		{ "redis://host?user=me&db=4", "redis://host:6379/0", "host", "me", "" },
		{ "unix:/run/redis.sock", "unix:/run/redis.sock?db=0", "/run/redis.sock", "", "" },
		{ "unix:///run/redis.sock?db=2", "unix:/run/redis.sock?db=2", "/run/redis.sock", "", "" },
		{ "redis+unix:///run/redis.sock", "unix:/run/redis.sock?db=0", "/run/redis.sock", "", "" },
	};
	struct redis_server *servers = key_secret_new(sizeof(*servers) * STORE_REDIS_SERVERS_MOST);
	char why[SAY_BYTES];

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		memset(servers, 0, sizeof(*servers));
		if (redis_servers_parse(servers, rows[i].text, why) != 1)
			fail_msg("%s: %s", rows[i].text, why);
		if (!strchr(rows[i].text, '?') || servers[0].local)
			assert_string_equal(servers[0].name, rows[i].name);
		assert_string_equal(servers[0].host, rows[i].host);
		assert_string_equal(servers[0].user, rows[i].user);
		assert_string_equal(servers[0].password, rows[i].password);
	}
	memset(servers, 0, sizeof(*servers) * STORE_REDIS_SERVERS_MOST);
	assert_int_equal(redis_servers_parse(servers, "redis://a, redis://b:1 ,unix:/c", why), 3);
	assert_string_equal(servers[1].name, "redis://b:1/0");
	key_secret_free(servers);
}

static void test_addresses_refused(void **state)
{
	static const struct {
		const char *text;
		int error;
		const char *word;
	} rows[] = {
		{ "", -EINVAL, "server 1" },
		{ "rediss://host", -EPROTONOSUPPORT, "TLS" },
		{ "http://host", -EINVAL, "redis://" },
		{ "redis://", -EINVAL, "expected" },
		{ "redis://host:0", -EINVAL, "expected" },
		{ "redis://host:65536", -EINVAL, "expected" },
		{ "redis://host:", -EINVAL, "expected" },
		{ "redis://host/x", -EINVAL, "expected" },
		{ "redis://host/65536", -EINVAL, "expected" },
		{ "redis://[::1", -EINVAL, "expected" },
		{ "redis://[::1]x", -EINVAL, "expected" },
		{ "redis://hidden%2@host", -EINVAL, "expected" },
		{ "redis://:hidden%00@host", -EINVAL, "expected" },
		{ "redis://:hid/den@host", -EINVAL, "expected" },
		{ "redis://host?passwort=hidden", -EINVAL, "expected" },
		{ "redis://host?user", -EINVAL, "expected" },
		{ "unix:relative", -EINVAL, "expected" },
		{ "unix:", -EINVAL, "expected" },
		{ "redis://a,redis://:hidden@", -EINVAL, "server 2" },
		{ "redis://a,", -EINVAL, "server 2" },
		{ "redis://1,redis://2,redis://3,redis://4,redis://5,redis://6,redis://7,redis://8,redis://9",
		  -E2BIG, "more" },
		{ "redis://host?password-file=/nonexistent/password", -ENOENT, "/nonexistent" },
	};
	struct store_redis *store = NULL;
	char why[SAY_BYTES], text[5000];

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		int error = store_redis_open(&store, rows[i].text, 0, why);

		if (error != rows[i].error || !strstr(why, rows[i].word))
			fail_msg("%s: %d, %s", rows[i].text, error, why);
		assert_null(strstr(why, "hid"));
	}
	memset(text, 'a', sizeof(text) - 1);
	text[sizeof(text) - 1] = 0;
	assert_int_equal(store_redis_open(&store, text, 0, why), -EINVAL);
	chmod(password_path, 0644);
	snprintf(text, sizeof(text), "unix:%s?password-file=%s", socket_path, password_path);
	assert_int_equal(store_redis_open(&store, text, 0, why), -EPERM);
	assert_non_null(strstr(why, "chmod 600"));
	chmod(password_path, 0600);
	assert_null(store);
	store_redis_close(NULL);
}

static struct store_redis *open_store(const char *more)
{
	struct store_redis *store = NULL;
	char text[400], why[SAY_BYTES];

	snprintf(text, sizeof(text), "unix:%s%s", socket_path, more);
	if (store_redis_open(&store, text, TIMEOUT_MS, why))
		fail_msg("%s", why);
	return store;
}

static struct store_redis *open_with_password(void)
{
	char more[100];

	snprintf(more, sizeof(more), "?password-file=%s&db=1", password_path);
	return open_store(more);
}

struct wanted {
	__u8 value[240];
	size_t length;
	unsigned int asked;
};

static bool judge(void *context, const __u8 *value, size_t length)
{
	struct wanted *wanted = context;

	wanted->asked++;
	return length == wanted->length && !memcmp(value, wanted->value, length);
}

static int get(struct store_redis *store, const __u8 key[static 32], struct wanted *wanted, char why[static SAY_BYTES])
{
	wanted->asked = 0;
	return store_redis_get(store, key, 32, judge, wanted, why);
}

static void make(struct wanted *wanted, __u8 key[static 32])
{
	randombytes_buf(wanted->value, sizeof(wanted->value));
	randombytes_buf(key, 32);
	wanted->length = sizeof(wanted->value);
	key[0] = 0; /* no text */
	wanted->value[1] = '\r', wanted->value[2] = '\n', wanted->value[3] = 0;
}

static void test_put_and_get(void **state)
{
	struct store_redis *store = open_with_password();
	struct wanted wanted;
	char why[SAY_BYTES];
	__u8 key[32];

	(void)state;
	assert_int_equal(store_redis_servers(store), 1);
	make(&wanted, key);
	assert_int_equal(get(store, key, &wanted, why), -ENOENT);
	assert_int_equal(store_redis_put(store, key, 32, wanted.value, 240, 60, why), 1);
	assert_string_equal(why, "");
	assert_int_equal(get(store, key, &wanted, why), 0);
	assert_int_equal(store_redis_put(store, key, 20, wanted.value, 65, 60, why), 1); /* another key */
	assert_int_equal(get(store, key, &wanted, why), 0);
	store_redis_close(store);
}

static void test_expiry(void **state)
{
	struct store_redis *store = open_with_password();
	struct wanted wanted;
	char why[SAY_BYTES];
	__u8 key[32];
	int error = 0;

	(void)state;
	make(&wanted, key);
	assert_int_equal(store_redis_put(store, key, 32, wanted.value, 240, 1, why), 1);
	for (int i = 0; i < PATIENCE_MS / 50 && !error; i++, sleep_ms(50))
		error = get(store, key, &wanted, why);
	assert_int_equal(error, -ENOENT);
	assert_int_equal(store_redis_put(store, key, 32, wanted.value, 240, 0, why), -EINVAL);
	assert_int_equal(store_redis_put(store, key, 33, wanted.value, 240, 1, why), -EINVAL);
	assert_int_equal(store_redis_put(store, key, 32, wanted.value, 1001, 1, why), -EINVAL);
	assert_int_equal(store_redis_get(store, key, 0, judge, &wanted, why), -EINVAL);
	store_redis_close(store);
}

/* Somebody else with access has put something there. */
static void test_foreign_value(void **state)
{
	struct store_redis *store = open_with_password();
	struct wanted wanted, other;
	char why[SAY_BYTES];
	__u8 key[32];

	(void)state;
	make(&wanted, key);
	other = wanted;
	other.value[100] ^= 1;
	assert_int_equal(store_redis_put(store, key, 32, other.value, 240, 60, why), 1);
	assert_int_equal(get(store, key, &wanted, why), -EBADMSG);
	assert_int_equal(wanted.asked, 1);
	assert_non_null(strstr(why, "not from the other end"));
	store_redis_close(store);
}

static void refused(const char *more, bool by_put, int error, const char *word)
{
	struct store_redis *store = open_store(more);
	struct wanted wanted;
	char why[SAY_BYTES];
	__u8 key[32];

	make(&wanted, key);
	assert_int_equal(by_put ? store_redis_put(store, key, 32, wanted.value, 240, 60, why) :
				  get(store, key, &wanted, why), error);
	if (!strstr(why, word) || strstr(why, "not that one") || strstr(why, "other"))
		fail_msg("%s", why);
	store_redis_close(store);
}

static void test_passwords(void **state)
{
	char more[100];

	(void)state;
	refused("", true, -EACCES, "password-file=PATH");
	refused("", false, -EACCES, "password-file=PATH");
	snprintf(more, sizeof(more), "?password-file=%s", wrong_path);
	refused(more, true, -EACCES, "wrong user or password");
	snprintf(more, sizeof(more), "?password-file=%s&user=nobody", password_path);
	refused(more, false, -EACCES, "wrong user or password");
	put_file(wrong_path, "other", 0600);
	snprintf(more, sizeof(more), "?password-file=%s&user=reader", wrong_path);
	refused(more, true, -EACCES, "GET and SET");
	put_file(wrong_path, "not that one\n", 0600);
}

static void test_server_gone(void **state)
{
	struct store_redis *store = open_with_password();
	struct wanted wanted;
	char why[SAY_BYTES];
	__u8 key[32];

	(void)state;
	make(&wanted, key);
	assert_int_equal(store_redis_put(store, key, 32, wanted.value, 240, 60, why), 1);
	stop_server();
	assert_int_equal(store_redis_put(store, key, 32, wanted.value, 240, 60, why), -ECONNREFUSED);
	assert_non_null(strstr(why, socket_path));
	assert_int_equal(get(store, key, &wanted, why), -ECONNREFUSED);
	start_server(settings);
	assert_int_equal(store_redis_put(store, key, 32, wanted.value, 240, 60, why), 1);
	stop_server();
	start_server(settings); /* the connection is dead, the server is not */
	assert_int_equal(store_redis_put(store, key, 32, wanted.value, 240, 60, why), 1);
	assert_int_equal(get(store, key, &wanted, why), 0);
	store_redis_close(store);
}

static void test_several(void **state)
{
	struct store_redis *store = NULL;
	char text[400], why[SAY_BYTES];
	struct wanted wanted;
	__u8 key[32];

	(void)state;
	make(&wanted, key);
	snprintf(text, sizeof(text), "unix:/nonexistent/redis,unix:%s?password-file=%s,redis://127.0.0.1:1", socket_path,
		 password_path);
	assert_int_equal(store_redis_open(&store, text, TIMEOUT_MS, why), 0);
	assert_int_equal(store_redis_servers(store), 3);
	assert_int_equal(store_redis_put(store, key, 32, wanted.value, 240, 60, why), 1);
	assert_non_null(strstr(why, "redis://127.0.0.1:1/0"));
	assert_int_equal(get(store, key, &wanted, why), 0);
	store_redis_close(store);
	assert_int_equal(store_redis_open(&store, "redis://127.0.0.1:1", TIMEOUT_MS, why), 0);
	assert_int_equal(get(store, key, &wanted, why), -ECONNREFUSED);
	store_redis_close(store);
}

/* A process that answers every connection with these bytes, `times` times, then waits for the other end to go. */
static pid_t answer_with(const char *bytes, unsigned int times)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int listener = socket(AF_UNIX, SOCK_STREAM, 0);
	pid_t child;

	unlink(silent_path);
	snprintf(address.sun_path, sizeof(address.sun_path), "%s", silent_path);
	assert_int_equal(bind(listener, (void *)&address, sizeof(address)), 0);
	assert_int_equal(listen(listener, 4), 0);
	child = fork();
	if (!child) {
		char sink[4096];
		int fd = accept(listener, NULL, NULL);

		for (unsigned int i = 0; i < times && write(fd, bytes, strlen(bytes)) > 0; i++)
			;
		while (read(fd, sink, sizeof(sink)) > 0)
			;
		_exit(0);
	}
	close(listener);
	return child;
}

static void test_hostile_servers(void **state)
{
	static const struct {
		const char *bytes;
		unsigned int times;
		int error;
		const char *word;
	} rows[] = {
		{ "", 0, -ETIMEDOUT, "timed out" },
		{ "$240\r\nabc", 1, -ETIMEDOUT, "timed out" },
		{ "*2000000000\r\n", 1, -EPROTO, "does not talk" },
		{ "$2000000000\r\n", 1, -ETIMEDOUT, "timed out" },
		{ "$2000000000\r\nxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx", 4000, -EPROTO,
		  "does not talk" },
		{ "$-7\r\n", 1, -EPROTO, "does not talk" },
		{ "HTTP/1.1 400 Bad Request\r\n\r\n", 1, -EPROTO, "does not talk" },
		{ "$3\r\nabc\r\n$3\r\nabc\r\n", 1, -EPROTO, "does not talk" },
		{ ":5\r\n", 1, -EPROTO, "does not talk" },
		{ "-\x1b[31mEVIL " SECRET "\r\n", 1, -EPROTO, "no reason" },
		{ "-MISCONF " SECRET "\r\n", 1, -EPROTO, "MISCONF" },
		{ "$-1\r\n", 1, -ENOENT, "nothing" },
		{ "$3\r\nabc\r\n", 1, -EBADMSG, "not from the other end" },
	};
	char text[100], why[SAY_BYTES];
	struct store_redis *store = NULL;
	struct wanted wanted;
	__u8 key[32];

	(void)state;
	make(&wanted, key);
	snprintf(text, sizeof(text), "unix:%s", silent_path);
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		pid_t child = answer_with(rows[i].bytes, rows[i].times);
		int error;

		assert_int_equal(store_redis_open(&store, text, TIMEOUT_MS, why), 0);
		error = get(store, key, &wanted, why);
		store_redis_close(store);
		kill(child, SIGKILL);
		waitpid(child, NULL, 0);
		if (error != rows[i].error || !strstr(why, rows[i].word))
			fail_msg("row %zu: %d, %s", i, error, why);
		assert_null(strstr(why, "correct"));
	}
}

/* Whoever opens the store is told the line of the file. */
static void test_line_of_file(void **state)
{
	static const char text[] = "[Node]\nInterface = e\nPrefix = 1::/64\nAddress = fd00::1\n"
				   "Store = redis://somewhere:66000\n";
	struct store_settings settings = { 0 };
	struct config config;
	char why[SAY_BYTES] = "";
	struct store *store;

	(void)state;
	assert_int_equal(config_parse(&config, "f", text, sizeof(text) - 1, why), 0);
	assert_int_equal(config_complete(&config, NULL, why), 0);
	settings.rendezvous = &config.node.rendezvous;
	assert_int_not_equal(store_open(&store, &settings, why), 0);
	if (strncmp(why, "f:5: Redis server 1: expected", 29))
		fail_msg("%s", why);
	config_close(&config);
}

int main(void)
{
	const struct CMUnitTest without[] = {
		cmocka_unit_test(test_addresses), cmocka_unit_test(test_addresses_refused),
		cmocka_unit_test(test_hostile_servers), cmocka_unit_test(test_line_of_file),
	};
	const struct CMUnitTest with[] = {
		cmocka_unit_test(test_put_and_get), cmocka_unit_test(test_expiry),  cmocka_unit_test(test_foreign_value),
		cmocka_unit_test(test_passwords),   cmocka_unit_test(test_several), cmocka_unit_test(test_server_gone),
	};
	int failures;

	set_up(NULL);
	failures = cmocka_run_group_tests(without, NULL, NULL);
	if (!have_server()) {
		tear_down(NULL);
		return failures ? failures : 77;
	}
	start_server(settings);
	failures += cmocka_run_group_tests(with, NULL, NULL);
	tear_down(NULL);
	return failures;
}
