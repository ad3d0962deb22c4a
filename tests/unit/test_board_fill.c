// SPDX-License-Identifier: GPL-2.0-only
/* What stands on the board: rows that sessions come to and leave, what is counted of them, strangers, and Listen. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "ctl/board_fill.h"
#include "ctl/config.h"

enum { PEERS = 200 };

static struct sessions_peer peers[PEERS];
static struct session engines[PEERS];
static struct sessions sessions;
static struct board *board;
static struct board_fill fill;
static int board_fd;

static void no_status(void *context, struct rendezvous_status *status)
{
	(void)context;
	(void)status;
}

static int begin(void **state)
{
	const struct board_settings settings = { .sessions = &sessions, .status = no_status };

	(void)state;
	memset(peers, 0, sizeof(peers));
	memset(engines, 0, sizeof(engines));
	sessions = (struct sessions){ .peer = peers, .peers = PEERS };
	board_fd = board_open(&board);
	assert_true(board_fd >= 0);
	board_fill_open(&fill, board, &settings);
	return 0;
}

static int end(void **state)
{
	(void)state;
	board_fill_close(&fill);
	board_close(board, board_fd);
	return 0;
}

static void set_state(__u32 number, enum session_state now)
{
	struct sessions_peer *peer = &peers[number];

	peer->used = true;
	peer->level = LEVEL_CALM;
	peer->session = &engines[number];
	snprintf(peer->name, sizeof(peer->name), "peer%u", number);
	memset(peer->public_key, (int)number, sizeof(peer->public_key));
	peer->session->state = now;
	peer->session->present.association.letter = now >= SESSION_UP ? 'a' : 0;
	peer->session->present.association.carriage = MF_CARRIAGE_SEALED;
	peer->session->present.association.rotation_ms = 3000;
	peer->session->stands_ms = sessions_now_ms();
	board_fill_peer(&fill, number);
}

static struct mf_assoc_status status_of(__u32 id, __u64 bytes)
{
	struct mf_assoc_status status = { .id = id, .generation = 1, .in_packets = bytes / 100, .in_bytes = bytes,
					  .added_ms = board_fill_unix_ms() + 1, .heard_age_ms = ~0ULL };

	status.config.rotation_ms = 3000;
	status.config.shares = 1;
	return status;
}

/* A row stays where it is; who comes takes the first one that is free. */
static void test_rows(void **state)
{
	(void)state;
	for (__u32 i = 0; i < 100; i++)
		set_state(i, SESSION_UP);
	assert_int_equal(fill.node.rows, 100);
	assert_int_equal(fill.node.states[SESSION_UP], 100);
	assert_int_equal(fill.node.carriages[MF_CARRIAGE_SEALED], 100);
	assert_int_equal(fill.node.levels[LEVEL_CALM], 100);
	set_state(40, SESSION_NONE);
	set_state(7, SESSION_NONE);
	assert_int_equal(board->row[7].kind, BOARD_FREE);
	assert_int_equal(fill.node.states[SESSION_UP], 98);
	assert_int_equal(fill.node.rows, 100);
	set_state(150, SESSION_UP);
	assert_string_equal(board->row[7].name, "peer150");
	set_state(151, SESSION_ASKING);
	assert_string_equal(board->row[40].name, "peer151");
	assert_int_equal(board->row[40].role, BOARD_NO_ROLE);
	assert_int_equal(fill.node.states[SESSION_ASKING], 1);
	set_state(151, SESSION_UP);
	assert_int_equal(fill.node.states[SESSION_ASKING], 0);
	assert_int_equal(board->row[40].role, BOARD_RESPONDER);
	for (__u32 i = 50; i < 100; i++)
		set_state(i, SESSION_NONE);
	assert_int_equal(fill.node.rows, 50);
	assert_int_equal(fill.node.roles[BOARD_RESPONDER], 50);
}

/* One that is removed without a word is found by the turns: all are looked at once a second. */
static void test_turns(void **state)
{
	(void)state;
	for (__u32 i = 0; i < PEERS; i++)
		set_state(i, SESSION_UP);
	memset(&peers[PEERS - 1], 0, sizeof(peers[0]));
	fill.node_ms = board_fill_unix_ms(); /* it is not time to ask the loader, which is not there */
	for (int turn = 0; turn < 10; turn++)
		board_fill_turn(&fill);
	assert_int_equal(fill.node.states[SESSION_UP], PEERS - 1);
	assert_int_equal(board->node.states[SESSION_UP], PEERS - 1);
}

static void test_news(void **state)
{
	(void)state;
	set_state(1, SESSION_UP);
	set_state(1, SESSION_RENEWING);
	set_state(1, SESSION_UP);
	set_state(1, SESSION_SILENT);
	peers[1].ended = SESSION_IDLE;
	set_state(1, SESSION_NONE);
	assert_int_equal(fill.node.news_count, 3);
	assert_string_equal(fill.node.news[0].words, "peer1: session begins");
	assert_string_equal(fill.node.news[1].words, "peer1: does not answer");
	assert_string_equal(fill.node.news[2].words, "peer1: session ended: idle");
}

/* Counters go on from one generation to the next, and do not begin with what was before there was a board. */
static void test_traffic(void **state)
{
	struct mf_assoc_status status = status_of(9, 1000), old = status_of(10, 5000);

	(void)state;
	set_state(1, SESSION_UP);
	set_state(2, SESSION_UP);
	board_fill_looked(&fill, &status, 1);
	assert_int_equal(fill.node.traffic[BOARD_IN_BYTES], 1000);
	board_fill_looked(&fill, &status, 1);
	assert_int_equal(fill.node.traffic[BOARD_IN_BYTES], 1000);
	status = status_of(11, 300);
	board_fill_looked(&fill, &status, 1);
	assert_int_equal(fill.node.traffic[BOARD_IN_BYTES], 1300);
	assert_int_equal(fill.node.traffic[BOARD_IN_PACKETS], 13);
	old.added_ms = fill.node.begun_ms - 1;
	board_fill_looked(&fill, &old, 2);
	assert_int_equal(fill.node.traffic[BOARD_IN_BYTES], 1300);
	old.in_bytes += 50;
	board_fill_looked(&fill, &old, 2);
	assert_int_equal(fill.node.traffic[BOARD_IN_BYTES], 1350);
	assert_int_equal(board->row[0].located, 1);
}

static void test_others(void **state)
{
	struct mf_assoc_status status = status_of(3, 0);

	(void)state;
	status.config.shares = 0;
	snprintf(status.config.name, sizeof(status.config.name), "introduction@600");
	status.config.flags = MF_ASSOC_LISTENS;
	board_fill_looked(&fill, &status, (__u32)SESSIONS_NONE);
	assert_int_equal(board->other[0].kind, BOARD_INTRODUCTION);
	assert_int_equal(board->other[0].unknown, 1);
	status.config.flags = MF_ASSOC_ROAMS; /* the clients of it are not shown */
	status.id = 4;
	board_fill_looked(&fill, &status, (__u32)SESSIONS_NONE);
	assert_int_equal(board->other[1].kind, BOARD_FREE);
	status.config.flags = 0;
	for (status.id = 4; status.id < 4 + 2 * BOARD_OTHERS; status.id++) /* nor more than there is room for */
		board_fill_looked(&fill, &status, (__u32)SESSIONS_NONE);
	assert_int_equal(board->other[BOARD_OTHERS - 1].kind, BOARD_PEER);
}

/* However many networks there are, some are told apart, the latest among them, and all are counted. */
static void test_strangers(void **state)
{
	struct mf_event event = { .kind = MF_EVENT_PROBE_EXPIRED, .suppressed = 2, .source = { 0x20, 1, 0xd, 0xb8 } };
	unsigned int known = 0;

	(void)state;
	for (int i = 0; i < 1000; i++) {
		event.source[4] = (__u8)(i >> 8);
		event.source[5] = (__u8)i;
		board_fill_event(&fill, &event);
	}
	event.source[15] = 77; /* another host of the last network */
	board_fill_event(&fill, &event);
	assert_int_equal(fill.node.events[MF_EVENT_PROBE_EXPIRED], 1001);
	assert_int_equal(fill.node.suppressed, 2002);
	for (int i = 0; i < BOARD_PROBES; i++)
		if (!memcmp(fill.node.probe[i].prefix, event.source, 6))
			known += (unsigned int)fill.node.probe[i].count[MF_EVENT_PROBE_EXPIRED];
	assert_int_equal(known, 2);
	event.kind = BOARD_EVENTS + 3; /* of another loader */
	board_fill_event(&fill, &event);
}

/* --- Listen -------------------------------------------------------------------------- */

static int listen_of(const char *value, struct config_listen *listen)
{
	*listen = (struct config_listen){ .port = 42 };
	return config_parse_listen(listen, value);
}

static void test_listen(void **state)
{
	static const char *const local[] = { "[::1]:9808", "127.0.0.1:1", "127.9.9.9:65535", "[fd6d::1]:80", "[fc00::]:80",
					     "10.1.2.3:80", "172.16.0.1:80", "172.31.255.255:80", "192.168.1.1:80",
					     "[2001:db8::1]:80 anywhere", "0.0.0.0:80  Anywhere", "[::]:80\tanywhere" };
	static const char *const far[] = { "[::]:80", "0.0.0.0:80", "[2001:db8::1]:80", "192.0.2.1:80", "172.32.0.1:80", "172.15.0.1:80",
					   "[fe80::1]:80", "[::2]:80", "[::ffff:192.0.2.1]:80" };
	static const char *const wrong[] = { "", "9808", ":9808", "[::1]", "::1:9808", "[::1]:0", "[::1]:65536", "[::1]:9808 ",
					     "[::1]:9808 somewhere", "[::1]9808", "[127.0.0.1]:80", "localhost:80", "yes", "[::1]:80 x anywhere" };
	struct config_listen listen;

	(void)state;
	for (size_t i = 0; i < sizeof(local) / sizeof(*local); i++)
		if (listen_of(local[i], &listen))
			fail_msg("%s is refused", local[i]);
	for (size_t i = 0; i < sizeof(far) / sizeof(*far); i++) {
		if (listen_of(far[i], &listen) != -ERANGE)
			fail_msg("%s is taken for local", far[i]);
		assert_int_equal(listen.port, 42); /* untouched */
	}
	for (size_t i = 0; i < sizeof(wrong) / sizeof(*wrong); i++)
		if (!listen_of(wrong[i], &listen))
			fail_msg("%s is taken", wrong[i]);
	assert_int_equal(listen_of("/run/mayfly/page.sock", &listen), 0);
	assert_int_equal(listen.kind, CONFIG_LISTEN_UNIX);
	assert_int_equal(listen_of("/run/with space", &listen), -ERANGE);
	assert_int_equal(listen_of("NO", &listen), 0);
	assert_int_equal(listen.kind, CONFIG_LISTEN_NOWHERE);
}

static void test_configuration(void **state)
{
	static const char good[] = "[Node]\nListen = [fd00::1]:9808\nListenName = page.example, wall\n";
	static const char bad[] = "[Node]\nListen = [2001:db8::1]:9808\n";
	struct config config;
	char why[SAY_BYTES];

	(void)state;
	assert_int_equal(config_parse(&config, "f", good, strlen(good), why), 0);
	assert_int_equal(config.node.listen.port, 9808);
	assert_string_equal(config.node.listen.text, "[fd00::1]:9808");
	assert_int_equal(config.node.listen_names.count, 2);
	assert_string_equal(config.node.listen_names.name[1], "wall");
	config_close(&config);
	assert_int_equal(config_parse(&config, "f", bad, strlen(bad), why), -EINVAL);
	assert_non_null(strstr(why, "f:2: found Listen = "));
	assert_non_null(strstr(why, "anywhere"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_rows, begin, end),
		cmocka_unit_test_setup_teardown(test_turns, begin, end),
		cmocka_unit_test_setup_teardown(test_news, begin, end),
		cmocka_unit_test_setup_teardown(test_traffic, begin, end),
		cmocka_unit_test_setup_teardown(test_others, begin, end),
		cmocka_unit_test_setup_teardown(test_strangers, begin, end),
		cmocka_unit_test(test_listen), cmocka_unit_test(test_configuration),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
