// SPDX-License-Identifier: GPL-2.0-only
/*
 * SOCK_SEQPACKET, struct mf_message both ways, SO_PEERCRED. A client that does not read its answers is not read.
 * A socket for session messages is made here, and goes with its answer however long that waits.
 */
#include "loader/control_socket.h"

#include <errno.h>
#include <libgen.h>
#include <linux/filter.h>
#include <netinet/in.h>
#include <netinet/ip6.h>
#include <sodium.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "loader/log.h"

enum {
	MODE_DIRECTORY = 01755, /* the sticky bit says that we made it, see loader/pins.c */
	MODE_SOCKET = 0600,
	ROOM_BYTES = 4 << 20, /* of a socket for session messages, each way: thousands of clients may ask at once */
};

static int directory_make(const char *path)
{
	char copy[MF_PATH_BYTES];
	const char *directory;

	snprintf(copy, sizeof(copy), "%s", path);
	directory = dirname(copy);
	if (!access(directory, F_OK))
		return 0;
	if (mkdir(directory, 0755) || chmod(directory, MODE_DIRECTORY))
		return -errno;
	return 0;
}

static void directory_remove(const char *path)
{
	char copy[MF_PATH_BYTES];
	const char *directory;
	struct stat status;

	snprintf(copy, sizeof(copy), "%s", path);
	directory = dirname(copy);
	if (!stat(directory, &status) && (status.st_mode & 07777) == MODE_DIRECTORY)
		rmdir(directory);
}

/* Is somebody listening there? */
static int is_answered(const struct sockaddr_un *address)
{
	int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0), answered;

	if (fd < 0)
		return 0;
	answered = !connect(fd, (const struct sockaddr *)address, sizeof(*address)) || errno == EAGAIN;
	close(fd);
	return answered;
}

/* Connecting takes the right to write: the owner's and root's alone. `gives`: to the user, which takes CAP_CHOWN. */
static int listen_at(int fd, const struct sockaddr_un *address, uid_t user, int gives)
{
	mode_t before = umask(0177);
	int error = bind(fd, (const struct sockaddr *)address, sizeof(*address)) ? -errno : 0;

	umask(before);
	if (error)
		return error;
	if (chmod(address->sun_path, MODE_SOCKET) || (gives && chown(address->sun_path, user, (gid_t)-1)) ||
	    listen(fd, MF_CONNECTIONS))
		error = -errno;
	if (error)
		unlink(address->sun_path);
	return error;
}

/* A socket that listens at the path, and which of all it is. */
static int listener_open(struct mf_control *control, int gives)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	struct stat made;
	int fd, error;

	strcpy(address.sun_path, control->path);
	error = directory_make(control->path);
	if (error)
		return error;
	if (is_answered(&address))
		return -EADDRINUSE;
	unlink(control->path);
	fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (fd < 0)
		return -errno;
	error = listen_at(fd, &address, control->user, gives);
	if (!error && lstat(control->path, &made))
		error = -errno;
	if (error) {
		close(fd);
		return error;
	}
	control->device = made.st_dev;
	control->inode = made.st_ino;
	return fd;
}

int mf_control_open(struct mf_control *control, const struct mf_options *options,
		    const struct mf_request_target *target, void *context)
{
	int fd;

	memset(control, 0, sizeof(*control));
	control->fd = -1;
	control->user = options->user;
	control->target = target;
	control->context = context;
	for (int i = 0; i < MF_CONNECTIONS; i++)
		control->connection[i].fd = control->connection[i].given = -1;
	if (strlen(options->socket) >= sizeof(((struct sockaddr_un *)0)->sun_path))
		return -ENAMETOOLONG;
	snprintf(control->path, sizeof(control->path), "%s", options->socket);
	fd = listener_open(control, 1);
	if (fd < 0)
		return fd;
	control->fd = fd;
	return 0;
}

int mf_control_stands(const struct mf_control *control)
{
	struct stat there;

	return !lstat(control->path, &there) && there.st_dev == control->device && there.st_ino == control->inode;
}

int mf_control_renew(struct mf_control *control)
{
	int fd = listener_open(control, 0);

	if (fd < 0)
		return fd;
	close(control->fd);
	control->fd = fd;
	return 0;
}

static void given_close(struct mf_connection *connection)
{
	if (connection->given >= 0)
		close(connection->given);
	connection->given = -1;
}

static void connection_close(struct mf_connection *connection)
{
	if (connection->fd >= 0)
		close(connection->fd);
	given_close(connection);
	sodium_memzero(connection, sizeof(*connection));
	connection->fd = connection->given = -1;
}

void mf_control_close(struct mf_control *control)
{
	for (int i = 0; i < MF_CONNECTIONS; i++)
		connection_close(&control->connection[i]);
	if (control->fd >= 0) {
		close(control->fd);
		if (mf_control_stands(control))
			unlink(control->path);
		directory_remove(control->path);
	}
	control->fd = -1;
}

static int is_allowed(const struct mf_control *control, int fd)
{
	struct ucred peer;
	socklen_t bytes = sizeof(peer);

	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &bytes))
		return 0;
	return peer.uid == 0 || peer.uid == control->user;
}

int mf_control_accept(struct mf_control *control)
{
	int fd = accept4(control->fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

	if (fd < 0)
		return -errno;
	for (int i = 0; i < MF_CONNECTIONS; i++) {
		struct mf_connection *connection = &control->connection[i];

		if (connection->fd >= 0)
			continue;
		connection->fd = fd;
		connection->refused = !is_allowed(control, fd);
		return i;
	}
	close(fd);
	return -EMFILE;
}

/* Has the header carry a descriptor, in `room` (unix(7), SCM_RIGHTS). */
static void descriptor_attach(struct msghdr *header, void *room, size_t bytes, int descriptor)
{
	struct cmsghdr *right;

	memset(room, 0, bytes);
	header->msg_control = room;
	header->msg_controllen = bytes;
	right = CMSG_FIRSTHDR(header);
	right->cmsg_level = SOL_SOCKET;
	right->cmsg_type = SCM_RIGHTS;
	right->cmsg_len = CMSG_LEN(sizeof(descriptor));
	memcpy(CMSG_DATA(right), &descriptor, sizeof(descriptor));
}

/* With a descriptor, unless -1. 0: sent; 1: no room yet; -1: the other end is gone. */
static int message_send(int fd, const struct mf_message *message, int descriptor)
{
	_Alignas(struct cmsghdr) char room[CMSG_SPACE(sizeof(descriptor))];
	struct iovec bytes = { (void *)message, sizeof(*message) };
	struct msghdr header = { .msg_iov = &bytes, .msg_iovlen = 1 };
	ssize_t sent;

	if (descriptor >= 0)
		descriptor_attach(&header, room, sizeof(room), descriptor);
	sent = sendmsg(fd, &header, MSG_NOSIGNAL | MSG_DONTWAIT);

	if (sent == (ssize_t)sizeof(*message))
		return 0;
	return sent < 0 && (errno == EAGAIN || errno == ENOBUFS) ? 1 : -1;
}

/* 1: go on; 0: wait; -1: close. */
static int answer_send(struct mf_connection *connection)
{
	int rc = message_send(connection->fd, &connection->answer, connection->given);

	connection->waiting = rc > 0;
	if (!connection->waiting)
		given_close(connection);
	if (rc < 0)
		return -1;
	return rc == 0;
}

/* Behind extension headers a session message would pass by its budget (bpf/decap.h): there it is none. */
static int filter_set(int fd)
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_B | BPF_ABS, (__u32)SKF_NET_OFF + (__u32)offsetof(struct ip6_hdr, ip6_nxt)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, MF_NEXT_CONTROL, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, ~0U),
		BPF_STMT(BPF_RET | BPF_K, 0),
	};
	struct sock_fprog program = { sizeof(code) / sizeof(code[0]), code };

	return setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof(program));
}

/*
 * Session messages as they come out of associations, and into them; its reader may be busy for a while. Without the
 * device they must not leave by another interface, where everybody could see who asks whom.
 */
static int session_socket(int device)
{
	int fd = socket(AF_INET6, SOCK_RAW | SOCK_CLOEXEC | SOCK_NONBLOCK, MF_NEXT_CONTROL), room = ROOM_BYTES, error;

	if (fd < 0)
		return -errno;
	if (!setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &room, sizeof(room)) &&
	    !setsockopt(fd, SOL_SOCKET, SO_SNDBUFFORCE, &room, sizeof(room)) &&
	    !setsockopt(fd, SOL_SOCKET, SO_BINDTOIFINDEX, &device, sizeof(device)) && !filter_set(fd))
		return fd;
	error = -errno;
	close(fd);
	return error;
}

static void socket_give(const struct mf_control *control, struct mf_connection *connection)
{
	int device = control->target->device(control->context);
	int fd = device ? session_socket(device) : -ENODEV;

	if (!device)
		mf_request_refuse(&connection->answer, MF_REFUSED_NO_NODE);
	else if (fd < 0)
		mf_request_refuse_error(&connection->answer, fd);
	else
		connection->given = fd;
}

static void request_take(struct mf_control *control, struct mf_connection *connection, size_t bytes)
{
	switch (mf_request_answer(control->target, control->context, &control->message, bytes, &connection->answer)) {
	case MF_WANTS_EVENTS:
		connection->subscribed = 1;
		break;
	case MF_WANTS_SOCKET:
		socket_give(control, connection);
		break;
	case MF_WANTS_NOTHING:
		break;
	}
}

/* A message that does not fit is cut by the kernel, but its real length is told. */
static int message_answer(struct mf_control *control, struct mf_connection *connection)
{
	struct mf_message *message = &control->message;
	ssize_t bytes = recv(connection->fd, message, sizeof(*message), MSG_DONTWAIT | MSG_TRUNC);

	if (bytes < 0)
		return errno == EAGAIN || errno == EINTR ? 0 : -1;
	if (bytes == 0)
		return -1;
	if (connection->refused) {
		memset(&connection->answer, 0, sizeof(connection->answer));
		connection->answer.version = MF_CONTROL_VERSION;
		connection->answer.refusal = MF_REFUSED_PEER;
	} else {
		request_take(control, connection, (size_t)bytes);
	}
	sodium_memzero(message, sizeof(*message));
	return answer_send(connection);
}

int mf_control_serve(struct mf_control *control, int place)
{
	struct mf_connection *connection = &control->connection[place];
	int rc = 1;

	if (connection->fd < 0)
		return 0;
	if (connection->waiting)
		rc = answer_send(connection);
	for (int i = 0; rc > 0 && i < MF_MESSAGES_PER_TURN; i++) {
		rc = message_answer(control, connection);
		if (rc > 0 && connection->refused)
			rc = -1;
	}
	if (rc < 0)
		connection_close(connection);
	return rc > 0;
}

int mf_control_waits(const struct mf_control *control, int place)
{
	return control->connection[place].waiting;
}

void mf_control_tell(struct mf_control *control, const struct mf_event *event)
{
	struct mf_message message = { .version = MF_CONTROL_VERSION, .type = MF_EVENT, .event = *event };

	for (int i = 0; i < MF_CONNECTIONS; i++) {
		struct mf_connection *connection = &control->connection[i];

		if (connection->fd >= 0 && connection->subscribed && !connection->waiting)
			message_send(connection->fd, &message, -1);
	}
}
