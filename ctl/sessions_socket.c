// SPDX-License-Identifier: GPL-2.0-only
/*
 * Session messages on their way: three raw sockets of next header 254 that the loader hands out, bound to where others ask
 * this end, to where this end asks others, and to the stable address, inside sessions. Who sent a message is said by its inner source, which the data plane has
 * checked; nothing else of it is believed here.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <sodium.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "ctl/identity.h"
#include "ctl/sessions_parts.h"

/* Finds out where a request has come from: only then it is worth a key agreement. */
static int find_way(struct sessions *sessions, __u32 number, const __u8 *message, bool by_introduction,
		    struct session_way *way)
{
	struct session_header header;
	int error;

	*way = (struct session_way){ 0 };
	if (!by_introduction)
		return 0;
	if (!sessions->settings.owner->introduction ||
	    session_header_read(message, SESSION_REQUEST_BYTES, &header))
		return -ENOENT;
	error = sessions_loader_find(sessions, number, &way->period, way->prefix);
	if (!error && way->period != header.number)
		error = -ESTALE;
	return error ? error : sessions->settings.owner->introduction(sessions->settings.context, way->period, way->key);
}

static void take(struct sessions *sessions, bool by_introduction, __u32 number, const __u8 *message, size_t bytes)
{
	struct session *session = sessions_of(sessions, number);
	enum session_look look;
	struct session_actions actions = { 0 };
	struct session_chance chance;
	struct session_way way;

	if (!session)
		return;
	if (!by_introduction)
		sessions->peer[number].heard++;
	look = session_look(session, message, bytes, sessions_now_ms());
	if (look != SESSION_LOOK_DROP &&
	    (look != SESSION_LOOK_COSTLY || !find_way(sessions, number, message, by_introduction, &way))) {
		sessions_chance(&chance);
		session_receive(session, by_introduction, look == SESSION_LOOK_COSTLY ? &way : NULL, message, bytes,
				sessions_now_ms(), &chance, &actions);
		sodium_memzero(&chance, sizeof(chance));
	}
	sodium_memzero(&way, sizeof(way));
	sessions_carry_out(sessions, number, &actions);
}

static enum sessions_place place_of(const struct sessions_socket *socket)
{
	return (enum sessions_place)(socket - socket->sessions->socket);
}

/* Whose address this is, at this place. */
static const __u32 *peer_of(const struct sessions *sessions, enum sessions_place place, const __u8 address[static 16])
{
	switch (place) {
	case SESSIONS_ASKED: return mf_table_find(&sessions->by_visitor, address);
	case SESSIONS_ASKING: return mf_table_find(&sessions->by_introduction, address);
	default: return mf_table_find(&sessions->by_inner, address);
	}
}

/* false: nothing waits any more. */
static bool receive_one(const struct sessions_socket *socket)
{
	struct sessions *sessions = socket->sessions;
	struct sockaddr_in6 from;
	socklen_t size = sizeof(from);
	__u8 message[SESSION_MESSAGE_MOST + 1];
	ssize_t bytes = recvfrom(socket->fd, message, sizeof(message), MSG_DONTWAIT | MSG_TRUNC, (struct sockaddr *)&from,
				 &size);
	const __u32 *number;

	if (bytes < 0)
		return errno == EINTR || errno == ECONNREFUSED;
	number = peer_of(sessions, place_of(socket), from.sin6_addr.s6_addr);
	if (!number || bytes > SESSION_MESSAGE_MOST)
		sessions->dropped++;
	else
		take(sessions, place_of(socket) != SESSIONS_INSIDE, *number, message, (size_t)bytes);
	return true;
}

static void on_readable(uv_poll_t *poll, int status, int events)
{
	const struct sessions_socket *socket = poll->data;

	(void)events;
	for (int i = 0; !status && i < SESSIONS_BATCH; i++)
		if (!receive_one(socket))
			break;
}

static int bind_to(int fd, const __u8 address[static 16])
{
	struct sockaddr_in6 to = { .sin6_family = AF_INET6 };
	const int on = 1;

	memcpy(to.sin6_addr.s6_addr, address, 16);
	if (setsockopt(fd, IPPROTO_IPV6, IPV6_FREEBIND, &on, sizeof(on)) ||
	    bind(fd, (const struct sockaddr *)&to, sizeof(to)))
		return -errno;
	return 0;
}

int sessions_socket_open(struct sessions *sessions, enum sessions_place place, char why[static SAY_BYTES])
{
	const __u8 *address[] = { sessions->introduction, sessions->visitor, sessions->inner };
	struct sessions_socket *socket = &sessions->socket[place];
	int error;

	socket->sessions = sessions;
	socket->fd = client_get_socket(sessions->settings.loader, why);
	if (socket->fd < 0)
		return socket->fd;
	error = bind_to(socket->fd, address[place]);
	if (!error)
		error = uv_poll_init(sessions->settings.loop, &socket->poll, socket->fd);
	if (error) {
		close(socket->fd);
		socket->fd = -1;
		return say_why(why, error, "the socket for session messages: %s", strerror(-error));
	}
	socket->poll.data = socket;
	uv_poll_start(&socket->poll, UV_READABLE, on_readable);
	return 0;
}

static void on_closed(uv_handle_t *handle)
{
	(void)handle;
}

void sessions_socket_close(struct sessions_socket *socket)
{
	if (socket->fd < 0)
		return;
	uv_poll_stop(&socket->poll);
	uv_close((uv_handle_t *)&socket->poll, on_closed);
	close(socket->fd);
	socket->fd = -1;
}

static enum sessions_place way_out(const struct session_action *action)
{
	if (!action->by_introduction)
		return SESSIONS_INSIDE;
	return action->message[0] == SESSION_REQUEST ? SESSIONS_ASKING : SESSIONS_ASKED;
}

/* A message that does not go out is a lost one: the engine says it again. */
void sessions_socket_send(const struct sessions *sessions, __u32 number, const struct session_action *action)
{
	static void (*const address_of[])(__u8 *, const __u8 *) = { identity_visitor, identity_introduction,
								     identity_address };
	enum sessions_place place = way_out(action);
	struct sockaddr_in6 to = { .sin6_family = AF_INET6 };

	if (place == SESSIONS_INSIDE)
		sessions->peer[number].said++;
	address_of[place](to.sin6_addr.s6_addr, sessions->peer[number].public_key);
	if (sendto(sessions->socket[place].fd, action->message, action->bytes, MSG_DONTWAIT | MSG_NOSIGNAL,
		   (const struct sockaddr *)&to, sizeof(to)) < 0)
		return;
}
