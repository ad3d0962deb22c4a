// SPDX-License-Identifier: GPL-2.0-only
/* Registered clients from a configuration and a directory of key files. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>
#include <sodium.h>

#include "ctl/registry.h"

static char directory[] = "/tmp/mf-registry.XXXXXX";
static const __u8 private_key[32] = { 0, 7 };

static void path_of(char path[static 128], const char *name)
{
	snprintf(path, 128, "%s/%s", directory, name);
}

static void write_text(const char *name, const char *text)
{
	char path[128];
	FILE *stream;

	path_of(path, name);
	stream = fopen(path, "w");
	assert_non_null(stream);
	fputs(text, stream);
	fclose(stream);
}

static void drop(const char *name)
{
	char path[128];

	path_of(path, name);
	assert_int_equal(unlink(path), 0);
}

static void public_of(__u8 public_key[static 32], __u8 number)
{
	__u8 secret[32] = { 0, number }; /* the lowest bits of the first byte do not count */

	assert_int_equal(key_public(public_key, secret), 0);
}

static void write_key(const char *name, __u8 number)
{
	char text[KEY_TEXT_BYTES + 1];
	__u8 public_key[32];

	public_of(public_key, number);
	sodium_bin2base64(text, sizeof(text), public_key, 32, sodium_base64_VARIANT_ORIGINAL);
	strcat(text, "\n");
	write_text(name, text);
}

static void load(struct registry *registry, const struct registry *old)
{
	struct config config = { .file = "f" };
	char why[SAY_BYTES] = "";
	__u8 own[32];

	strcpy(config.node.rendezvous.clients, directory);
	public_of(own, private_key[1]);
	if (registry_load(registry, &config, private_key, own, old, why))
		fail_msg("%s", why);
}

static void test_directory(void **state)
{
	struct registry registry, second;
	__u8 one[32];
	ssize_t at;

	(void)state;
	write_key("one.pub", 1);
	write_key("two", 2);
	write_key("copy-of-two", 2);
	write_key("own", private_key[1]);
	write_key(".hidden", 3);
	write_key("backup~", 4);
	write_key("a name", 5);
	write_text("broken", "no key\n");
	write_text("empty", "");
	write_text("low-order", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n");
	load(&registry, NULL);
	assert_int_equal(registry.count, 2);
	assert_int_equal(registry.wrong, 4); /* "a name", broken, empty, low-order */
	public_of(one, 1);
	at = registry_find(&registry, one);
	assert_true(at >= 0);
	assert_string_equal(registry.entry[at].name, "one");
	registry.entry[at].number = 77;

	drop("two");
	drop("copy-of-two");
	write_key("three", 3);
	load(&second, &registry);
	assert_int_equal(second.count, 2);
	at = registry_find(&second, one);
	assert_int_equal(second.entry[at].number, 77);
	assert_memory_equal(&second.pair[at], &registry.pair[registry_find(&registry, one)], sizeof(*second.pair));
	assert_int_equal(second.entry[1 - at].number, ~(__u32)0);
	registry_close(&registry);
	registry_close(&second);
	drop("one.pub"), drop("three"), drop("own"), drop(".hidden"), drop("backup~"), drop("a name");
	drop("broken"), drop("empty"), drop("low-order");
}

/* What the loader has goes by the name: no two of one, and a known one stays whatever its file is called. */
static void test_names(void **state)
{
	struct registry registry, second;
	__u8 one[32], two[32];
	const char *name;

	(void)state;
	write_key("same", 1);
	write_key("same.pub", 2);
	load(&registry, NULL);
	assert_int_equal(registry.count, 2);
	assert_string_not_equal(registry.entry[0].name, registry.entry[1].name);

	public_of(one, 1);
	public_of(two, 2);
	drop("same"), drop("same.pub");
	write_key("other", 1);
	write_key("third", 2);
	name = registry.entry[registry_find(&registry, one)].name;
	write_key(strchr(name, '~') ? "fourth" : name, 3);
	load(&second, &registry);
	assert_int_equal(second.count, 3);
	assert_string_equal(second.entry[registry_find(&second, one)].name, name);
	for (size_t i = 0; i < second.count; i++)
		for (size_t j = 0; j < i; j++)
			assert_string_not_equal(second.entry[i].name, second.entry[j].name);
	drop("other"), drop("third"), drop(strchr(name, '~') ? "fourth" : name);
	registry_close(&registry);
	registry_close(&second);
}

static void test_no_directory(void **state)
{
	struct config config = { .file = "f" };
	struct registry registry;
	char why[SAY_BYTES] = "";
	__u8 own[32];

	(void)state;
	public_of(own, 7);
	config.node.line_of[NODE_CLIENTS] = 7;
	strcpy(config.node.rendezvous.clients, "/nonexistent");
	assert_int_equal(registry_load(&registry, &config, private_key, own, NULL, why), -ENOENT);
	assert_string_equal(why, "f:7: cannot read the directory /nonexistent of Clients: No such file or directory");
}

static void test_writable_directory(void **state)
{
	struct config config = { .file = "f" };
	struct registry registry;
	char why[SAY_BYTES] = "";
	__u8 own[32];

	(void)state;
	public_of(own, 7);
	strcpy(config.node.rendezvous.clients, directory);
	assert_int_equal(chmod(directory, 0777), 0);
	assert_int_equal(registry_load(&registry, &config, private_key, own, NULL, why), -EPERM);
	assert_non_null(strstr(why, "chmod go-w"));
	assert_int_equal(chmod(directory, 0700), 0);
}

static int begin(void **state)
{
	(void)state;
	return sodium_init() >= 0 && mkdtemp(directory) ? 0 : -1;
}

static int end(void **state)
{
	(void)state;
	return rmdir(directory);
}

int main(void)
{
	const struct CMUnitTest tests[] = { 
		cmocka_unit_test(test_directory), cmocka_unit_test(test_names), cmocka_unit_test(test_no_directory),
		cmocka_unit_test(test_writable_directory),
	};

	return cmocka_run_group_tests(tests, begin, end);
}
