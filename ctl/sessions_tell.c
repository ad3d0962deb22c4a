// SPDX-License-Identifier: GPL-2.0-only
/* The socket of a keeper of sessions, its readers, and how far each of them has come. */
#include "ctl/sessions_tell.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

enum { MODE_SOCKET = 0600 };

struct sessions_reader {
	struct sessions_tell *tell;
	uv_poll_t poll;
	int fd;
	unsigned int place; /* in tell->reader */
	__u32 next;         /* peer whose first line is to come; of those before it changes are told */
	bool complete;      /* all first lines are written */
	bool waits;         /* for the socket to take more */
	size_t from, to;    /* what of the backlog has yet to go out */
	char backlog[SESSIONS_TELL_BACKLOG];
};

const char *sessions_keeper_name(enum sessions_keeper keeper)
{
	return keeper == SESSIONS_SERVE ? "serve" : "up";
}

void sessions_tell_path(char path[static SESSIONS_TELL_PATH], const char *socket, enum sessions_keeper keeper)
{
	size_t length = strlen(socket);

	if (length > 5 && !strcmp(socket + length - 5, ".sock"))
		length -= 5;
	snprintf(path, SESSIONS_TELL_PATH, "%.*s.sessions.%s", (int)length, socket, sessions_keeper_name(keeper));
}

/* --- readers ------------------------------------------------------------------------- */

static void on_reader_closed(uv_handle_t *handle)
{
	free(handle->data);
}

static void let_go(struct sessions_reader *reader)
{
	reader->tell->reader[reader->place] = NULL;
	uv_poll_stop(&reader->poll);
	uv_close((uv_handle_t *)&reader->poll, on_reader_closed);
	close(reader->fd);
}

static size_t room_of(struct sessions_reader *reader)
{
	if (reader->from) {
		memmove(reader->backlog, reader->backlog + reader->from, reader->to - reader->from);
		reader->to -= reader->from;
		reader->from = 0;
	}
	return sizeof(reader->backlog) - reader->to;
}

static bool append(struct sessions_reader *reader, const char *text, size_t length)
{
	if (sizeof(reader->backlog) - reader->to < length && room_of(reader) < length)
		return false;
	memcpy(reader->backlog + reader->to, text, length);
	reader->to += length;
	return true;
}

static void append_line(struct sessions_reader *reader, const struct sessions_line *line)
{
	char text[SESSIONS_LINE_MOST];

	append(reader, text, sessions_line_write(text, line));
}

static bool is_told(const struct sessions_peer *peer)
{
	return peer->used && (peer->keep || (peer->session && peer->session->state != SESSION_NONE));
}

/* First lines, as many as go out in a turn. */
static void fill(struct sessions_reader *reader)
{
	const struct sessions *sessions = reader->tell->sessions;
	struct sessions_line line;

	for (int looks = 0; looks < SESSIONS_TELL_LOOKS && reader->next < sessions->peers &&
	     reader->to - reader->from < SESSIONS_TELL_TURN; looks++) {
		__u32 peer = reader->next++;

		if (!is_told(&sessions->peer[peer]))
			continue;
		sessions_tell_line(reader->tell, peer, "session", &line);
		append_line(reader, &line);
	}
	if (reader->next < sessions->peers || reader->complete)
		return;
	reader->complete = true;
	sessions_line_init(&line, "complete");
	append_line(reader, &line);
}

static bool send_out(struct sessions_reader *reader)
{
	ssize_t sent = send(reader->fd, reader->backlog + reader->from, reader->to - reader->from,
			    MSG_DONTWAIT | MSG_NOSIGNAL);

	if (sent < 0)
		return errno == EAGAIN || errno == EINTR;
	reader->from += (size_t)sent;
	if (reader->from == reader->to)
		reader->from = reader->to = 0;
	return true;
}

static void on_reader(uv_poll_t *poll, int status, int events);

static void wait_for(struct sessions_reader *reader)
{
	bool waits = !reader->complete || reader->from < reader->to;

	if (waits == reader->waits)
		return;
	reader->waits = waits;
	uv_poll_start(&reader->poll, UV_READABLE | (waits ? UV_WRITABLE : 0), on_reader);
}

/* A reader has nothing to say. false: he has gone. */
static bool hear(const struct sessions_reader *reader)
{
	char nothing[256];
	ssize_t got = recv(reader->fd, nothing, sizeof(nothing), MSG_DONTWAIT);

	return got > 0 || (got < 0 && (errno == EAGAIN || errno == EINTR));
}

static void on_reader(uv_poll_t *poll, int status, int events)
{
	struct sessions_reader *reader = poll->data;

	if (status || ((events & UV_READABLE) && !hear(reader))) {
		let_go(reader);
		return;
	}
	if (!(events & UV_WRITABLE))
		return;
	if (!reader->complete)
		fill(reader);
	if (reader->from < reader->to && !send_out(reader))
		let_go(reader);
	else
		wait_for(reader);
}

/* --- changes ------------------------------------------------------------------------- */

void sessions_tell_changed(struct sessions_tell *tell, __u32 peer)
{
	char text[SESSIONS_LINE_MOST];
	struct sessions_line line;
	size_t length = 0;

	for (unsigned int i = 0; tell->open && i < SESSIONS_TELL_READERS; i++) {
		struct sessions_reader *reader = tell->reader[i];

		if (!reader || (!reader->complete && peer >= reader->next))
			continue;
		if (!length) {
			sessions_tell_line(tell, peer, "changed", &line);
			length = sessions_line_write(text, &line);
		}
		if (append(reader, text, length)) {
			wait_for(reader);
			continue;
		}
		tell->cut++;
		let_go(reader);
	}
}

/* --- the socket ---------------------------------------------------------------------- */

static int free_place(const struct sessions_tell *tell)
{
	for (int i = 0; i < SESSIONS_TELL_READERS; i++)
		if (!tell->reader[i])
			return i;
	return -1;
}

static void turn_away(struct sessions_tell *tell, int fd)
{
	static const char full[] = "{\"event\":\"full\"}\n";

	tell->refused++;
	if (send(fd, full, sizeof(full) - 1, MSG_DONTWAIT | MSG_NOSIGNAL) < 0)
		tell->cut++;
	close(fd);
}

static void let_in(struct sessions_tell *tell, int fd)
{
	int place = free_place(tell);
	struct sessions_reader *reader = place < 0 ? NULL : malloc(sizeof(*reader));

	if (reader && uv_poll_init(tell->loop, &reader->poll, fd)) {
		free(reader);
		reader = NULL;
	}
	if (!reader) {
		turn_away(tell, fd);
		return;
	}
	reader->tell = tell;
	reader->fd = fd;
	reader->place = (unsigned int)place;
	reader->next = 0;
	reader->complete = reader->waits = false;
	reader->from = reader->to = 0;
	reader->poll.data = reader;
	tell->reader[place] = reader;
	wait_for(reader);
}

static void on_connection(uv_poll_t *poll, int status, int events)
{
	struct sessions_tell *tell = poll->data;
	int fd;

	(void)events;
	if (status)
		return;
	fd = accept4(tell->fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	if (fd >= 0)
		let_in(tell, fd);
}

static bool is_answered(const struct sockaddr_un *address)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	bool answered;

	if (fd < 0)
		return true;
	answered = !connect(fd, (const struct sockaddr *)address, sizeof(*address)) || errno == EAGAIN;
	close(fd);
	return answered;
}

/* What stands in the way: a socket left over goes, one that is answered and anything else stays. */
static int make_way(const struct sockaddr_un *address)
{
	struct stat status;

	if (lstat(address->sun_path, &status))
		return errno == ENOENT ? 0 : -errno;
	if (!S_ISSOCK(status.st_mode))
		return -EEXIST;
	if (is_answered(address))
		return -EADDRINUSE;
	return unlink(address->sun_path) ? -errno : 0;
}

static int listen_at(int fd, const struct sockaddr_un *address)
{
	mode_t before = umask(0777 & ~MODE_SOCKET);
	int error = bind(fd, (const struct sockaddr *)address, sizeof(*address)) ? -errno : 0;

	umask(before);
	if (error)
		return error;
	if (!listen(fd, SESSIONS_TELL_READERS))
		return 0;
	error = -errno;
	unlink(address->sun_path);
	return error;
}

/* A socket that listens there, and which of all it is. Its descriptor, or -errno. */
static int open_socket(struct sessions_tell *tell)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	struct stat made;
	int fd, error;

	memcpy(address.sun_path, tell->path, strlen(tell->path) + 1);
	error = make_way(&address);
	if (error)
		return error;
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return -errno;
	error = listen_at(fd, &address);
	if (!error && lstat(tell->path, &made))
		error = -errno;
	if (error) {
		close(fd);
		return error;
	}
	tell->device = made.st_dev;
	tell->inode = made.st_ino;
	return fd;
}

static bool is_there(const struct sessions_tell *tell)
{
	struct stat there;

	return !lstat(tell->path, &there) && there.st_dev == tell->device && there.st_ino == tell->inode;
}

static int why_not(const struct sessions_tell *tell, int error, char why[static SAY_BYTES])
{
	if (error == -EADDRINUSE)
		return say_why(why, error, "another process keeps the sessions of %s", tell->path);
	return say_why(why, error, "cannot listen at %s: %s", tell->path, strerror(-error));
}

int sessions_tell_open(struct sessions_tell *tell, struct sessions *sessions, uv_loop_t *loop, const char *path,
		       char why[static SAY_BYTES])
{
	int error;

	*tell = (struct sessions_tell){ .sessions = sessions, .loop = loop, .fd = -1 };
	if (strlen(path) >= sizeof(((struct sockaddr_un *)0)->sun_path))
		return say_why(why, -ENAMETOOLONG, "%s is longer than a socket's path may be", path);
	strcpy(tell->path, path);
	tell->fd = open_socket(tell);
	if (tell->fd < 0)
		return why_not(tell, tell->fd, why);
	error = uv_poll_init(loop, &tell->poll, tell->fd);
	if (error) {
		unlink(path);
		close(tell->fd);
		return why_not(tell, error, why);
	}
	tell->poll.data = tell;
	tell->open = true;
	uv_poll_start(&tell->poll, UV_READABLE, on_connection);
	return 0;
}

/* The new socket takes the number of the old one, which the loop knows. */
int sessions_tell_mind(struct sessions_tell *tell, char why[static SAY_BYTES])
{
	int fd, error;

	if (!tell->open || is_there(tell))
		return 0;
	fd = open_socket(tell);
	if (fd < 0)
		return why_not(tell, fd, why);
	uv_poll_stop(&tell->poll);
	error = dup3(fd, tell->fd, O_CLOEXEC) < 0 ? -errno : 0;
	close(fd);
	uv_poll_start(&tell->poll, UV_READABLE, on_connection);
	return error ? why_not(tell, error, why) : 0;
}

void sessions_tell_close(struct sessions_tell *tell)
{
	if (!tell->open)
		return;
	tell->open = false;
	for (int i = 0; i < SESSIONS_TELL_READERS; i++)
		if (tell->reader[i])
			let_go(tell->reader[i]);
	uv_poll_stop(&tell->poll);
	uv_close((uv_handle_t *)&tell->poll, NULL);
	close(tell->fd);
	if (is_there(tell))
		unlink(tell->path);
}
