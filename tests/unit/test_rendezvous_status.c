// SPDX-License-Identifier: GPL-2.0-only
/* The status of serve and the file of DHT nodes: written, read, and whatever else may stand there. */
#include <arpa/inet.h>
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

#include "ctl/dht_nodes.h"
#include "ctl/rendezvous_status.h"

static char directory[] = "/tmp/mf-status.XXXXXX";

static void path_of(char path[static 128], const char *name)
{
	snprintf(path, 128, "%s/%s", directory, name);
}

static void test_round(void **state)
{
	const struct rendezvous_status status = {
		.written_ms = 1700000000123, .pid = (__u32)getpid(), .period_s = 600, .period = 1700000000, .clients = 3,
		.current = 2, .failing = 1, .store = "dht", .level = "watched", .level_since_ms = 1700000000002,
		.level_why = "watched for 2.0 s: 15 random probes", .publication = { 1700000000001, 250, 8, "done", "laptop" },
		.failure_why = "the clock of this host says 1970-01-01 00:07 UTC",
	};
	struct rendezvous_status found;
	char path[128], why[SAY_BYTES];
	struct stat file;

	(void)state;
	path_of(path, "eth0.serve");
	assert_int_equal(rendezvous_status_write(path, &status, why), 0);
	assert_int_equal(rendezvous_status_write(path, &status, why), 0); /* in its own place */
	assert_int_equal(rendezvous_status_read(path, &found, why), 0);
	assert_memory_equal(&found, &status, sizeof(status));
	assert_int_equal(stat(path, &file), 0);
	assert_int_equal(file.st_mode & 0777, 0644);
	unlink(path);
	assert_int_equal(rendezvous_status_read(path, &found, why), -ENOENT);
}

static void test_foreign(void **state)
{
	static const char *const texts[] = {
		"", "[]", "{", "{\"pid\": -1}", "{\"pid\": 4294967296}", "{\"pid\": \"1\"}", "{\"store\": 1}",
		"{\"store\": \"a-store-whose-name-is-longer-than-any\"}", "{\"written_ms\": 1.5}",
	};
	struct rendezvous_status status = { .pid = 7 };
	char why[SAY_BYTES];

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++) {
		assert_int_equal(rendezvous_status_parse(texts[i], strlen(texts[i]), &status, why), -EINVAL);
		assert_int_equal(status.pid, 7);
	}
	assert_int_equal(rendezvous_status_parse("{\"later\": 1}", 12, &status, why), 0);
}

static void test_path(void **state)
{
	char path[RENDEZVOUS_STATUS_PATH];

	(void)state;
	rendezvous_status_path(path, "/run/mayfly/eth0.sock", RENDEZVOUS_SERVE);
	assert_string_equal(path, "/run/mayfly/eth0.serve");
	rendezvous_status_path(path, "/tmp/x", RENDEZVOUS_MEET);
	assert_string_equal(path, "/tmp/x.meet");
}

static void test_nodes(void **state)
{
	static const char text[] = "# nodes\n10.0.0.1:6881\n\n[2001:db8::1]:1";
	struct dht_endpoint nodes[DHT_NODES_MOST];
	char why[SAY_BYTES], shown[DHT_NODE_TEXT];

	(void)state;
	assert_int_equal(dht_nodes_parse(text, sizeof(text) - 1, nodes, DHT_NODES_MOST, why), 2);
	assert_string_equal(dht_node_format(shown, &nodes[0]), "10.0.0.1:6881");
	assert_string_equal(dht_node_format(shown, &nodes[1]), "[2001:db8::1]:1");
	assert_int_equal(dht_nodes_parse(text, sizeof(text) - 1, nodes, 1, why), 1);
}

static void test_wrong_nodes(void **state)
{
	static const char *const texts[] = {
		"x", "10.0.0.1", "10.0.0.1:", "10.0.0.1:0", "10.0.0.1:65536", "2001:db8::1:1", "[10.0.0.1:1", "[]:1", ":1",
		"[2001:db8::1]1", "10.0.0.1:1 ", "[2001:db8:1:1:1:1:1:1:1:1:1:1:1:1:1:1:1:1:1:1:1:1:1:1]:1",
	};
	struct dht_endpoint nodes[2];
	char why[SAY_BYTES];

	(void)state;
	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++)
		if (dht_nodes_parse(texts[i], strlen(texts[i]), nodes, 2, why) != -EINVAL)
			fail_msg("%s was taken", texts[i]);
	assert_int_equal(dht_nodes_parse("1.1.1.1:1\0", 10, nodes, 2, why), -EINVAL);
}

static void test_nodes_file(void **state)
{
	struct dht_endpoint nodes[DHT_NODES_MOST] = { 0 }, found[DHT_NODES_MOST];
	char path[128], aside[160], why[SAY_BYTES];
	FILE *stream;

	(void)state;
	path_of(path, "nodes");
	assert_int_equal(dht_nodes_load(path, found, DHT_NODES_MOST), 0);
	for (int i = 0; i < DHT_NODES_MOST; i++) {
		memset(nodes[i].address, 0xff, 16);
		nodes[i].address[15] = (__u8)i;
		nodes[i].port = htons(65535);
	}
	assert_int_equal(dht_nodes_save(path, nodes, DHT_NODES_MOST, why), 0);
	assert_int_equal(dht_nodes_load(path, found, DHT_NODES_MOST), DHT_NODES_MOST);
	assert_memory_equal(found, nodes, sizeof(nodes));

	stream = fopen(path, "w");
	fputs("what is this\n", stream);
	fclose(stream);
	assert_int_equal(dht_nodes_load(path, found, DHT_NODES_MOST), 0);
	assert_int_not_equal(access(path, F_OK), 0);
	snprintf(aside, sizeof(aside), "%s.broken", path);
	assert_int_equal(access(aside, F_OK), 0);
	unlink(aside);
}

static int begin(void **state)
{
	(void)state;
	return mkdtemp(directory) ? 0 : -1;
}

static int end(void **state)
{
	(void)state;
	return rmdir(directory);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_round), cmocka_unit_test(test_foreign),     cmocka_unit_test(test_path),
		cmocka_unit_test(test_nodes), cmocka_unit_test(test_wrong_nodes), cmocka_unit_test(test_nodes_file),
	};

	return cmocka_run_group_tests(tests, begin, end);
}
