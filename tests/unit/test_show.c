// SPDX-License-Identifier: GPL-2.0-only
/* ctl/show*.c: the forms for programs keep what mayflyctl(8) promises, foreign strings do no harm. */
#include <arpa/inet.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>
#include <jansson.h>

#include "ctl/parse.h"
#include "ctl/sessions_ask.h"
#include "ctl/show.h"
#include "tests/unit/capture.h"

static struct mf_assoc_status associations[4];
static struct snapshot snapshot = { .associations = associations, .count = 4, .now_ms = 1700000001234 };

static int set_up(void **state)
{
	struct mf_assoc_status *one = &associations[0], *two = &associations[1];
	struct mf_assoc_status *three = &associations[2], *four = &associations[3];
	struct mf_node_config *node = &snapshot.node.config;

	(void)state;
	snapshot.node.attached = 1;
	strcpy(snapshot.node.nic, "eth0");
	memset(node->device, 'd', sizeof(node->device)); /* no zero at its end */
	node->templates = 1;
	parse_template("2001:db8:1::/64", &node->template[0]);
	node->mode = MF_MODE_ON_LINK;
	node->address_count = 200; /* more than there is room for */
	strcpy(one->config.name, "one");
	one->config.rotation_ms = 3000;
	one->start_ms = 1700000000000;
	one->heard_age_ms = ~0ULL;
	one->local_port = htons(4711);
	one->in_bytes = 1ULL << 40;
	memset(two->config.name, 'x', MF_NAME_BYTES);
	two->config.carriage = 250;
	two->config.remote_count = 255;
	two->heard_age_ms = 12;
	two->config.flags = MF_ASSOC_ROAMS;
	memset(two->peer_prefix, 0x20, sizeof(two->peer_prefix));
	three->config = (struct mf_assoc_config){ .name = "three", .flags = MF_ASSOC_LISTENS, .rotation_ms = 3000 };
	three->clients = 1234;
	four->sealed = 68719476736;
	four->config = (struct mf_assoc_config){ .name = "four", .flags = MF_ASSOC_ROAMS, .rotation_ms = 3000,
						  .carriage = MF_CARRIAGE_SEALED, .padding = MF_PADDING_CLASSES };
	two->start_ms = 1700000009999; /* ahead of our clock */
	snapshot.counters.verdict[MF_DROP_DEAD] = 7;
	return 0;
}

static char *capture(void (*print)(const struct snapshot *, const char *), const char *name)
{
	struct capture capture = capture_begin();
	char *text = calloc(1, 65536);

	print(&snapshot, name);
	capture_end(&capture, text, 65536);
	return text;
}

static void print_tsv(const struct snapshot *shown, const char *name)
{
	(void)name;
	show_tsv(shown);
}

static void demand_fields(const json_t *object, const char *const names[])
{
	for (; *names; names++)
		if (!json_object_get(object, *names))
			fail_msg("the field %s is missing", *names);
}

static void test_json(void **state)
{
	static const char *const node_fields[] = {
		"interface", "interface_mtu", "attached", "device", "addresses", "prefixes", "mode", "dark",
		"on_link_peers", "routers", "look_ahead_ms", "capacity", "in", "out", "tc", "receive_offload",
		"threaded_napi", "adopted", "clock",
		"clock_error_ns", "time_ms", "associations", "ring_used", "ring_capacity", "hops", NULL,
	};
	static const char *const association_fields[] = {
		"name", "id", "generation", "local_addresses", "remote_addresses", "local_prefix", "remote_prefix",
		"rotation_ms", "carriage", "encrypted", "padding", "zero_checksum", "opens", "follows", "local", "remote", "slot",
		"slot_start_ms", "slot_age_ms", "slot_left_ms", "hops", "added_ms", "inner_mtu", "path_mtu",
		"heard_age_ms", "heard_slot", "out_packets", "out_bytes", "in_packets", "in_bytes",
		"sealed_packets", "role", "peer_prefix", "clients", "session", NULL,
	};
	char *text = capture(show_json, NULL);
	json_t *root = json_loads(text, 0, NULL), *list, *one;

	(void)state;
	assert_non_null(root);
	demand_fields(json_object_get(root, "node"), node_fields);
	list = json_object_get(root, "associations");
	assert_int_equal(json_array_size(list), 4);
	one = json_array_get(list, 0);
	demand_fields(one, association_fields);
	assert_true(json_is_null(json_object_get(one, "heard_age_ms")));
	assert_true(json_is_false(json_object_get(one, "encrypted")));
	assert_true(json_is_null(json_object_get(one, "sealed_packets")));
	assert_true(json_is_true(json_object_get(json_array_get(list, 3), "encrypted")));
	assert_true(json_integer_value(json_object_get(json_array_get(list, 3), "sealed_packets")) == 68719476736);
	assert_int_equal(json_integer_value(json_object_get(one, "slot_age_ms")), 1234);
	assert_int_equal(json_integer_value(json_object_get(one, "slot_left_ms")), 1766);
	assert_int_equal(json_integer_value(json_object_get(json_object_get(one, "local"), "port")), 4711);
	assert_int_equal(json_integer_value(json_object_get(one, "in_bytes")), 1LL << 40);
	assert_int_equal(json_integer_value(json_object_get(json_object_get(root, "verdict"), "drop_dead")), 7);
	assert_int_equal(json_object_size(json_object_get(root, "verdict")), MF_VERDICTS);
	json_decref(root);
	free(text);
	text = capture(show_json, "one");
	root = json_loads(text, 0, NULL);
	assert_int_equal(json_array_size(json_object_get(root, "associations")), 1);
	json_decref(root);
	free(text);
}

static const char *string_of(const json_t *list, size_t at, const char *name)
{
	return json_string_value(json_object_get(json_array_get(list, at), name));
}

static void test_introductions(void **state)
{
	char *text = capture(show_json, NULL);
	json_t *root = json_loads(text, 0, NULL), *list = json_object_get(root, "associations");

	(void)state;
	assert_string_equal(string_of(list, 0, "role"), "peer");
	assert_true(json_is_null(json_object_get(json_array_get(list, 0), "peer_prefix")));
	assert_string_equal(string_of(list, 1, "role"), "client");
	assert_string_equal(string_of(list, 1, "peer_prefix"), "2020:2020:2020:2020::/64");
	assert_true(json_is_object(json_object_get(json_array_get(list, 1), "remote")));
	assert_string_equal(string_of(list, 2, "role"), "introduction");
	assert_int_equal(json_integer_value(json_object_get(json_array_get(list, 2), "clients")), 1234);
	assert_true(json_is_null(json_object_get(json_array_get(list, 2), "remote")));
	assert_true(json_is_null(json_object_get(json_array_get(list, 3), "peer_prefix")));
	assert_true(json_is_null(json_object_get(json_array_get(list, 3), "remote")));
	json_decref(root);
	free(text);
	text = capture(show_text, NULL);
	assert_non_null(strstr(text, "introduction: three\n"));
	assert_non_null(strstr(text, "clients: 1,234\n"));
	assert_non_null(strstr(text, "client: four\n"));
	assert_non_null(strstr(text, "there now: unknown"));
	free(text);
	text = capture(print_tsv, NULL);
	assert_non_null(strstr(text, "\tpeer\t-\t0\t-\t-\t-\t-\n"));
	assert_non_null(strstr(text, "\tclient\t2020:2020:2020:2020::/64\t0\t-\t-\t-\t-\n"));
	assert_non_null(strstr(text, "\tintroduction\t-\t1234\t-\t-\t-\t-\n"));
	assert_non_null(strstr(text, "\tclient\t-\t0\t-\t-\t-\t-\n"));
	free(text);
}

static unsigned int tabs(const char *line)
{
	unsigned int count = 0;

	for (; *line && *line != '\n'; line++)
		count += *line == '\t';
	return count;
}

static void test_tsv(void **state)
{
	char *text = capture(print_tsv, NULL), *line = text;

	(void)state;
	assert_memory_equal(line, "node\teth0\tup\t", 13);
	assert_int_equal(tabs(line), 15);
	line = strchr(line, '\n') + 1;
	assert_memory_equal(line, "association\tone\t", 16);
	assert_int_equal(tabs(line), 28);
	for (int i = 0; i < 3; i++) {
		line = strchr(line, '\n') + 1;
		assert_int_equal(tabs(line), 28);
	}
	line = strchr(line, '\n') + 1;
	assert_memory_equal(line, "verdict\tpass_other\t0\n", 21);
	free(text);
}

static void test_text(void **state)
{
	char *text = capture(show_text, NULL);

	(void)state;
	assert_non_null(strstr(text, "peer: one\n"));
	assert_non_null(strstr(text, "not encrypted"));
	assert_non_null(strstr(text, "sealed: encrypted and authenticated, 68,719,476,736 packets by this key so far, padded (classes)\n"));
	assert_non_null(strstr(text, "next hop in 1.7 s"));
	assert_non_null(strstr(text, "last heard: never"));
	assert_non_null(strstr(text, "drop_dead"));
	assert_null(strchr(text, '\033')); /* not a terminal */
	free(text);
}

/* Two generations of one session; its keeper tells, does not answer, or is not there. */
static void make_session(void)
{
	strcpy(associations[2].config.name, "laptop@b");
	strcpy(associations[3].config.name, "laptop@c");
	for (int i = 2; i < 4; i++) {
		associations[i].config.flags = 0;
		associations[i].config.shares = 1;
	}
}

static void test_session(void **state)
{
	struct sessions_line line;
	struct sessions_told told = { .line = &line, .count = 1, .kept = { true } };
	char *text;

	(void)state;
	make_session();
	sessions_line_init(&line, "session");
	strcpy(line.peer, "laptop");
	strcpy(line.state, "up");
	strcpy(line.role, "responder");
	strcpy(line.association, "laptop@b");
	strcpy(line.coming, "laptop@c");
	strcpy(line.level, "watched");
	strcpy(line.why, "somebody looks");
	line.handshake_age_ms = 200000;
	snapshot.sessions = &told;
	text = capture(show_text, "laptop");
	assert_null(strstr(text, "peer: one"));
	assert_non_null(strstr(text, "session: laptop\n  association: laptop@b, present\n"));
	assert_non_null(strstr(text, "  association: laptop@c, coming\n"));
	assert_non_null(strstr(text, "state: up, handshake 3 min 20 s ago, begun by the peer\n"));
	assert_non_null(strstr(text, "level: watched (somebody looks)\n"));
	free(text);
	text = capture(print_tsv, NULL);
	assert_non_null(strstr(text, "\tsession\t-\t1234\tlaptop\tpresent\tup\t200000\n"));
	free(text);
	told = (struct sessions_told){ .kept = { true }, .error = { -1 } };
	text = capture(show_text, "laptop@c");
	assert_null(strstr(text, "laptop@b"));
	assert_non_null(strstr(text, "session: laptop\n  association: laptop@c\n  state: unknown: what keeps"));
	free(text);
	snapshot.sessions = NULL;
	text = capture(show_text, "laptop");
	assert_non_null(strstr(text, "unknown: nobody keeps sessions"));
	free(text);
}

static void test_session_json(void **state)
{
	struct sessions_line line;
	struct sessions_told told = { .line = &line, .count = 1, .kept = { true } };
	json_t *root, *list;
	char *text;

	(void)state;
	make_session();
	sessions_line_init(&line, "session");
	strcpy(line.peer, "laptop");
	strcpy(line.state, "renewing");
	strcpy(line.association, "laptop@b");
	snapshot.sessions = &told;
	text = capture(show_json, NULL);
	root = json_loads(text, 0, NULL);
	list = json_object_get(root, "associations");
	assert_true(json_is_null(json_object_get(json_array_get(list, 0), "session")));
	assert_string_equal(string_of(list, 2, "role"), "session");
	list = json_pack("[O, O]", json_object_get(json_array_get(list, 2), "session"),
			 json_object_get(json_array_get(list, 3), "session"));
	assert_string_equal(string_of(list, 0, "peer"), "laptop");
	assert_string_equal(string_of(list, 0, "state"), "renewing");
	assert_string_equal(string_of(list, 0, "generation"), "present");
	assert_true(json_is_null(json_object_get(json_array_get(list, 1), "generation")));
	assert_true(json_is_null(json_object_get(json_array_get(list, 0), "level")));
	assert_true(json_is_null(json_object_get(json_array_get(list, 0), "handshake_age_ms")));
	json_decref(list);
	json_decref(root);
	free(text);
	snapshot.sessions = NULL;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_json), cmocka_unit_test(test_introductions),
		cmocka_unit_test(test_tsv), cmocka_unit_test(test_text),
		cmocka_unit_test(test_session), cmocka_unit_test(test_session_json),
	};

	return cmocka_run_group_tests(tests, set_up, NULL);
}
