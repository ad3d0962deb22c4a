// SPDX-License-Identifier: GPL-2.0-only
/*
 * Round trips of single UDP datagrams. Both ends spin instead of sleeping, so that what is
 * measured is the path and not how soon a core wakes up.
 *
 *	pingpong echo PORT SECONDS
 *	pingpong ask ADDRESS PORT BYTES SECONDS [A-SECOND]
 *
 * prints: round trips, lost, median, 90 % and 99 % (ns). Without A-SECOND one follows the other at once.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { BYTES_MAX = 1472, SAMPLES_MAX = 1 << 20 };
#define LOST_NS 1000000000LL

struct samples {
	unsigned int count, lost;
	unsigned int ns[SAMPLES_MAX];
};

static long long now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000000000LL + now.tv_nsec;
}

static int echo(int port, double seconds)
{
	struct sockaddr_in6 address = { .sin6_family = AF_INET6, .sin6_port = htons(port) };
	long long until = now_ns() + seconds * 1e9;
	int fd = socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	char data[BYTES_MAX];

	if (fd < 0 || bind(fd, (struct sockaddr *)&address, sizeof(address)))
		return -errno;
	while (now_ns() < until) {
		socklen_t length = sizeof(address);
		ssize_t got = recvfrom(fd, data, sizeof(data), 0, (struct sockaddr *)&address, &length);

		if (got >= 0)
			sendto(fd, data, got, 0, (struct sockaddr *)&address, length);
	}
	close(fd);
	return 0;
}

/* One round trip in ns, or LOST_NS. An answer that came too late to the one before is read past. */
static long long ask_once(int fd, char *data, size_t bytes, unsigned int number)
{
	long long began = now_ns(), now;
	unsigned int answer;

	memcpy(data, &number, sizeof(number));
	send(fd, data, bytes, 0);
	do {
		ssize_t got = recv(fd, data, bytes, 0);

		now = now_ns();
		memcpy(&answer, data, sizeof(answer));
		if (got == (ssize_t)bytes && answer == number)
			return now - began;
	} while (now - began < LOST_NS);
	return LOST_NS;
}

static int by_value(const void *a, const void *b)
{
	unsigned int x = *(const unsigned int *)a, y = *(const unsigned int *)b;

	return (x > y) - (x < y);
}

static void report(struct samples *samples)
{
	unsigned int n = samples->count;

	qsort(samples->ns, n, sizeof(*samples->ns), by_value);
	if (n)
		printf("%u %u %u %u %u\n", n, samples->lost, samples->ns[n / 2], samples->ns[n * 9ULL / 10],
		       samples->ns[n * 99ULL / 100]);
	else
		printf("0 %u 0 0 0\n", samples->lost);
}

/* Spins until the i-th of so many a second is due. */
static void wait_turn(long long began, unsigned int i, double a_second)
{
	long long due = a_second > 0 ? began + i * (1e9 / a_second) : 0;

	while (now_ns() < due)
		;
}

static int ask(const char *name, int port, size_t bytes, double seconds, double a_second)
{
	struct sockaddr_in6 address = { .sin6_family = AF_INET6, .sin6_port = htons(port) };
	struct samples *samples = calloc(1, sizeof(*samples));
	int fd = socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	long long began = now_ns(), until = began + seconds * 1e9;
	char data[BYTES_MAX] = { 0 };

	if (inet_pton(AF_INET6, name, &address.sin6_addr) != 1)
		return -EINVAL;
	if (fd < 0 || !samples || connect(fd, (struct sockaddr *)&address, sizeof(address)))
		return -errno;
	for (unsigned int i = 0; now_ns() < until && samples->count < SAMPLES_MAX; i++) {
		long long took;

		wait_turn(began, i, a_second);
		took = ask_once(fd, data, bytes, i);
		if (took >= LOST_NS)
			samples->lost++;
		else
			samples->ns[samples->count++] = took;
	}
	report(samples);
	free(samples);
	close(fd);
	return 0;
}

int main(int argc, char **argv)
{
	int error = -EINVAL;

	if (argc == 4 && !strcmp(argv[1], "echo"))
		error = echo(atoi(argv[2]), atof(argv[3]));
	else if ((argc == 6 || argc == 7) && !strcmp(argv[1], "ask") && atoi(argv[4]) >= 4 && atoi(argv[4]) <= BYTES_MAX)
		error = ask(argv[2], atoi(argv[3]), atoi(argv[4]), atof(argv[5]), argc == 7 ? atof(argv[6]) : 0);
	else
		fprintf(stderr, "usage: pingpong echo PORT SECONDS | ask ADDRESS PORT BYTES SECONDS [A-SECOND]\n");
	if (error)
		fprintf(stderr, "pingpong: %s\n", strerror(-error));
	return !!error;
}
