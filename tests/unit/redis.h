/* SPDX-License-Identifier: GPL-2.0-only */
/* A real redis-server of a test's own, on a Unix socket in a directory of its own. Include it behind cmocka.h. */
#ifndef MAYFLY_TESTS_UNIT_REDIS_H
#define MAYFLY_TESTS_UNIT_REDIS_H

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { PATIENCE_MS = 5000 };

static char directory[] = "/tmp/mayfly-test-redis-XXXXXX";
static char socket_path[64];
static pid_t server;

static void sleep_ms(unsigned int ms)
{
	struct timespec wait = { ms / 1000, ms % 1000 * 1000000L };

	nanosleep(&wait, NULL);
}

static int make_directory(void)
{
	if (!mkdtemp(directory))
		return -1;
	snprintf(socket_path, sizeof(socket_path), "%s/redis", directory);
	return 0;
}

/* Its path stands before it listens. */
static int answers(void)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM, 0), refused;

	snprintf(address.sun_path, sizeof(address.sun_path), "%s", socket_path);
	refused = connect(fd, (struct sockaddr *)&address, sizeof(address));
	close(fd);
	return !refused;
}

/* `settings`: more lines of its configuration. They go by stdin, so that a password stands in nobody's arguments. */
static void start_server(const char *settings)
{
	int channel[2];

	assert_int_equal(pipe(channel), 0);
	server = fork();
	if (!server) {
		dup2(channel[0], 0);
		close(channel[1]);
		if (chdir(directory) || !freopen("redis.log", "a", stdout))
			_exit(126);
		execlp("redis-server", "redis-server", "-", NULL);
		_exit(127);
	}
	close(channel[0]);
	dprintf(channel[1], "port 0\nunixsocket %s\nsave \"\"\nappendonly no\n%s", socket_path, settings);
	close(channel[1]);
	for (int i = 0; i < PATIENCE_MS / 20 && !answers(); i++)
		sleep_ms(20);
	assert_true(answers());
}

static void stop_server(void)
{
	if (server > 0) {
		kill(server, SIGTERM);
		waitpid(server, NULL, 0);
	}
	server = 0;
	unlink(socket_path);
}

/* Of what is in it only the log may be left. */
static int remove_directory(void)
{
	char log[64];

	snprintf(log, sizeof(log), "%s/redis.log", directory);
	unlink(log);
	return rmdir(directory);
}

/* Whether there is one to start; else it is said how to come by one. */
static int have_server(void)
{
	if (!system("command -v redis-server >/dev/null"))
		return 1;
	printf("redis-server is not installed: apt-get install redis-server\n");
	return 0;
}

#endif
