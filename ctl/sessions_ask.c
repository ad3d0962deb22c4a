// SPDX-License-Identifier: GPL-2.0-only
/* Lines from the socket of a keeper. */
#include "ctl/sessions_ask.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

/* A keeper that is stopped still has its socket, and a queue that fills up (EAGAIN). */
static int connect_to(const struct sockaddr_un *address)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0), error;

	if (fd < 0)
		return -errno;
	if (!connect(fd, (const struct sockaddr *)address, sizeof(*address)))
		return fd;
	error = errno;
	close(fd);
	if (error == ECONNREFUSED)
		return -ENOENT;
	return error == EAGAIN ? -ETIMEDOUT : -error;
}

int sessions_ask_open(struct sessions_ask *ask, const char *socket, enum sessions_keeper keeper)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	char path[SESSIONS_TELL_PATH];
	int fd;

	ask->fd = -1;
	ask->keeper = keeper;
	ask->from = ask->to = 0;
	sessions_tell_path(path, socket, keeper);
	if (strlen(path) >= sizeof(address.sun_path))
		return -ENAMETOOLONG;
	memcpy(address.sun_path, path, strlen(path) + 1);
	fd = connect_to(&address);
	if (fd < 0)
		return fd;
	ask->fd = fd;
	return 0;
}

void sessions_ask_close(struct sessions_ask *ask)
{
	if (ask->fd >= 0)
		close(ask->fd);
	ask->fd = -1;
}

int sessions_ask_read(struct sessions_ask *ask)
{
	ssize_t got;

	memmove(ask->text, ask->text + ask->from, ask->to - ask->from);
	ask->to -= ask->from;
	ask->from = 0;
	got = recv(ask->fd, ask->text + ask->to, sizeof(ask->text) - ask->to, MSG_DONTWAIT);
	if (got < 0)
		return errno == EAGAIN || errno == EINTR ? 0 : -errno;
	if (!got)
		return -ECONNRESET;
	ask->to += (size_t)got;
	return 0;
}

int sessions_ask_take(struct sessions_ask *ask, struct sessions_line *line)
{
	const char *start = ask->text + ask->from;
	const char *end = memchr(start, '\n', ask->to - ask->from);
	char why[SAY_BYTES];

	if (!end)
		return ask->to - ask->from < SESSIONS_LINE_MOST ? -EAGAIN : -EPROTO;
	ask->from += (size_t)(end - start) + 1;
	if (sessions_line_parse(start, (size_t)(end - start), line, why))
		return -EPROTO;
	snprintf(line->keeper, sizeof(line->keeper), "%s", sessions_keeper_name(ask->keeper));
	return strcmp(line->event, "full") ? 0 : -EBUSY;
}

int sessions_ask_next(struct sessions_ask *ask, __u32 patience_ms, struct sessions_line *line)
{
	struct pollfd wait = { .fd = ask->fd, .events = POLLIN };
	int error;

	for (;;) {
		error = sessions_ask_take(ask, line);
		if (error != -EAGAIN)
			return error;
		error = poll(&wait, 1, (int)patience_ms);
		if (error <= 0)
			return error ? -errno : -ETIMEDOUT;
		error = sessions_ask_read(ask);
		if (error)
			return error;
	}
}

int sessions_ask_why(int error, const char *socket, enum sessions_keeper keeper, char why[static SAY_BYTES])
{
	char path[SESSIONS_TELL_PATH];

	sessions_tell_path(path, socket, keeper);
	switch (error) {
	case -ENOENT:
		return say_why(why, error, "nobody keeps sessions of the node at %s: mayflyctl serve FILE answers clients, "
			       "mayflyctl up FILE with a [Peer] that has a PublicKey alone, or is sealed, begins them", socket);
	case -ETIMEDOUT:
		return say_why(why, error, "what keeps the sessions of %s does not answer: is it stopped or "
			       "overloaded?", path);
	case -ECONNRESET:
		return say_why(why, error, "what keeps the sessions of %s has gone, or was not read fast enough", path);
	case -EBUSY:
		return say_why(why, error, "%s has %d readers already: end one of them", path, SESSIONS_TELL_READERS);
	case -EPROTO:
		return say_why(why, error, "what answers at %s tells of no sessions: let all processes of mayflyctl "
			       "be of one version", path);
	case -EACCES:
	case -EPERM:
		return say_why(why, error, "%s is not open to this user: run mayflyctl as root", path);
	default:
		return say_why(why, error, "%s: %s", path, strerror(-error));
	}
}
