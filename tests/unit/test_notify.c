// SPDX-License-Identifier: GPL-2.0-only
/* loader/notify.c and ctl/service.c: what systemd hears, and that nothing is said to nobody; and signals that wait. */
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
#include <unistd.h>

#include <cmocka.h>

#include "ctl/service.h"
#include "loader/notify.h"

/* Listens at NOTIFY_SOCKET's `path`, '@' first for an abstract one. */
static int listen_at(const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0);
	socklen_t length = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + strlen(path));

	snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
	if (*path == '@')
		address.sun_path[0] = 0;
	assert_int_equal(bind(fd, (void *)&address, length), 0);
	return fd;
}

static void hears(int fd, const char *wanted)
{
	char text[64] = "";
	ssize_t got = recv(fd, text, sizeof(text) - 1, 0);

	if (!wanted) {
		assert_true(got < 0 && errno == EAGAIN);
		return;
	}
	assert_int_equal(got, strlen(wanted));
	assert_string_equal(text, wanted);
}

static int clear(void **state)
{
	(void)state;
	unsetenv("NOTIFY_SOCKET");
	unsetenv("WATCHDOG_USEC");
	unsetenv("WATCHDOG_PID");
	return 0;
}

static void test_told(void **state)
{
	char plain[64], abstract[64];
	const char *const paths[] = { plain, abstract };

	(void)state;
	snprintf(plain, sizeof(plain), "/tmp/mayfly-test-notify-%d", getpid());
	snprintf(abstract, sizeof(abstract), "@mayfly-test-notify-%d", getpid());
	for (size_t i = 0; i < 2; i++) {
		int fd = listen_at(paths[i]);
		struct mf_notify notify;

		setenv("NOTIFY_SOCKET", paths[i], 1);
		mf_notify_open(&notify);
		assert_true(notify.fd >= 0);
		assert_int_equal(notify.interval_ns, 0); /* no watchdog is wanted */
		mf_notify_send(&notify, "READY=1");
		hears(fd, "READY=1");
		mf_notify_live(&notify, 1000000000);
		hears(fd, NULL);
		mf_notify_close(&notify);
		mf_notify_close(&notify);
		mf_notify_send(&notify, "STOPPING=1");
		hears(fd, NULL);
		close(fd);
	}
	unlink(plain);
}

static void test_watchdog(void **state)
{
	struct mf_notify notify;
	char path[64], pid[16];
	int fd;

	(void)state;
	snprintf(path, sizeof(path), "@mayfly-test-watchdog-%d", getpid());
	snprintf(pid, sizeof(pid), "%d", getpid());
	fd = listen_at(path);
	setenv("NOTIFY_SOCKET", path, 1);
	setenv("WATCHDOG_USEC", "3000", 1);
	setenv("WATCHDOG_PID", pid, 1);
	mf_notify_open(&notify);
	assert_int_equal(notify.interval_ns, 1000000);
	mf_notify_live(&notify, 5000000);
	hears(fd, "WATCHDOG=1");
	mf_notify_live(&notify, 5999999);
	hears(fd, NULL);
	mf_notify_live(&notify, 6000000);
	hears(fd, "WATCHDOG=1");
	mf_notify_close(&notify);

	setenv("WATCHDOG_PID", "1", 1); /* meant for another process */
	mf_notify_open(&notify);
	assert_int_equal(notify.interval_ns, 0);
	mf_notify_close(&notify);
	close(fd);
}

/* By a loop, and only where signs of life are wanted. */
static void test_alive(void **state)
{
	struct service_alive alive;
	struct mf_notify notify;
	uv_loop_t loop;
	char path[64];
	int fd;

	(void)state;
	snprintf(path, sizeof(path), "@mayfly-test-alive-%d", getpid());
	fd = listen_at(path);
	setenv("NOTIFY_SOCKET", path, 1);
	for (int wanted = 0; wanted < 2; wanted++) {
		if (wanted)
			setenv("WATCHDOG_USEC", "30000", 1);
		mf_notify_open(&notify);
		assert_int_equal(uv_loop_init(&loop), 0);
		service_alive_open(&alive, &loop, &notify);
		for (int i = 0; i < 2; i++) {
			uv_run(&loop, UV_RUN_ONCE);
			hears(fd, wanted ? "WATCHDOG=1" : NULL);
		}
		service_alive_close(&alive);
		uv_run(&loop, UV_RUN_DEFAULT);
		assert_int_equal(uv_loop_close(&loop), 0);
		mf_notify_close(&notify);
	}
	close(fd);
}

static void test_signals_wait(void **state)
{
	static const int signals[] = { SIGTERM, SIGINT, SIGUSR2 };
	sigset_t waiting;

	(void)state;
	service_hold_signals();
	for (size_t i = 0; i < sizeof(signals) / sizeof(*signals); i++) {
		kill(getpid(), signals[i]);
		sigpending(&waiting);
		assert_true(sigismember(&waiting, signals[i]));
		signal(signals[i], SIG_IGN);
	}
	service_release_signals();
	for (size_t i = 0; i < sizeof(signals) / sizeof(*signals); i++)
		signal(signals[i], SIG_DFL);
}

static void test_nobody(void **state)
{
	char too_long[200];
	const char *const paths[] = { "", "/nonexistent/notify", too_long };
	struct mf_notify notify;

	(void)state;
	memset(too_long, 'x', sizeof(too_long));
	too_long[sizeof(too_long) - 1] = 0;
	mf_notify_open(&notify);
	assert_int_equal(notify.fd, -1);
	for (size_t i = 0; i < sizeof(paths) / sizeof(*paths); i++) {
		setenv("NOTIFY_SOCKET", paths[i], 1);
		mf_notify_open(&notify);
		assert_int_equal(notify.fd, -1);
		mf_notify_send(&notify, "READY=1");
		mf_notify_close(&notify);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_told, clear),
		cmocka_unit_test_setup(test_watchdog, clear),
		cmocka_unit_test_setup(test_alive, clear),
		cmocka_unit_test_setup(test_signals_wait, clear),
		cmocka_unit_test_setup(test_nobody, clear),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
