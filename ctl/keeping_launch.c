// SPDX-License-Identifier: GPL-2.0-only
/*
 * Into the background: a child keeps the sessions, and what it says is passed on until it is known how the beginning went.
 * Nobody's terminal or pipe is held for longer than that.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "ctl/format.h"
#include "ctl/keeping.h"
#include "ctl/wrap.h"

enum { CHILD_OUT, CHILD_ERR, CHILD_VERDICT, CHILD_PIPES };
enum { SOON_MS = 1000 };

typedef int pipes[CHILD_PIPES][2];

static int open_pipes(pipes pipe)
{
	for (int i = 0; i < CHILD_PIPES; i++)
		if (pipe2(pipe[i], O_CLOEXEC))
			return -errno;
	return 0;
}

static void close_ends(pipes pipe, int end)
{
	for (int i = 0; i < CHILD_PIPES; i++) {
		if (pipe[i][end] >= 0)
			close(pipe[i][end]);
		pipe[i][end] = -1;
	}
}

/* Never returns. */
static void be_child(pipes pipe, const struct keeping_settings *settings)
{
	struct keeping_settings own = *settings;
	int nothing = open("/dev/null", O_RDWR | O_CLOEXEC), result;

	close_ends(pipe, 0);
	setsid();
	if (nothing >= 0)
		dup2(nothing, STDIN_FILENO);
	dup2(pipe[CHILD_OUT][1], STDOUT_FILENO);
	dup2(pipe[CHILD_ERR][1], STDERR_FILENO);
	close(pipe[CHILD_OUT][1]);
	close(pipe[CHILD_ERR][1]);
	own.verdict = pipe[CHILD_VERDICT][1];
	result = keeping_run(&own);
	fflush(stdout);
	_exit(result);
}

static void pass_on(int from, int to)
{
	char text[4096];
	ssize_t bytes = read(from, text, sizeof(text) - 1);
	unsigned int columns = wrap_columns(to);

	if (bytes <= 0)
		return;
	say_over(to);
	if (columns) {
		text[bytes] = 0;
		wrap_lines(to == STDOUT_FILENO ? stdout : stderr, text, columns);
		fflush(stdout);
		return;
	}
	while (write(to, text, (size_t)bytes) < 0 && errno == EINTR)
		;
}

/* What was said before the verdict has been written before it. */
static void drain(int from, int to)
{
	struct pollfd left = { .fd = from, .events = POLLIN };

	while (poll(&left, 1, 0) > 0 && left.revents & POLLIN)
		pass_on(from, to);
}

/* Not at once: mostly all is over before anybody has read it. */
static void tell_wait(__u64 begun_ms, __u32 wait_ms)
{
	__u64 passed_ms = sessions_now_ms() - begun_ms;
	char passed[FORMAT_AMOUNT], all[FORMAT_AMOUNT];

	if (passed_ms >= SOON_MS)
		say_progress("waiting for sessions: %s of %s; interrupted, they are tried on",
			     format_span(passed, passed_ms), format_span(all, wait_ms));
}

static int hear(pipes pipe, __u32 wait_ms)
{
	struct pollfd end[CHILD_PIPES];
	__u64 begun_ms = sessions_now_ms();
	char verdict = CTL_FAILED;

	for (int i = 0; i < CHILD_PIPES; i++)
		end[i] = (struct pollfd){ .fd = pipe[i][0], .events = POLLIN };
	while (!end[CHILD_VERDICT].revents) {
		if (poll(end, CHILD_PIPES, SOON_MS) < 0 && errno != EINTR)
			break;
		tell_wait(begun_ms, wait_ms);
		for (int i = CHILD_OUT; i <= CHILD_ERR; i++) {
			if (end[i].revents & POLLIN)
				pass_on(end[i].fd, i == CHILD_OUT ? STDOUT_FILENO : STDERR_FILENO);
			else if (end[i].revents)
				end[i].fd = -1;
		}
	}
	say_over(STDERR_FILENO);
	drain(pipe[CHILD_OUT][0], STDOUT_FILENO);
	drain(pipe[CHILD_ERR][0], STDERR_FILENO);
	if (read(pipe[CHILD_VERDICT][0], &verdict, 1) != 1) {
		say_error("the process that is to keep sessions has died");
		return CTL_FAILED;
	}
	return verdict;
}

int keeping_launch(const struct keeping_settings *settings)
{
	pipes pipe = { { -1, -1 }, { -1, -1 }, { -1, -1 } };
	int error = open_pipes(pipe), result = CTL_FAILED;
	pid_t child;

	fflush(stdout);
	child = error ? -1 : fork();
	if (!child)
		be_child(pipe, settings);
	close_ends(pipe, 1);
	if (child < 0)
		say_error("no process to keep sessions: %s", strerror(error ? -error : errno));
	else
		result = hear(pipe, settings->wait_ms);
	close_ends(pipe, 0);
	return result;
}
