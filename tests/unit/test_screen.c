// SPDX-License-Identifier: GPL-2.0-only
/* ctl/screen.c on a terminal of its own: what is drawn there, what ends the wait, and how the terminal is left. */
#include <fcntl.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "ctl/screen.h"

#define ENTER "\033[?1049h\033[?25l"
#define LEAVE "\033[?25h\033[?1049l"

enum { ROWS = 3, COLUMNS = 20, LONG_MS = 20000, SAW_END = 40, WENT_ON = 41 };

/* What a child draws; how it ends is its exit status. */
static int draw_three(void)
{
	struct screen screen;

	if (screen_open(&screen))
		return 1;
	screen_begin(&screen);
	screen_line(&screen, SCREEN_BOLD, "%s", "title");
	screen_line(&screen, SCREEN_PLAIN, "%s", "longer than the screen is wide");
	screen_line(&screen, SCREEN_ALARM, "%d", 3);
	screen_line(&screen, SCREEN_PLAIN, "no row is left for this");
	if (screen_rows_left(&screen) && screen.terminal)
		return 2;
	if (screen_end(&screen))
		return 3;
	screen_close(&screen);
	return 0;
}

/* More than the room that there is at first. */
static int draw_much(void)
{
	struct screen screen;
	int error;

	if (screen_open(&screen))
		return 1;
	screen_begin(&screen);
	for (int i = 0; i < 400; i++)
		screen_line(&screen, SCREEN_DIM, "line %d of very many that have to be kept", i);
	error = screen_end(&screen);
	screen_close(&screen);
	return error ? 3 : 0;
}

static int wait_long(void)
{
	struct screen screen;
	bool on;

	if (screen_open(&screen))
		return 1;
	screen_begin(&screen);
	screen_line(&screen, SCREEN_PLAIN, "ready");
	if (screen_end(&screen))
		return 3;
	on = screen_wait(&screen, LONG_MS);
	screen_close(&screen);
	return on ? WENT_ON : SAW_END;
}

struct child {
	pid_t pid;
	int fd;          /* the other end of its terminal or pipe */
	char text[65536]; /* what it has drawn */
	size_t length;
};

/* `fd`: its stdin and stdout. */
static void start(struct child *child, int fd, int body(void))
{
	child->length = 0;
	fflush(stdout);
	child->pid = fork();
	if (!child->pid) {
		dup2(fd, STDIN_FILENO);
		dup2(fd, STDOUT_FILENO);
		exit(body());
	}
}

static void start_on_terminal(struct child *child, int body(void))
{
	const struct winsize size = { .ws_row = ROWS, .ws_col = COLUMNS };
	int slave;

	child->fd = posix_openpt(O_RDWR | O_NOCTTY);
	assert_true(child->fd >= 0);
	assert_int_equal(grantpt(child->fd) | unlockpt(child->fd), 0);
	slave = open(ptsname(child->fd), O_RDWR | O_NOCTTY);
	assert_int_equal(ioctl(slave, TIOCSWINSZ, &size), 0);
	start(child, slave, body);
	close(slave);
}

/* Reads until `words` have come; NULL: to the end. */
static void read_until(struct child *child, const char *words)
{
	while (!words || !memmem(child->text, child->length, words, strlen(words))) {
		struct pollfd end = { .fd = child->fd, .events = POLLIN };
		ssize_t got;

		assert_int_equal(poll(&end, 1, LONG_MS), 1);
		got = read(child->fd, child->text + child->length, sizeof(child->text) - child->length - 1);
		if (got <= 0) /* a terminal that nobody has open says EIO */
			break;
		child->length += (size_t)got;
	}
	child->text[child->length] = 0;
}

static int status_of(struct child *child)
{
	int status;

	read_until(child, NULL);
	assert_int_equal(waitpid(child->pid, &status, 0), child->pid);
	assert_true(WIFEXITED(status));
	close(child->fd);
	return WEXITSTATUS(status);
}

static void test_drawn(void **state)
{
	struct child child;

	(void)state;
	setenv("TERM", "xterm", 1);
	unsetenv("NO_COLOR");
	start_on_terminal(&child, draw_three);
	assert_int_equal(status_of(&child), 0);
	assert_string_equal(child.text, ENTER "\033[H\033[K\033[1mtitle\033[0m\r\r\n\033[Klonger than the scre\r\r\n"
			    "\033[K\033[33m3\033[0m" LEAVE);
	setenv("NO_COLOR", "1", 1);
	start_on_terminal(&child, draw_three);
	assert_int_equal(status_of(&child), 0);
	assert_null(strstr(child.text, "\033[1m"));
}

static void test_plain(void **state)
{
	struct child child;
	int ends[2];

	(void)state;
	assert_int_equal(pipe(ends), 0);
	child.fd = ends[0];
	start(&child, ends[1], draw_three);
	close(ends[1]);
	assert_int_equal(status_of(&child), 0);
	assert_string_equal(child.text, "title\nlonger than the screen is wide\n3\nno row is left for this\n");

	assert_int_equal(pipe(ends), 0);
	child.fd = ends[0];
	start(&child, ends[1], draw_much);
	close(ends[1]);
	assert_int_equal(status_of(&child), 0);
	assert_non_null(strstr(child.text, "line 399 of"));
}

static void test_waits(void **state)
{
	static const struct {
		const char *keys;
		int signal, status;
	} rows[] = {
		{ "q", 0, SAW_END }, { "xQ", 0, SAW_END }, { "x", 0, WENT_ON },
		{ NULL, SIGTERM, SAW_END }, { NULL, SIGHUP, SAW_END }, { NULL, SIGWINCH, WENT_ON },
	};

	(void)state;
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct child child;

		start_on_terminal(&child, wait_long);
		read_until(&child, "ready");
		usleep(50000); /* it is about to wait */
		if (rows[i].keys)
			assert_int_equal(write(child.fd, rows[i].keys, strlen(rows[i].keys)), strlen(rows[i].keys));
		else
			kill(child.pid, rows[i].signal);
		assert_int_equal(status_of(&child), rows[i].status);
		assert_non_null(strstr(child.text, LEAVE));
	}
}

/* Nobody reads any more: said, and no endless loop. */
static void test_gone(void **state)
{
	struct child child;
	int ends[2];

	(void)state;
	assert_int_equal(pipe(ends), 0);
	signal(SIGPIPE, SIG_IGN);
	close(ends[0]);
	child.fd = open("/dev/null", O_RDONLY);
	start(&child, ends[1], draw_much);
	close(ends[1]);
	assert_int_equal(status_of(&child), 3);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_drawn), cmocka_unit_test(test_plain),
		cmocka_unit_test(test_waits), cmocka_unit_test(test_gone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
