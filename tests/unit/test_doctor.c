// SPDX-License-Identifier: GPL-2.0-only
/*
 * doctor on states that no test of whole machines gets into: each finding, once where it is due, and not where it is not.
 * A child plays the keeper of sessions.
 */
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
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "ctl/doctor.h"
#include "ctl/sessions_ask.h"
#include "ctl/verdict.h"
#include "tests/unit/capture.h"

enum { ASSOCIATIONS = 12, LINES = 12 };

static struct mf_assoc_status associations[ASSOCIATIONS];
static struct snapshot state;
static struct doctor doctor;
static char said[1 << 16];

static int set_up(void **unused)
{
	(void)unused;
	memset(associations, 0, sizeof(associations));
	state = (struct snapshot){ .associations = associations, .node = { .attached = 1, .nic = "eth0", .gro = MF_YES } };
	doctor = (struct doctor){ .state = &state, .nic = "eth0" };
	for (int i = 0; i < ASSOCIATIONS; i++)
		snprintf(associations[i].config.name, MF_NAME_BYTES, "peer%d", i);
	return 0;
}

/* What a check says goes to `said`. */
static void look(void check(struct doctor *doctor))
{
	struct capture capture = capture_begin();

	memset(doctor.count, 0, sizeof(doctor.count));
	check(&doctor);
	capture_end(&capture, said, sizeof(said));
}

static void says(enum doctor_level level, const char *words)
{
	if (doctor.count[level] != 1 || !strstr(said, words))
		fail_msg("%u times instead of once: %s\n%s", doctor.count[level], words, said);
}

/* --- what the loader tells ----------------------------------------------------------- */

static void test_node(void **unused)
{
	(void)unused;
	look(doctor_check_state);
	assert_string_equal(said, "");
	state.node.attached = 0;
	look(doctor_check_state);
	says(DOCTOR_WARN, "the node is not up");
	state.node.attached = 1;

	state.node.clock = MF_CLOCK_HOLDS;
	state.node.clock_error_ns = -40000000000;
	look(doctor_check_state);
	says(DOCTOR_WARN, "the system clock jumped by -40.0 s");
	state.node.clock = MF_CLOCK_SLEWS;
	state.node.clock_error_ns = 250000000;
	look(doctor_check_state);
	says(DOCTOR_WARN, "hopping is 250.0 ms off");
	state.node.clock = 0;

	state.node.gro = MF_NO;
	look(doctor_check_state);
	says(DOCTOR_WARN, "ethtool -K eth0 gro on");
	state.node.gro = MF_YES;

	state.node.config.mode = MF_MODE_ON_LINK;
	look(doctor_check_state);
	says(DOCTOR_WARN, "no router has asked");
	state.counters.verdict[MF_ND_ANSWERED] = 7;
	look(doctor_check_state);
	says(DOCTOR_OK, "answered (7 times)");
	doctor.state = NULL;
	look(doctor_check_state);
	assert_string_equal(said, "");
}

static void test_peers(void **unused)
{
	(void)unused;
	state.count = ASSOCIATIONS;
	look(doctor_check_state);
	says(DOCTOR_OK, "every peer was heard");
	for (int i = 0; i < ASSOCIATIONS; i++)
		associations[i].heard_age_ms = ~0ULL;
	associations[0].out_packets = 5;
	associations[1].config.shares = 1; /* of a session, which has checks of its own */
	look(doctor_check_state);
	assert_int_equal(doctor.count[DOCTOR_WARN], 9);
	assert_non_null(strstr(said, "peer0 was never heard (5 packets sent)"));
	assert_null(strstr(said, "peer1 "));
	assert_non_null(strstr(said, "3 more peers were never heard"));

	/* a peer that has sessions is heard in these: its introduction tells nothing */
	state.count = 2;
	strcpy(associations[0].config.name, "sealed@1");
	associations[0].config.flags = MF_ASSOC_CONTROL;
	look(doctor_check_state);
	assert_string_equal(said, "");
	state.count = 3;
	associations[2].heard_age_ms = 5;
	look(doctor_check_state);
	says(DOCTOR_OK, "every peer that goes without a session was heard");
	associations[2].heard_age_ms = ~0ULL;
	associations[2].out_packets = 1;
	look(doctor_check_state);
	says(DOCTOR_WARN, "peer2 was never heard (1 packet sent)");
	assert_int_equal(doctor.count[DOCTOR_OK], 0);
}

static void test_counters(void **unused)
{
	static const enum mf_verdict suspects[] = {
		MF_DROP_EARLY, MF_DROP_NO_SLOT, MF_DROP_NO_ROUTE, MF_DROP_SHIM, MF_DROP_NOT_UDP, MF_DROP_INNER_SOURCE,
		MF_DROP_INNER_DESTINATION, MF_DROP_ND, MF_DROP_LARGE_FRAME, MF_DROP_TAG, MF_DROP_REPLAY, MF_DROP_COUNTER,
		MF_DROP_KEY,
	};
	char words[64];

	(void)unused;
	for (size_t i = 0; i < sizeof(suspects) / sizeof(*suspects); i++) {
		memset(&state.counters, 0, sizeof(state.counters));
		state.counters.verdict[suspects[i]] = 3;
		snprintf(words, sizeof(words), "%s: 3 packets (", verdict_name(suspects[i]));
		look(doctor_check_state);
		says(DOCTOR_WARN, words);
		state.counters.verdict[suspects[i]] = 1;
		snprintf(words, sizeof(words), "%s: 1 packet (", verdict_name(suspects[i]));
		look(doctor_check_state);
		says(DOCTOR_WARN, words);
		assert_non_null(strstr(said, "->"));
	}
	memset(&state.counters, 0, sizeof(state.counters));
	state.counters.verdict[MF_DROP_DEAD] = 1000; /* a scanner's, and no fault */
	look(doctor_check_state);
	assert_string_equal(said, "");
	state.counters.verdict[MF_DROP_DEAD] = 0;
	state.counters.verdict[MF_DROP_NOT_UDP] = 1;
	look(doctor_check_state);
	assert_non_null(strstr(said, "strangers tried"));
	state.count = 1; /* with a peer of the file its Carriage may be wrong */
	look(doctor_check_state);
	assert_non_null(strstr(said, "the same Carriage at both ends"));
}

/* Packets of the peer's own that are of another shape: said of who was never heard, and of nobody where strangers may have sent them. */
static void test_carriages(void **unused)
{
	static const enum mf_verdict shapes[] = { MF_DROP_NOT_UDP, MF_DROP_PORT, MF_DROP_SHIM, MF_DROP_CONTROL };
	char words[64];

	(void)unused;
	state.count = 3;
	strcpy(associations[1].config.name, "sealed@1"); /* what stands for a sealed peer of the file */
	associations[1].config.flags = MF_ASSOC_CONTROL;
	associations[0].heard_age_ms = associations[1].heard_age_ms = ~0ULL;
	look(doctor_check_state);
	assert_null(strstr(said, "Carriage"));
	for (size_t i = 0; i < sizeof(shapes) / sizeof(*shapes); i++) {
		memset(&state.counters, 0, sizeof(state.counters));
		state.counters.verdict[shapes[i]] = 9;
		snprintf(words, sizeof(words), "(%s 9); never heard: peer0, sealed\n", verdict_name(shapes[i]));
		look(doctor_check_state);
		assert_non_null(strstr(said, words));
		assert_non_null(strstr(said, "compare Carriage in the files of both ends"));
		assert_int_equal(doctor.count[DOCTOR_WARN], shapes[i] == MF_DROP_SHIM ? 3 : 2); /* with "peer0 was never heard" */
	}

	/* its session stands, so it was heard by that; and the other peer is heard now */
	memset(&state.counters, 0, sizeof(state.counters));
	strcpy(associations[2].config.name, "sealed@a");
	associations[2].config.shares = 1;
	associations[0].heard_age_ms = 60000;
	state.counters.verdict[MF_DROP_PORT] = 9;
	look(doctor_check_state);
	says(DOCTOR_WARN, "drop_port: 9 packets");
	assert_null(strstr(said, "never heard"));

	/* lent addresses have strangers, who try ports; and without a peer of the file no Carriage is set by hand */
	associations[0].heard_age_ms = ~0ULL;
	state.counters.verdict[MF_IN_LENT] = 1;
	look(doctor_check_state);
	assert_null(strstr(said, "Carriage"));
	assert_null(strstr(said, "drop_port"));
	state.counters.verdict[MF_IN_LENT] = 0;
	state.counters.verdict[MF_DROP_CONTROL] = 9;
	strcpy(associations[0].config.name, "laptop@1700000000");
	strcpy(associations[1].config.name, "laptop@v1700000000");
	look(doctor_check_state);
	assert_null(strstr(said, "drop_"));
}

/* --- what keepers tell --------------------------------------------------------------- */

static char told_path[SESSIONS_TELL_PATH];
static pid_t keeper;

/* A child that says these bytes to whoever asks, and closes. */
static void keep(const char *text, size_t length)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int listener = socket(AF_UNIX, SOCK_STREAM, 0);

	snprintf(state.socket, sizeof(state.socket), "/tmp/mayfly-test-doctor-%d.sock", getpid());
	sessions_tell_path(told_path, state.socket, SESSIONS_UP);
	assert_true(strlen(told_path) < sizeof(address.sun_path));
	strcpy(address.sun_path, told_path);
	unlink(told_path);
	assert_int_equal(bind(listener, (void *)&address, sizeof(address)), 0);
	assert_int_equal(listen(listener, 4), 0);
	fflush(stdout);
	keeper = fork();
	if (!keeper)
		for (;;) {
			int fd = accept(listener, NULL, NULL);

			if (fd < 0 || send(fd, text, length, MSG_NOSIGNAL) < 0)
				_exit(1);
			close(fd);
		}
	close(listener);
}

static void end_keeper(void)
{
	kill(keeper, SIGKILL);
	waitpid(keeper, NULL, 0);
	unlink(told_path);
}

static size_t add(char *text, size_t used, const struct sessions_line *line)
{
	return used + sessions_line_write(text + used, line);
}

static struct sessions_line line_of(const char *peer, const char *now)
{
	struct sessions_line line;

	sessions_line_init(&line, "session");
	snprintf(line.peer, sizeof(line.peer), "%s", peer);
	snprintf(line.state, sizeof(line.state), "%s", now);
	return line;
}

static void test_sessions(void **unused)
{
	static char text[(LINES + 4) * SESSIONS_LINE_MOST];
	struct config_peer peers[] = { { .name = "vain" }, { .name = "fixed", .is_static = true } };
	struct config config = { .file = "eth0.conf", .meets = peers, .meet_count = 2 };
	struct sessions_line line, complete;
	size_t used = 0;

	(void)unused;
	sessions_line_init(&complete, "complete");
	line = line_of("stands", "up");
	used = add(text, used, &line);
	line = line_of("quiet", "silent");
	line.idle_ms = 42000;
	used = add(text, used, &line);
	line = line_of("unheard", "silent");
	used = add(text, used, &line);
	line = line_of("fixed", "asking");
	line.state_age_ms = 61000;
	used = add(text, used, &line);
	line = line_of("fresh", "asking"); /* not for long yet: nothing is wrong */
	line.state_age_ms = 1000;
	used = add(text, used, &line);
	for (int i = 0; i < LINES - 2; i++) {
		line = line_of("vain", i ? "asking" : "none");
		line.state_age_ms = 61000;
		used = add(text, used, &line);
	}
	used = add(text, used, &complete);
	doctor.config = &config;
	keep(text, used);
	look(doctor_check_sessions);
	end_keeper();
	assert_non_null(strstr(said, "there has been no session with fixed for "));
	assert_non_null(strstr(said, "it is asked for in vain\n      -> is it up there, "));
	says(DOCTOR_OK, "1 session stands");
	assert_int_equal(doctor.count[DOCTOR_WARN], 10);
	assert_non_null(strstr(said, "1 session is asked for, and not there yet"));
	assert_non_null(strstr(said, "the session with quiet is silent: nothing was heard for 42"));
	assert_non_null(strstr(said, "the session with unheard is silent\n"));
	assert_non_null(strstr(said, "there has been no session with vain for 1"));
	assert_null(strstr(said, "fresh"));
	assert_non_null(strstr(said, "5 more sessions are"));
}

static void test_keepers(void **unused)
{
	static const struct {
		const char *text, *words;
	} rows[] = {
		{ "", "has gone" }, { "GET / HTTP/1.1\n", "of one version" }, { "{\"event\":\"full\"}\n", "readers already" },
		{ "{\"event\":\"session\"", "has gone" },
	};
	struct config_peer peers[] = { { .connect = CONNECT_NO }, { .is_static = true } };
	struct config config = { .file = "eth0.conf", .meets = peers, .meet_count = 2 };

	(void)unused;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		keep(rows[i].text, strlen(rows[i].text));
		look(doctor_check_sessions);
		end_keeper();
		says(DOCTOR_FAIL, rows[i].words);
		assert_non_null(strstr(said, "systemctl restart mayfly@eth0"));
	}
	/* nobody is there, and the loader still has a session's association */
	state.count = 1;
	associations[0].config.shares = 1;
	look(doctor_check_sessions);
	says(DOCTOR_WARN, "1 session (peer0) goes on in the loader, but nobody keeps it");
	/* nor is there a session, and the file has somebody to begin one with */
	state.count = 0;
	doctor.config = &config;
	look(doctor_check_sessions);
	says(DOCTOR_WARN, "nobody keeps sessions, and eth0.conf has 1 peer to have one with");
	doctor.config = NULL;
	state.node.attached = 0;
	look(doctor_check_sessions);
	assert_string_equal(said, "");
}

static void test_words(void **unused)
{
	static const struct {
		int error;
		const char *words;
	} rows[] = {
		{ -ENOENT, "nobody keeps sessions of the node at /run/mayfly/eth0.sock" },
		{ -ETIMEDOUT, "/run/mayfly/eth0.sessions.serve does not answer" }, { -ECONNRESET, "has gone" },
		{ -EBUSY, "readers already" }, { -EPROTO, "of one version" }, { -EACCES, "run mayflyctl as root" },
		{ -EPERM, "run mayflyctl as root" }, { -EIO, "Input/output error" },
	};
	char why[SAY_BYTES];

	(void)unused;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		assert_int_equal(sessions_ask_why(rows[i].error, "/run/mayfly/eth0.sock", SESSIONS_SERVE, why), rows[i].error);
		assert_non_null(strstr(why, rows[i].words));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_node, set_up),     cmocka_unit_test_setup(test_peers, set_up),
		cmocka_unit_test_setup(test_counters, set_up), cmocka_unit_test_setup(test_sessions, set_up),
		cmocka_unit_test_setup(test_keepers, set_up),  cmocka_unit_test_setup(test_words, set_up),
		cmocka_unit_test_setup(test_carriages, set_up),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
