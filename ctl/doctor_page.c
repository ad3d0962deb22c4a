// SPDX-License-Identifier: GPL-2.0-only
/* doctor on Listen: whether the page could be there; where somebody keeps sessions, whether it is this node's that answers. */
#include <arpa/inet.h>
#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "ctl/doctor.h"
#include "ctl/keeper_lock.h"
#include "ctl/page.h"
#include "ctl/sessions.h"

enum { PATIENCE_MS = 1000, ANSWER_MOST_MS = 3000, ANSWER_MOST = 1 << 20, PIECE_BYTES = 8192 };

/* Who answers there. */
enum answer { ANSWER_OURS, ANSWER_OF_OTHERS, ANSWER_NONE, ANSWER_REFUSED };

static int connect_to(const struct config_listen *to)
{
	bool local = to->kind == CONFIG_LISTEN_UNIX;
	int fd = socket(local ? AF_UNIX : AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0), error;
	const struct timeval patience = { .tv_sec = PATIENCE_MS / 1000 };
	struct sockaddr_in6 inet = { .sin6_family = AF_INET6, .sin6_port = htons(to->port) };
	struct sockaddr_un path = { .sun_family = AF_UNIX };

	if (fd < 0)
		return -errno;
	memcpy(&inet.sin6_addr, to->address, sizeof(inet.sin6_addr));
	strcpy(path.sun_path, to->path);
	setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof(patience)); /* for connect(2), too */
	error = local ? connect(fd, (const struct sockaddr *)&path, sizeof(path)) :
		connect(fd, (const struct sockaddr *)&inet, sizeof(inet));
	if (!error)
		return fd;
	error = -errno;
	close(fd);
	return error;
}

/* Whether the words come; they may be cut anywhere, so that the end of one piece stands before the next. */
static enum answer hear(int fd, const char *words)
{
	struct pollfd ready = { .fd = fd, .events = POLLIN };
	size_t kept = 0, heard = 0, length = strlen(words);
	__u64 begun_ms = sessions_now_ms();
	char text[PIECE_BYTES];

	while (heard < ANSWER_MOST && sessions_now_ms() - begun_ms < ANSWER_MOST_MS && poll(&ready, 1, PATIENCE_MS) > 0) {
		ssize_t got = recv(fd, text + kept, PIECE_BYTES - kept, MSG_DONTWAIT);

		if (got <= 0)
			break;
		heard += (size_t)got;
		kept += (size_t)got;
		if (memmem(text, kept, words, length))
			return ANSWER_OURS;
		if (kept >= length) {
			memmove(text, text + kept - length, length);
			kept = length;
		}
	}
	return heard ? ANSWER_OF_OTHERS : ANSWER_NONE;
}

static enum answer ask(int fd, const char *nic)
{
	static const char request[] = "GET /metrics HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
	char words[MF_DEVICE_BYTES + 16];

	snprintf(words, sizeof(words), "interface=\"%s\"", nic);
	return send(fd, request, sizeof(request) - 1, MSG_NOSIGNAL) < 0 ? ANSWER_NONE : hear(fd, words);
}

/* Somebody keeps sessions, and should have the page. */
static void check_answer(struct doctor *doctor, const struct config_listen *listen)
{
	int fd = connect_to(listen);
	enum answer answer = fd < 0 ? ANSWER_REFUSED : ask(fd, doctor->nic);

	if (fd >= 0)
		close(fd);
	if (fd == -EACCES || fd == -EPERM)
		return; /* not for this user to ask */
	if (answer == ANSWER_OURS)
		doctor_say(doctor, DOCTOR_OK, NULL, "the page answers at %s", listen->text);
	else if (answer == ANSWER_NONE)
		doctor_say(doctor, DOCTOR_WARN, "the page has 64 connections at most, and 24 of one address", "nothing is said at %s",
			   listen->text);
	else if (answer == ANSWER_REFUSED)
		doctor_say(doctor, DOCTOR_FAIL, "Listen is read when mayflyctl up or serve starts, whose log says why there is none: "
			   "systemctl restart it, or mayflyctl down and up", "no page at %s: %s", listen->text, strerror(-fd));
	else
		doctor_say(doctor, DOCTOR_FAIL, "give Listen a port or path of its own", "somebody else answers at %s: there is no page "
			   "of %s", listen->text, doctor->nic);
}

/* The node's own addresses come with its device. */
static bool comes_with_node(const struct config_node *node)
{
	for (unsigned int i = 0; i < node->addresses.count; i++)
		if (!memcmp(node->addresses.prefix[i].address, node->listen.address, sizeof(node->listen.address)))
			return true;
	return false;
}

static bool somebody_keeps(const struct doctor *doctor)
{
	const char *socket = doctor->state && doctor->state->node.attached ? doctor->state->socket : "";

	return *socket && (keeper_of(socket, SESSIONS_UP) != KEEPER_NOBODY || keeper_of(socket, SESSIONS_SERVE) != KEEPER_NOBODY);
}

void doctor_check_page(struct doctor *doctor)
{
	const struct config_listen *listen = doctor->config ? &doctor->config->node.listen : NULL;
	char why[SAY_BYTES];

	if (!listen || listen->kind == CONFIG_LISTEN_NOWHERE)
		return;
	if (!page_is_here(listen) && !comes_with_node(&doctor->config->node))
		doctor_say(doctor, DOCTOR_WARN, "Listen = an address that ip addr lists, such as [::1]:9808",
			   "Listen = %s is no address of this host: nobody reaches the page while it is not", listen->text);
	else if (page_is_here(listen) && somebody_keeps(doctor))
		check_answer(doctor, listen);
	else if (page_try(listen, why))
		doctor_say(doctor, DOCTOR_FAIL, NULL, "%s", why);
}
