// SPDX-License-Identifier: GPL-2.0-only
/* ctl/sessions_tell.c and those who read it: what is told, to whom, in how much memory, and what is not told. */
#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "ctl/ctl.h"
#include "ctl/sessions_ask.h"
#include "tests/unit/capture.h"

enum { FEW = 4, MANY = 20000 };

static char directory[] = "/tmp/mf-tell.XXXXXX";
static char loader[CLIENT_PATH_BYTES], path[SESSIONS_TELL_PATH];
static struct session up, asking, renewing;
static struct sessions sessions;
static struct sessions_tell tell;
static uv_loop_t loop;

static void name_level(void *context, __u32 peer, const char **level, const char **why)
{
	(void)context;
	*level = peer ? NULL : "watched";
	*why = peer ? NULL : "12 hits on expired addresses";
}

static void make_peer(__u32 number, const char *name, struct session *session)
{
	struct sessions_peer *peer = &sessions.peer[number];

	peer->used = true;
	peer->told_ms = sessions_now_ms() - 60000;
	snprintf(peer->name, sizeof(peer->name), "%s", name);
	memcpy(peer->public_key, &number, sizeof(number));
	peer->session = session;
}

static void make_sessions(__u32 count)
{
	sessions = (struct sessions){ .peers = count, .room = count, .peer = calloc(count, sizeof(*sessions.peer)) };
	for (__u32 i = 0; i < count; i++) {
		char name[MF_NAME_BYTES];

		snprintf(name, sizeof(name), "client-%u", i);
		make_peer(i, name, &up);
	}
}

/* A laptop that is up, a server that is asked, one between two generations, one whose session has ended. */
static void make_few(void)
{
	make_sessions(FEW);
	make_peer(0, "laptop", &up);
	make_peer(1, "server", &asking);
	make_peer(2, "phone", &renewing);
	make_peer(3, "gone", NULL);
	sessions.peer[1].keep = true;
	sessions.peer[0].traffic[3] = 4096;
	sessions.peer[3].ended = SESSION_IDLE;
}

static void fill_secrets(struct session *session)
{
	memset(session->present.association.key, 0xa5, 16);
	memset(&session->present.keys, 0xa5, sizeof(session->present.keys));
	memset(session->present.association.seed_local, 0xa5, 8);
	memset(session->present.association.seed_remote, 0xa5, 8);
	memset(&session->asked.noise, 0xa5, sizeof(session->asked.noise));
}

static int set_up(void **state)
{
	__u64 now_ms = sessions_now_ms();

	(void)state;
	if (!mkdtemp(directory) || uv_loop_init(&loop))
		return -1;
	snprintf(loader, sizeof(loader), "%s/eth0.sock", directory);
	sessions_tell_path(path, loader, SESSIONS_SERVE);
	up.state = SESSION_UP;
	up.present.association.letter = 'b';
	up.present.association.rotation_ms = 3000;
	up.present.association.carriage = MF_CARRIAGE_SEALED;
	up.present.expires_ms = now_ms + 1800500;
	up.stands_ms = now_ms - 90000;
	up.handshake_ms = now_ms - 5000;
	up.refused[2] = 7;
	renewing = up;
	renewing.state = SESSION_RENEWING;
	renewing.coming.association.letter = 'c';
	renewing.present.initiator = true;
	asking.state = SESSION_ASKING;
	asking.asked.active = true;
	fill_secrets(&up);
	fill_secrets(&asking);
	fill_secrets(&renewing);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	uv_loop_close(&loop);
	return rmdir(directory);
}

static void open_tell(void)
{
	char why[SAY_BYTES];

	if (sessions_tell_open(&tell, &sessions, &loop, path, why))
		fail_msg("%s", why);
	tell.level = name_level;
}

static void close_tell(void)
{
	sessions_tell_close(&tell);
	uv_run(&loop, UV_RUN_DEFAULT);
	assert_int_not_equal(access(path, F_OK), 0);
	free(sessions.peer);
}

static void turn(void)
{
	for (int i = 0; i < 4; i++)
		uv_run(&loop, UV_RUN_NOWAIT);
}

/* The next line, with the keeper's loop turning in between. */
static int next(struct sessions_ask *ask, struct sessions_line *line)
{
	int error = sessions_ask_take(ask, line);

	for (int i = 0; error == -EAGAIN && i < 100; i++) {
		uv_run(&loop, UV_RUN_NOWAIT);
		error = sessions_ask_read(ask);
		if (!error)
			error = sessions_ask_take(ask, line);
	}
	return error;
}

static void demand(struct sessions_ask *ask, const char *event, const char *peer, struct sessions_line *line)
{
	assert_int_equal(next(ask, line), 0);
	assert_string_equal(line->event, event);
	assert_string_equal(line->peer, peer);
}

static void test_told(void **state)
{
	struct sessions_line line;
	struct sessions_ask ask;

	(void)state;
	make_few();
	open_tell();
	assert_int_equal(sessions_ask_open(&ask, loader, SESSIONS_SERVE), 0);
	demand(&ask, "session", "laptop", &line);
	assert_string_equal(line.state, "up");
	assert_string_equal(line.role, "responder");
	assert_string_equal(line.association, "laptop@b");
	assert_string_equal(line.coming, "");
	assert_string_equal(line.level, "watched");
	assert_string_equal(line.why, "12 hits on expired addresses");
	assert_string_equal(line.keeper, "serve");
	assert_int_equal(line.rotation_ms, 3000);
	assert_string_equal(line.carriage, "sealed");
	assert_int_equal(line.sealed_packets, 0);
	assert_int_equal(line.lifetime_left_s / 10, 180);
	assert_in_range(line.handshake_age_ms, 5000, 9000);
	assert_true(line.since_ms > 1500000000000 && line.since_ms != SESSIONS_UNKNOWN);
	assert_true(line.idle_ms == SESSIONS_UNKNOWN);
	assert_int_equal(line.traffic[3], 4096);
	assert_int_equal(line.refused[2], 7);
	demand(&ask, "session", "server", &line);
	assert_string_equal(line.state, "asking");
	assert_string_equal(line.carriage, "");
	assert_true(line.sealed_packets == SESSIONS_UNKNOWN);
	assert_string_equal(line.role, "initiator");
	assert_in_range(line.state_age_ms, 60000, 90000);
	demand(&ask, "session", "phone", &line);
	assert_string_equal(line.coming, "phone@c");
	assert_string_equal(sessions_line_generation(&line, "phone@c"), "coming");
	assert_string_equal(sessions_line_generation(&line, "phone@b"), "present");
	assert_null(sessions_line_generation(&line, "phone@a"));
	demand(&ask, "complete", "", &line); /* who has none any more is not told of */
	assert_int_equal(next(&ask, &line), -EAGAIN);
	sessions_tell_changed(&tell, 3);
	sessions_tell_changed(&tell, 0);
	demand(&ask, "changed", "gone", &line);
	assert_string_equal(line.state, "none");
	assert_string_equal(line.ended, "idle");
	demand(&ask, "changed", "laptop", &line);
	close_tell();
	assert_int_equal(next(&ask, &line), -ECONNRESET);
	sessions_ask_close(&ask);
}

/* Secrets are all of one byte here: neither that, nor its hexadecimal or base64, comes out. */
static void test_no_secrets(void **state)
{
	char text[SESSIONS_LINE_MOST + 1];
	struct sessions_line line;

	(void)state;
	make_few();
	open_tell();
	for (__u32 i = 0; i < FEW; i++) {
		size_t length;

		sessions_tell_line(&tell, i, "session", &line);
		length = sessions_line_write(text, &line);
		assert_true(length > 100);
		text[length] = 0;
		assert_null(strchr(text, 0xa5));
		assert_null(strstr(text, "a5a5"));
		assert_null(strstr(text, "paWl"));
		assert_null(memmem(&line, sizeof(line), "\xa5\xa5", 2));
	}
	close_tell();
}

/* Of whom nothing has been told yet, changes come with the first line. */
static void test_many(void **state)
{
	unsigned int first = 0, changed = 0;
	struct sessions_line line;
	struct sessions_ask ask;

	(void)state;
	make_sessions(MANY);
	open_tell();
	assert_int_equal(sessions_ask_open(&ask, loader, SESSIONS_SERVE), 0);
	demand(&ask, "session", "client-0", &line);
	sessions_tell_changed(&tell, 0);
	sessions_tell_changed(&tell, MANY - 1);
	for (;;) {
		assert_int_equal(next(&ask, &line), 0);
		if (!strcmp(line.event, "complete"))
			break;
		first += !strcmp(line.event, "session");
		changed += !strcmp(line.event, "changed") && !strcmp(line.peer, "client-0");
	}
	assert_int_equal(first, MANY - 1);
	assert_int_equal(changed, 1);
	assert_int_equal(next(&ask, &line), -EAGAIN);
	sessions_ask_close(&ask);
	turn();
	assert_null(tell.reader[0]);
	close_tell();
}

static void test_slow(void **state)
{
	struct sessions_ask slow, fine;
	struct sessions_line line;

	(void)state;
	make_few();
	open_tell();
	assert_int_equal(sessions_ask_open(&slow, loader, SESSIONS_SERVE), 0);
	assert_int_equal(sessions_ask_open(&fine, loader, SESSIONS_SERVE), 0);
	turn();
	for (int i = 0; i < 2000; i++) {
		sessions_tell_changed(&tell, 0);
		while (!next(&fine, &line) && strcmp(line.event, "changed"))
			;
		assert_string_equal(line.event, "changed");
	}
	assert_int_equal(tell.cut, 1);
	assert_null(tell.reader[0]);
	assert_non_null(tell.reader[1]);
	sessions_ask_close(&slow);
	sessions_ask_close(&fine);
	close_tell();
}

static void test_readers(void **state)
{
	struct sessions_ask *ask = calloc(SESSIONS_TELL_READERS + 1, sizeof(*ask));
	struct sessions_line line;

	(void)state;
	make_few();
	open_tell();
	for (int i = 0; i <= SESSIONS_TELL_READERS; i++) {
		assert_int_equal(sessions_ask_open(&ask[i], loader, SESSIONS_SERVE), 0);
		turn();
	}
	assert_int_equal(next(&ask[SESSIONS_TELL_READERS], &line), -EBUSY);
	demand(&ask[0], "session", "laptop", &line);
	assert_int_equal(tell.refused, 1);
	sessions_ask_close(&ask[0]);
	sessions_ask_close(&ask[SESSIONS_TELL_READERS]);
	turn();
	assert_int_equal(sessions_ask_open(&ask[0], loader, SESSIONS_SERVE), 0);
	demand(&ask[0], "session", "laptop", &line);
	close_tell();
	for (int i = 0; i < SESSIONS_TELL_READERS; i++)
		sessions_ask_close(&ask[i]);
	free(ask);
}

static void test_place(void **state)
{
	struct sessions_tell other;
	char why[SAY_BYTES];
	struct stat file;
	FILE *stream;

	(void)state;
	make_few();
	open_tell();
	assert_int_equal(stat(path, &file), 0);
	assert_int_equal(file.st_mode & 07777, 0600);
	assert_int_equal(sessions_tell_open(&other, &sessions, &loop, path, why), -EADDRINUSE);
	assert_int_equal(access(path, F_OK), 0);
	close(tell.fd); /* as if killed: the socket is left over */
	tell.fd = dup(STDERR_FILENO);
	assert_int_equal(sessions_tell_open(&other, &sessions, &loop, path, why), 0);
	sessions_tell_close(&other);
	close_tell();
	stream = fopen(path, "w");
	fclose(stream);
	assert_int_equal(sessions_tell_open(&other, &sessions, &loop, path, why), -EEXIST);
	assert_int_equal(unlink(path), 0);
	sessions_tell_path(path, "/run/mayfly/eth0.sock", SESSIONS_UP);
	assert_string_equal(path, "/run/mayfly/eth0.sessions.up");
	sessions_tell_path(path, loader, SESSIONS_SERVE);
	memset(&other, 0, sizeof(other));
	sessions_tell_changed(&other, 0);
	sessions_tell_close(&other);
}

/* Somebody has removed it: a reader stays, others find the new one; what is another's by then is left alone. */
static void test_removed(void **state)
{
	struct sessions_ask before, ask;
	struct sessions_line line;
	struct sessions_tell other;
	char why[SAY_BYTES];

	(void)state;
	make_few();
	open_tell();
	assert_int_equal(sessions_ask_open(&before, loader, SESSIONS_SERVE), 0);
	demand(&before, "session", "laptop", &line);
	assert_int_equal(sessions_tell_mind(&tell, why), 0);
	assert_int_equal(unlink(path), 0);
	assert_int_equal(sessions_ask_open(&ask, loader, SESSIONS_SERVE), -ENOENT);
	assert_int_equal(sessions_tell_mind(&tell, why), 0);
	assert_int_equal(sessions_ask_open(&ask, loader, SESSIONS_SERVE), 0);
	demand(&ask, "session", "laptop", &line);
	demand(&before, "session", "server", &line);
	sessions_ask_close(&before);
	sessions_ask_close(&ask);
	turn();
	assert_int_equal(unlink(path), 0);
	assert_int_equal(sessions_tell_open(&other, &sessions, &loop, path, why), 0);
	assert_int_equal(sessions_tell_mind(&tell, why), -EADDRINUSE);
	sessions_tell_close(&tell);
	assert_int_equal(access(path, F_OK), 0);
	sessions_tell_close(&other);
	close_tell();
}

/* --- from another process -------------------------------------------------------------- */

static pid_t keep(bool hung)
{
	pid_t child;

	open_tell();
	child = fork();
	if (!child) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		while (hung)
			pause();
		uv_loop_fork(&loop);
		uv_run(&loop, UV_RUN_DEFAULT);
		_exit(0);
	}
	return child;
}

static void end(pid_t child)
{
	kill(child, SIGKILL);
	waitpid(child, NULL, 0);
	close_tell();
}

static void test_found(void **state)
{
	struct sessions_told told;
	pid_t child;

	(void)state;
	make_few();
	child = keep(false);
	sessions_told_take(&told, loader, SIZE_MAX, 5000);
	assert_true(told.kept[SESSIONS_SERVE]);
	assert_false(told.kept[SESSIONS_UP]);
	assert_int_equal(told.error[SESSIONS_SERVE], 0);
	assert_int_equal(told.count, 3);
	assert_string_equal(sessions_told_find(&told, "laptop@b")->peer, "laptop");
	assert_string_equal(sessions_told_find(&told, "phone@c")->peer, "phone");
	assert_null(sessions_told_find(&told, "lapto@b"));
	assert_null(sessions_told_find(&told, "laptop2@b"));
	assert_null(sessions_told_find(&told, "@b"));
	sessions_told_close(&told);
	sessions_told_take(&told, loader, 1, 5000);
	assert_int_equal(told.count, 1);
	sessions_told_close(&told);
	end(child);
	sessions_told_take(&told, loader, SIZE_MAX, 50);
	assert_false(told.kept[SESSIONS_SERVE]);
	assert_null(sessions_told_find(&told, "laptop@b"));
}

static void test_hung(void **state)
{
	struct sessions_told told;
	pid_t child;

	(void)state;
	make_few();
	child = keep(true);
	for (int i = 0; i < 2 * SESSIONS_TELL_READERS; i++) { /* until its queue is full, and after */
		sessions_told_take(&told, loader, SIZE_MAX, 5);
		assert_true(told.kept[SESSIONS_SERVE]);
		assert_int_equal(told.error[SESSIONS_SERVE], -ETIMEDOUT);
		sessions_told_close(&told);
	}
	end(child);
}

/* The command's exit status, and what it prints. */
static int run(char *const arguments[], char text[static 16384])
{
	static const struct ctl_command command = { "sessions", command_sessions, "", "", NULL };
	const struct ctl ctl = { .socket = loader, .command = &command };
	struct capture capture;
	char *argv[8] = { 0 };
	int count = 0, result;

	for (; arguments[count]; count++)
		argv[count] = arguments[count];
	capture = capture_begin();
	result = command_sessions(&ctl, count, argv);
	capture_end(&capture, text, 16384);
	return result;
}

static void test_command(void **state)
{
	char *const table[] = { "sessions", NULL }, *const json[] = { "sessions", "--json", NULL };
	char text[16384], why[SAY_BYTES];
	struct sessions_line line;
	pid_t child;

	(void)state;
	make_few();
	child = keep(false);
	assert_int_equal(run(table, text), CTL_FINE);
	assert_non_null(strstr(text, "laptop               up         responder "));
	assert_non_null(strstr(text, "watched (12 hits on expired addresses)\n"));
	assert_non_null(strstr(text, "server               asking     initiator -"));
	assert_null(strchr(text, '\033'));
	assert_int_equal(run(json, text), CTL_FINE);
	assert_int_equal(sessions_line_parse(text, strcspn(text, "\n"), &line, why), 0);
	assert_string_equal(line.keeper, "serve");
	assert_null(strstr(text, "complete"));
	end(child);
	assert_int_equal(run(table, text), CTL_FAILED);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_told),    cmocka_unit_test(test_no_secrets), cmocka_unit_test(test_many),
		cmocka_unit_test(test_slow),    cmocka_unit_test(test_readers),    cmocka_unit_test(test_place),
		cmocka_unit_test(test_found),   cmocka_unit_test(test_hung),       cmocka_unit_test(test_command),
		cmocka_unit_test(test_removed),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
