// SPDX-License-Identifier: GPL-2.0-only
/*
 * As many UDP datagrams a second as one core sends and one receives.
 *
 *	udpblast receive PORT SECONDS [collect]      counts SECONDS, beginning 200 ms after the first datagram
 *	udpblast send ADDRESS PORT BYTES SECONDS
 *
 * The receiver sleeps until a datagram wakes it; with `collect` it sleeps 0.5 ms and then takes what has come.
 * Either prints one line: datagrams, and datagrams a second.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { BATCH = 64, BYTES_MAX = 1472, RECEIVE_BUFFER = 32 << 20, WAIT_MS = 5000, SETTLE_MS = 200, COLLECT_NS = 500000 };

struct batch {
	struct mmsghdr message[BATCH];
	struct iovec vector[BATCH];
	char data[BATCH][BYTES_MAX];
};

static long long now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000000000LL + now.tv_nsec;
}

static struct batch *batch_new(size_t bytes)
{
	struct batch *batch = calloc(1, sizeof(*batch));

	for (int i = 0; batch && i < BATCH; i++) {
		batch->vector[i] = (struct iovec){ batch->data[i], bytes };
		batch->message[i].msg_hdr.msg_iov = &batch->vector[i];
		batch->message[i].msg_hdr.msg_iovlen = 1;
	}
	return batch;
}

static void report(long long count, long long ns)
{
	printf("%lld %.0f\n", count, ns > 0 ? count * 1e9 / ns : 0);
}

/* A full buffer below is not an error: the datagrams behind it are simply sent again. */
static int send_for(int fd, struct batch *batch, double seconds)
{
	long long began = now_ns(), until = began + seconds * 1e9, count = 0;

	while (now_ns() < until) {
		int sent = sendmmsg(fd, batch->message, BATCH, 0);

		if (sent > 0)
			count += sent;
		else if (errno != ENOBUFS && errno != EAGAIN && errno != ECONNREFUSED)
			return -errno;
	}
	report(count, now_ns() - began);
	return 0;
}

static int receive_woken(int fd, struct batch *batch)
{
	int got = recvmmsg(fd, batch->message, BATCH, MSG_WAITFORONE, NULL);

	return got < 0 ? -errno : got;
}

/* Naps unless there may be more to take at once: else a fast sender would be polled, and nobody would sleep. */
static int receive_collected(int fd, struct batch *batch)
{
	const struct timespec nap = { .tv_nsec = COLLECT_NS };
	long long until = now_ns() + WAIT_MS * 1000000LL;
	int got, error;

	do {
		got = recvmmsg(fd, batch->message, BATCH, MSG_DONTWAIT, NULL);
		error = got < 0 ? errno : 0;
		if (got < BATCH)
			nanosleep(&nap, NULL);
	} while (error == EAGAIN && now_ns() < until);
	return error ? -error : got;
}

/* Ends early when nothing comes any more; the time then ends with the last datagram. */
static int receive_for(int fd, struct batch *batch, double seconds, bool collect)
{
	int (*receive_some)(int, struct batch *) = collect ? receive_collected : receive_woken;
	long long began, last, count = 0;
	int got = receive_some(fd, batch);

	if (got < 0)
		return got;
	for (began = now_ns(); got >= 0 && now_ns() < began + SETTLE_MS * 1000000LL;)
		got = receive_some(fd, batch);
	for (began = last = now_ns(); got >= 0 && last < began + seconds * 1e9;) {
		got = receive_some(fd, batch);
		if (got > 0) {
			count += got;
			last = now_ns();
		}
	}
	report(count, last - began);
	return 0;
}

static int receiver(int port, double seconds, bool collect)
{
	struct sockaddr_in6 address = { .sin6_family = AF_INET6, .sin6_port = htons(port) };
	struct timeval wait = { .tv_sec = WAIT_MS / 1000 };
	struct batch *batch = batch_new(BYTES_MAX);
	int fd = socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0), bytes = RECEIVE_BUFFER, error;

	if (fd < 0 || !batch || bind(fd, (struct sockaddr *)&address, sizeof(address)))
		return -errno;
	setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &bytes, sizeof(bytes));
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof(wait));
	error = receive_for(fd, batch, seconds, collect);
	free(batch);
	close(fd);
	return error;
}

static int sender(const char *name, int port, size_t bytes, double seconds)
{
	struct sockaddr_in6 address = { .sin6_family = AF_INET6, .sin6_port = htons(port) };
	struct batch *batch = batch_new(bytes);
	int fd = socket(AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC, 0), error;

	if (inet_pton(AF_INET6, name, &address.sin6_addr) != 1)
		return -EINVAL;
	if (fd < 0 || !batch || connect(fd, (struct sockaddr *)&address, sizeof(address)))
		return -errno;
	error = send_for(fd, batch, seconds);
	free(batch);
	close(fd);
	return error;
}

int main(int argc, char **argv)
{
	int error = -EINVAL;

	if ((argc == 4 || (argc == 5 && !strcmp(argv[4], "collect"))) && !strcmp(argv[1], "receive"))
		error = receiver(atoi(argv[2]), atof(argv[3]), argc == 5);
	else if (argc == 6 && !strcmp(argv[1], "send") && atoi(argv[4]) > 0 && atoi(argv[4]) <= BYTES_MAX)
		error = sender(argv[2], atoi(argv[3]), atoi(argv[4]), atof(argv[5]));
	else
		fprintf(stderr, "usage: udpblast receive PORT SECONDS [collect] | send ADDRESS PORT BYTES SECONDS\n");
	if (error)
		fprintf(stderr, "udpblast: %s\n", strerror(-error));
	return !!error;
}
