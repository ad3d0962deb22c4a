// SPDX-License-Identifier: GPL-2.0-only
/* One request, one answer, over the loader's socket. */
#include "ctl/client.h"

#include <errno.h>
#include <glob.h>
#include <poll.h>
#include <stddef.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "ctl/wanted.h"

#define RUNTIME_DIRECTORY "/run/mayfly"

enum {
	SOON_MS = 2000,      /* before somebody who waits is told */
	ANSWER_SECONDS = 30, /* a node with a large capacity takes a while to fill its maps */
	TOLD_MOST = 16,      /* answers that nobody has waited for, in the socket's buffer */
	DESCRIPTORS = 4,     /* seen with one message: one too many is noticed, and closed */
};

static int put_path(char path[static CLIENT_PATH_BYTES], char why[static SAY_BYTES], const char *directory,
		    const char *name, const char *suffix)
{
	int used = snprintf(path, CLIENT_PATH_BYTES, "%s%s%s%s", directory, *name ? "/" : "", name, suffix);

	return used < CLIENT_PATH_BYTES ? 0 :
	       say_why(why, -ENAMETOOLONG, "the socket's path is longer than %d bytes", CLIENT_PATH_BYTES - 1);
}

/* false: somebody else's, as the page's (mayfly.conf(5), Listen). A loader that has gone may have left one. */
static bool is_loaders(const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	bool other;

	if (fd < 0 || strlen(path) >= sizeof(address.sun_path)) {
		if (fd >= 0)
			close(fd);
		return true;
	}
	strcpy(address.sun_path, path);
	other = connect(fd, (struct sockaddr *)&address, sizeof(address)) && errno == EPROTOTYPE;
	close(fd);
	return !other;
}

/* Theirs first, in order; how many. */
static size_t sort_loaders(const glob_t *found)
{
	size_t count = 0;

	for (size_t i = 0; i < found->gl_pathc; i++) {
		char *path = found->gl_pathv[i];

		if (!is_loaders(path))
			continue;
		found->gl_pathv[i] = found->gl_pathv[count];
		found->gl_pathv[count++] = path;
	}
	return count;
}

static int name_several(const glob_t *found, size_t count, char why[static SAY_BYTES])
{
	size_t used = (size_t)snprintf(why, SAY_BYTES, "several loaders are running, choose one with --socket:");

	for (size_t i = 0; i < count && used < SAY_BYTES; i++)
		used += (size_t)snprintf(why + used, SAY_BYTES - used, " %s", found->gl_pathv[i]);
	return -ENOTUNIQ;
}

static int why_closed(const char *path, char why[static SAY_BYTES])
{
	return say_why(why, -EACCES, "permission denied: %s is closed to this user; run mayflyctl as root or as the "
		       "loader's --user (mayfly)", path);
}

/* The only socket of a loader in the directory. */
static int find_only(char path[static CLIENT_PATH_BYTES], const char *directory, char why[static SAY_BYTES])
{
	char pattern[CLIENT_PATH_BYTES];
	glob_t found = { 0 };
	int error = put_path(pattern, why, directory, "*", ".sock");
	size_t count;

	if (error)
		return error;
	if (access(directory, R_OK | X_OK) && errno == EACCES)
		return why_closed(directory, why);
	count = glob(pattern, 0, NULL, &found) ? 0 : sort_loaders(&found);
	if (!count)
		error = say_why(why, -ENOENT, "no loader is running (no socket of one in %s): "
				"systemctl start mayfly-loader@NIC, or mayfly-loader --interface NIC", directory);
	else if (count > 1)
		error = name_several(&found, count, why);
	else
		error = put_path(path, why, found.gl_pathv[0], "", "");
	globfree(&found);
	return error;
}

int client_find(char path[static CLIENT_PATH_BYTES], const char *given, const char *nic, char why[static SAY_BYTES])
{
	const char *directory = given ? given : RUNTIME_DIRECTORY;
	struct stat status;

	if (given && (stat(given, &status) || !S_ISDIR(status.st_mode)))
		return put_path(path, why, given, "", "");
	return nic ? put_path(path, why, directory, nic, ".sock") : find_only(path, directory, why);
}

/* The interface that the socket is called after; else the word for one. */
static void nic_of(char nic[static MF_DEVICE_BYTES], const char *path)
{
	const char *name = strrchr(path, '/') ? strrchr(path, '/') + 1 : path, *end = strrchr(name, '.');

	if (end && !strcmp(end, ".sock") && end > name && end - name < MF_DEVICE_BYTES)
		snprintf(nic, MF_DEVICE_BYTES, "%.*s", (int)(end - name), name);
	else
		snprintf(nic, MF_DEVICE_BYTES, "NIC");
}

static int why_not_connected(const char *path, int error, char why[static SAY_BYTES])
{
	char nic[MF_DEVICE_BYTES];

	switch (error) {
	case -ENOENT:
	case -ECONNREFUSED:
		nic_of(nic, path);
		return say_why(why, error, "no loader is running at %s: systemctl start mayfly-loader@%s, or "
			       "mayfly-loader --interface %s", path, nic, nic);
	case -EACCES:
	case -EPERM:
		return why_closed(path, why);
	default:
		return say_why(why, error, "cannot connect to %s: %s", path, strerror(-error));
	}
}

void client_be_patient(struct client *client, __u32 seconds)
{
	const struct timeval patience = { .tv_sec = seconds ? seconds : ANSWER_SECONDS };

	client->patience_s = seconds;
	setsockopt(client->fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	setsockopt(client->fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience));
}

int client_open(struct client *client, const char *path, char why[static SAY_BYTES])
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd;

	if (strlen(path) >= sizeof(address.sun_path))
		return say_why(why, -ENAMETOOLONG, "%s is longer than a socket's path may be", path);
	strcpy(address.sun_path, path);
	fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return say_why(why, -errno, "cannot make a socket: %s", strerror(errno));
	if (connect(fd, (struct sockaddr *)&address, sizeof(address))) {
		int error = -errno;

		close(fd);
		return why_not_connected(path, error, why);
	}
	*client = (struct client){ .fd = fd };
	strcpy(client->path, path);
	client_be_patient(client, 0);
	return 0;
}

void client_close(struct client *client)
{
	if (client->fd > 0)
		close(client->fd);
	client->fd = -1;
}

/* Keeps the only descriptor that came with a message; of several, or with some cut off, none. -1: none. */
static int take_descriptor(struct msghdr *header)
{
	int kept = -1, count = 0;

	for (struct cmsghdr *right = CMSG_FIRSTHDR(header); right; right = CMSG_NXTHDR(header, right)) {
		if (right->cmsg_level != SOL_SOCKET || right->cmsg_type != SCM_RIGHTS)
			continue;
		for (size_t at = 0; at + sizeof(int) <= right->cmsg_len - CMSG_LEN(0); at += sizeof(int)) {
			int descriptor;

			memcpy(&descriptor, CMSG_DATA(right) + at, sizeof(descriptor));
			if (count++)
				close(descriptor);
			else
				kept = descriptor;
		}
	}
	if (kept >= 0 && (count > 1 || header->msg_flags & MSG_CTRUNC)) {
		close(kept);
		kept = -1;
	}
	return kept;
}

/* `descriptor`: what came with it, -1: nothing; the caller's to close, also after an error. NULL: none is taken. */
static int receive(struct client *client, struct mf_message *message, int *descriptor, int flags)
{
	_Alignas(struct cmsghdr) char room[CMSG_SPACE(DESCRIPTORS * sizeof(int))];
	struct iovec bytes = { message, sizeof(*message) };
	struct msghdr header = { .msg_iov = &bytes, .msg_iovlen = 1 };
	ssize_t got;

	if (descriptor) {
		header.msg_control = room;
		header.msg_controllen = sizeof(room);
	}
	got = recvmsg(client->fd, &header, MSG_TRUNC | MSG_CMSG_CLOEXEC | flags);
	if (descriptor)
		*descriptor = got < 0 ? -1 : take_descriptor(&header);
	if (got < 0)
		return errno == EAGAIN && !(flags & MSG_DONTWAIT) ? -ETIMEDOUT : -errno;
	if (!got)
		return -ECONNRESET;
	if (got != sizeof(*message) || message->version != MF_CONTROL_VERSION)
		return -EPROTO;
	return 0;
}

static void drop_descriptor(int *descriptor)
{
	if (descriptor && *descriptor >= 0)
		close(*descriptor);
	if (descriptor)
		*descriptor = -1;
}

static int send_message(struct client *client, struct mf_message *message, int flags)
{
	message->version = MF_CONTROL_VERSION;
	message->sequence = ++client->sequence;
	return send(client->fd, message, sizeof(*message), MSG_NOSIGNAL | flags) < 0 ? -errno : 0;
}

/* A person who waits is told for what. */
static bool tell_wait(const struct client *client)
{
	struct pollfd answer = { .fd = client->fd, .events = POLLIN };

	if (client->patience_s || poll(&answer, 1, SOON_MS))
		return false;
	say_progress("waiting for mayfly-loader at %s to answer", client->path);
	return true;
}

/* What somebody was told, and nobody has waited for, is passed over. */
static int receive_answer(struct client *client, __u32 sequence, struct mf_message *message, int *descriptor, int flags)
{
	bool told = !(flags & MSG_DONTWAIT) && tell_wait(client);
	int error;

	do {
		drop_descriptor(descriptor);
		error = receive(client, message, descriptor, flags);
	} while (!error && (message->type == MF_EVENT || message->sequence != sequence));
	if (told)
		say_over(STDERR_FILENO);
	return error;
}

static int judge(const struct mf_message *answer, __u16 type)
{
	if (answer->refusal)
		return -EREMOTEIO;
	return answer->type == type ? 0 : -EPROTO;
}

/* The oldest question's answer; an error is every question's. false: it has not come yet. */
static bool answer_oldest(struct client *client, int flags)
{
	struct client_question *oldest = client->questions;
	int error = receive_answer(client, oldest->sequence, oldest->message, NULL, flags);

	if (error == -EAGAIN && flags & MSG_DONTWAIT)
		return false;
	oldest->error = error ? error : judge(oldest->message, oldest->type);
	client->heard = error ? client->heard : oldest->told;
	client->questions = oldest->next;
	while (error && client->questions) {
		client->questions->error = error;
		client->questions = client->questions->next;
	}
	return true;
}

static int ask(struct client *client, struct mf_message *message, int *descriptor)
{
	__u16 type = message->type;
	int error = send_message(client, message, 0);
	__u32 sequence = client->sequence;

	while (client->questions)
		answer_oldest(client, 0);
	if (!error)
		error = receive_answer(client, sequence, message, descriptor, 0);
	if (error)
		return error;
	client->heard = client->told;
	return judge(message, type);
}

int client_begin(struct client *client, struct client_question *question)
{
	struct client_question **last = &client->questions;
	int error;

	question->type = question->message->type;
	error = send_message(client, question->message, MSG_DONTWAIT);
	if (error)
		return error;
	question->sequence = client->sequence;
	question->told = client->told;
	question->error = -EINPROGRESS;
	question->next = NULL;
	while (*last)
		last = &(*last)->next;
	*last = question;
	return 0;
}

int client_wait(struct client *client, struct client_question *question)
{
	while (question->error == -EINPROGRESS)
		answer_oldest(client, 0);
	return question->error;
}

void client_look(struct client *client)
{
	while (client->questions && answer_oldest(client, MSG_DONTWAIT))
		;
}

int client_ask(struct client *client, struct mf_message *message)
{
	return ask(client, message, NULL);
}

bool client_is_lost(int error)
{
	return error == -EPIPE || error == -ECONNRESET || error == -ENOTCONN || error == -EBADF;
}

int client_ask_again(struct client *client, struct mf_message *message)
{
	char path[CLIENT_PATH_BYTES], why[SAY_BYTES];
	__u32 patience_s = client->patience_s, connections = client->connections;
	int error = client_ask(client, message);

	if (!client_is_lost(error))
		return error;
	memcpy(path, client->path, sizeof(path));
	client_close(client);
	if (client_open(client, path, why))
		return error;
	client->connections = connections + 1;
	client_be_patient(client, patience_s);
	return client_ask(client, message);
}

int client_tell(struct client *client, struct mf_message *message)
{
	if (client->told - client->heard >= TOLD_MOST)
		return client_ask_again(client, message);
	if (send_message(client, message, MSG_DONTWAIT))
		return client_ask_again(client, message);
	client->told++;
	return 0;
}

int client_next_event(struct client *client, struct mf_event *event)
{
	struct mf_message message;
	int error;

	do {
		error = receive(client, &message, NULL, 0);
	} while (error == -ETIMEDOUT || (!error && message.type != MF_EVENT));
	if (!error)
		*event = message.event;
	return error;
}

int client_take_event(struct client *client, struct mf_event *event)
{
	struct mf_message message;
	int error;

	do {
		error = receive(client, &message, NULL, MSG_DONTWAIT);
	} while (!error && message.type != MF_EVENT);
	if (!error)
		*event = message.event;
	return error;
}

/* What the interface is, and what to name instead. */
static const char *unfit_words(unsigned int unfit)
{
	static const char *const words[] = {
		[MF_UNFIT_PORT] = "it is a port of a bridge, bond or Open vSwitch: name that as Interface, or take the port out of it",
		[MF_UNFIT_MACVLAN] = "it is a macvlan itself: name the interface below it, or a veth",
		[MF_UNFIT_NO_ETHERNET] = "it has no Ethernet (as lo, tun, ppp and WireGuard): name the interface that its packets "
			"leave by, or a veth",
		[MF_UNFIT_MTU] = "its MTU is below the 1280 bytes that IPv6 takes: ip link set dev INTERFACE mtu 1500, if its "
			"network can",
	};

	return unfit < sizeof(words) / sizeof(*words) && words[unfit] ? words[unfit] : "the loader's log says why";
}

static int why_refused(unsigned int type, const struct mf_message *answer, char why[static SAY_BYTES])
{
	const char *name = mf_refusal_name(answer->refusal);
	const char *asked = wanted_type_name(type);

	switch (answer->refusal) {
	case MF_REFUSED_VERSION:
	case MF_REFUSED_SIZE:
	case MF_REFUSED_TYPE:
	case MF_REFUSED_UNSUPPORTED:
		return say_why(why, -EREMOTEIO, "mayfly-loader refused to %s: %s; install mayflyctl and "
			       "mayfly-loader of the same version and restart the loader", asked, name);
	case MF_REFUSED_PEER:
		return say_why(why, -EREMOTEIO, "mayfly-loader refused to %s: %s; run mayflyctl as root or as the "
			       "loader's --user", asked, name);
	case MF_REFUSED_VALUE:
		return say_why(why, -EREMOTEIO, "mayfly-loader refused to %s: %s: %s", asked, name,
			       wanted_field_name(type, answer->field));
	case MF_REFUSED_FULL:
		return say_why(why, -EREMOTEIO, "mayfly-loader refused to %s: %s; raise Capacity, then mayflyctl down "
			       "and up", asked, name);
	case MF_REFUSED_INTERFACE:
		return say_why(why, -EREMOTEIO, "mayfly-loader refused to %s: %s: %s", asked, name,
			       unfit_words(answer->field));
	case MF_REFUSED_SYSTEM:
		return say_why(why, -EREMOTEIO, "mayfly-loader failed to %s: %s; its log says more "
			       "(journalctl -u 'mayfly-loader@*')", asked,
			       strerror(answer->error < 0 ? -answer->error : answer->error));
	default:
		return say_why(why, -EREMOTEIO, "mayfly-loader refused to %s: %s", asked, name);
	}
}

int client_why(const struct client *client, int error, unsigned int type, const struct mf_message *answer,
	       char why[static SAY_BYTES])
{
	switch (error) {
	case -EREMOTEIO:
		return why_refused(type, answer, why);
	case -ETIMEDOUT:
		return say_why(why, error, "mayfly-loader at %s does not answer: is it stopped or overloaded?",
			       client->path);
	case -EPROTO:
		return say_why(why, error, "what answers at %s does not speak version %d of the control protocol: "
			       "install mayflyctl and mayfly-loader of the same version", client->path,
			       MF_CONTROL_VERSION);
	case -EPIPE:
	case -ECONNRESET:
		return say_why(why, error, "mayfly-loader at %s closed the connection: its log says why",
			       client->path);
	default:
		return say_why(why, error, "talking to mayfly-loader at %s: %s", client->path, strerror(-error));
	}
}

int client_get_socket(struct client *client, char why[static SAY_BYTES])
{
	struct mf_message message = { .type = MF_SOCKET_GET };
	int descriptor = -1, error = ask(client, &message, &descriptor);

	if (!error && descriptor < 0)
		error = -EPROTO;
	if (!error)
		return descriptor;
	drop_descriptor(&descriptor);
	return client_why(client, error, MF_SOCKET_GET, &message, why);
}
