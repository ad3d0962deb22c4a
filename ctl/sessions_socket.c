// SPDX-License-Identifier: GPL-2.0-only
/*
 * Session messages on their way: three raw sockets of next header 254 that the loader hands out, bound to where others ask
 * this end, to where this end asks others, and to the stable address, inside sessions. Who sent a message is said by its
 * inner source, which the data plane has checked; nothing else of it is believed here.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <sodium.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "ctl/identity.h"
#include "ctl/sessions_parts.h"

/* A message as it came, and what the loader has been asked about it. */
struct arrival {
	struct sockaddr_in6 from;
	__u8 message[SESSION_MESSAGE_MOST + 1];
	size_t bytes;
	__u64 waited_ms; /* in the socket */
	int number; /* of the peer, or SESSIONS_NONE */
	bool asked;
	struct client_question question;
	struct mf_message answer;
};

/* Finds out where a request has come from: only then it is worth a key agreement. */
static int find_way(struct sessions *sessions, struct arrival *arrival, bool by_introduction, struct session_way *way)
{
	const struct static_peer *fixed = sessions->peer[arrival->number].fixed;
	struct session_header header;
	int error;

	*way = (struct session_way){ 0 };
	if (!by_introduction)
		return 0;
	if (fixed) {
		sessions_static_way(fixed, way);
		return 0;
	}
	if (!sessions->settings.owner->introduction ||
	    session_header_read(arrival->message, SESSION_REQUEST_BYTES, &header))
		return -ENOENT;
	if (arrival->asked)
		error = sessions_loader_found(sessions, &arrival->question, &way->period, way->prefix);
	else
		error = sessions_loader_find(sessions, (__u32)arrival->number, &way->period, way->prefix);
	if (!error && way->period != header.number)
		error = -ESTALE;
	return error ? error : sessions->settings.owner->introduction(sessions->settings.context, way->period, way->key);
}

static void take(struct sessions *sessions, bool by_introduction, struct arrival *arrival)
{
	__u32 number = (__u32)arrival->number;
	struct session *session;
	enum session_look look;
	struct session_actions actions = { 0 };
	struct session_chance chance;
	struct session_way way;

	sessions_add_for(sessions, number);
	session = sessions_of(sessions, number);
	if (!session)
		return;
	if (!by_introduction)
		sessions->peer[number].heard++;
	look = session_look(session, arrival->message, arrival->bytes, sessions_now_ms());
	if (look != SESSION_LOOK_DROP &&
	    (look != SESSION_LOOK_COSTLY || !find_way(sessions, arrival, by_introduction, &way))) {
		sessions_chance(&chance);
		session_receive(session, by_introduction, look == SESSION_LOOK_COSTLY ? &way : NULL, arrival->message,
				arrival->bytes, sessions_now_ms(), &chance, &actions);
		sodium_memzero(&chance, sizeof(chance));
	}
	sodium_memzero(&way, sizeof(way));
	sessions_carry_out(sessions, number, &actions, 0);
}

static enum sessions_place place_of(const struct sessions_socket *socket)
{
	return (enum sessions_place)(socket - socket->sessions->socket);
}

static bool is_static(const struct sessions *sessions, const __u32 *number)
{
	return sessions->peer[*number].fixed != NULL;
}

/*
 * Whose address this is, at this place: a number, or SESSIONS_NONE. Static peers ask and answer from where they are asked;
 * and what is inside a session may come to two sockets, of which one is that peer's.
 */
static int peer_of(const struct sessions *sessions, enum sessions_place place, const __u8 address[static 16])
{
	const struct mf_table *const table[] = { &sessions->by_visitor, &sessions->by_introduction, &sessions->by_inner,
						 &sessions->by_inner };
	const __u32 *number = mf_table_find(&sessions->by_introduction, address);

	if (place == SESSIONS_ASKED && number && is_static(sessions, number))
		return (int)*number;
	number = mf_table_find(table[place], address);
	if (!number || (place >= SESSIONS_INSIDE && is_static(sessions, number) != (place == SESSIONS_STATIC)))
		return SESSIONS_NONE;
	return (int)*number;
}

/* Where the kernel says when a message came. */
union moment {
	struct cmsghdr header; /* for its alignment */
	__u8 bytes[CMSG_SPACE(sizeof(struct timeval))];
};

/* 0 where it is not said, or the clock was set. */
static __u64 waited_ms(struct msghdr *message)
{
	const struct cmsghdr *control = CMSG_FIRSTHDR(message);
	struct timeval came, now, waited;

	if (!control || control->cmsg_level != SOL_SOCKET || control->cmsg_type != SCM_TIMESTAMP)
		return 0;
	memcpy(&came, CMSG_DATA(control), sizeof(came));
	gettimeofday(&now, NULL);
	timersub(&now, &came, &waited);
	return waited.tv_sec < 0 ? 0 : (__u64)waited.tv_sec * 1000 + (__u64)waited.tv_usec / 1000;
}

/*
 * Where more come than can be answered, the oldest would be answered too late for who asked, and so would all behind them:
 * these are passed over for nothing. Notices are not said again without need, and cost little.
 */
bool sessions_is_stale(const __u8 *message, size_t bytes, __u64 waited_ms)
{
	return waited_ms > SESSIONS_STALE_MS && bytes == SESSION_REQUEST_BYTES && message[0] == SESSION_REQUEST;
}

static bool is_stale(const struct arrival *arrival)
{
	return sessions_is_stale(arrival->message, arrival->bytes, arrival->waited_ms);
}

/* How many; 0: nothing waits any more. */
static int receive(const struct sessions_socket *socket, struct arrival arrival[static SESSIONS_AT_ONCE])
{
	struct mmsghdr header[SESSIONS_AT_ONCE];
	struct iovec part[SESSIONS_AT_ONCE];
	union moment moment[SESSIONS_AT_ONCE];
	int count;

	for (int i = 0; i < SESSIONS_AT_ONCE; i++) {
		part[i] = (struct iovec){ arrival[i].message, sizeof(arrival[i].message) };
		header[i].msg_hdr = (struct msghdr){ .msg_name = &arrival[i].from, .msg_namelen = sizeof(arrival[i].from),
						     .msg_iov = &part[i], .msg_iovlen = 1,
						     .msg_control = &moment[i], .msg_controllen = sizeof(moment[i]) };
	}
	do
		count = recvmmsg(socket->fd, header, SESSIONS_AT_ONCE, MSG_DONTWAIT | MSG_TRUNC, NULL);
	while (count < 0 && (errno == EINTR || errno == ECONNREFUSED));
	for (int i = 0; i < count; i++) {
		arrival[i].bytes = header[i].msg_len;
		arrival[i].waited_ms = waited_ms(&header[i].msg_hdr);
		arrival[i].number = peer_of(socket->sessions, place_of(socket), arrival[i].from.sin6_addr.s6_addr);
		arrival[i].asked = false;
	}
	return count < 0 ? 0 : count;
}

/* Of several requests the loader is asked at once. */
static void ask_ahead(const struct sessions_socket *socket, struct arrival *arrival)
{
	const struct sessions *sessions = socket->sessions;
	struct session_header header;

	if (place_of(socket) != SESSIONS_ASKED || arrival->number == SESSIONS_NONE || arrival->bytes != SESSION_REQUEST_BYTES ||
	    sessions->peer[arrival->number].fixed || is_stale(arrival) ||
	    session_header_read(arrival->message, arrival->bytes, &header) || header.kind != SESSION_REQUEST)
		return;
	arrival->question.message = &arrival->answer;
	arrival->asked = !sessions_loader_look(socket->sessions, (__u32)arrival->number, &arrival->question);
}

static void take_all(const struct sessions_socket *socket, struct arrival *arrival, int count)
{
	struct sessions *sessions = socket->sessions;

	for (int i = 0; count > 1 && i < count; i++)
		ask_ahead(socket, &arrival[i]);
	for (int i = 0; i < count; i++) {
		if (arrival[i].number == SESSIONS_NONE || arrival[i].bytes > SESSION_MESSAGE_MOST || is_stale(&arrival[i]))
			sessions->dropped += place_of(socket) != SESSIONS_STATIC; /* which hears what is others', too */
		else
			take(sessions, place_of(socket) < SESSIONS_INSIDE, &arrival[i]);
		sessions_added(sessions);
	}
	for (int i = 0; i < count; i++)
		if (arrival[i].asked)
			client_wait(sessions->settings.loader, &arrival[i].question);
}

static void on_readable(uv_poll_t *poll, int status, int events)
{
	const struct sessions_socket *socket = poll->data;
	struct arrival arrival[SESSIONS_AT_ONCE];
	int count = SESSIONS_AT_ONCE;

	(void)events;
	socket->sessions->gathers = true;
	for (int i = 0; !status && count == SESSIONS_AT_ONCE && i < SESSIONS_BATCH / SESSIONS_AT_ONCE; i++) {
		count = receive(socket, arrival);
		take_all(socket, arrival, count);
	}
	sessions_add_all(socket->sessions);
	socket->sessions->gathers = false;
}

static int bind_to(int fd, const __u8 address[static 16])
{
	struct sockaddr_in6 to = { .sin6_family = AF_INET6 };
	const int on = 1;

	setsockopt(fd, SOL_SOCKET, SO_TIMESTAMP, &on, sizeof(on)); /* without it nothing is stale */
	memcpy(to.sin6_addr.s6_addr, address, 16);
	if (setsockopt(fd, IPPROTO_IPV6, IPV6_FREEBIND, &on, sizeof(on)) ||
	    bind(fd, (const struct sockaddr *)&to, sizeof(to)))
		return -errno;
	return 0;
}

static int refused(int fd, int error, char why[static SAY_BYTES])
{
	close(fd);
	return say_why(why, error, "the socket for session messages: %s", strerror(-error));
}

/* Bound to the address of this place; or a negative errno value. */
static int get_socket(const struct sessions *sessions, enum sessions_place place, char why[static SAY_BYTES])
{
	static const __u8 any[16];
	const __u8 *address[] = { sessions->introduction, sessions->visitor, sessions->inner, any };
	int fd = client_get_socket(sessions->settings.loader, why), error;

	if (fd < 0)
		return fd;
	error = bind_to(fd, address[place]);
	return error ? refused(fd, error, why) : fd;
}

int sessions_socket_open(struct sessions *sessions, enum sessions_place place, char why[static SAY_BYTES])
{
	struct sessions_socket *socket = &sessions->socket[place];
	int fd = get_socket(sessions, place, why), error;

	if (fd < 0)
		return fd;
	error = uv_poll_init(sessions->settings.loop, &socket->poll, fd);
	if (error)
		return refused(fd, error, why);
	socket->sessions = sessions;
	socket->fd = fd;
	socket->poll.data = socket;
	uv_poll_start(&socket->poll, UV_READABLE, on_readable);
	return 0;
}

void sessions_sockets_renew(struct sessions *sessions)
{
	char why[SAY_BYTES];

	for (enum sessions_place place = 0; place < SESSIONS_PLACES; place++) {
		struct sessions_socket *socket = &sessions->socket[place];
		int fd = socket->fd < 0 ? -1 : get_socket(sessions, place, why);

		if (fd < 0) {
			if (socket->fd >= 0)
				say_note("session messages do not pass until this process is started again: %s", why);
			continue;
		}
		uv_poll_stop(&socket->poll);
		if (dup3(fd, socket->fd, O_CLOEXEC) < 0)
			say_note("the socket for session messages: %s", strerror(errno));
		close(fd);
		uv_poll_start(&socket->poll, UV_READABLE, on_readable);
	}
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

static enum sessions_place way_out(const struct sessions_peer *peer, const struct session_action *action)
{
	if (!action->by_introduction)
		return peer->fixed ? SESSIONS_STATIC : SESSIONS_INSIDE;
	if (peer->fixed)
		return SESSIONS_ASKED;
	return action->message[0] == SESSION_REQUEST ? SESSIONS_ASKING : SESSIONS_ASKED;
}

static void address_of(const struct sessions_peer *peer, enum sessions_place place, __u8 address[static 16])
{
	if (place >= SESSIONS_INSIDE)
		sessions_inner_peer(peer, address);
	else if (place == SESSIONS_ASKING || peer->fixed)
		identity_introduction(address, peer->public_key);
	else
		identity_visitor(address, peer->public_key);
}

/* `source`: in what is left to the kernel otherwise, since the socket is bound to no address. */
static void put_source(struct msghdr *message, const __u8 source[static 16])
{
	struct in6_pktinfo info = { 0 };
	struct cmsghdr *control = CMSG_FIRSTHDR(message);

	memcpy(&info.ipi6_addr, source, sizeof(info.ipi6_addr));
	control->cmsg_level = IPPROTO_IPV6;
	control->cmsg_type = IPV6_PKTINFO;
	control->cmsg_len = CMSG_LEN(sizeof(info));
	memcpy(CMSG_DATA(control), &info, sizeof(info));
}

/* A message that does not go out is a lost one: the engine says it again. */
void sessions_socket_send(const struct sessions *sessions, __u32 number, const struct session_action *action)
{
	const struct sessions_peer *peer = &sessions->peer[number];
	enum sessions_place place = way_out(peer, action);
	struct sockaddr_in6 to = { .sin6_family = AF_INET6 };
	union {
		struct cmsghdr header; /* for its alignment */
		__u8 bytes[CMSG_SPACE(sizeof(struct in6_pktinfo))];
	} control = { .bytes = { 0 } };
	struct iovec part = { (void *)action->message, action->bytes };
	struct msghdr message = { .msg_name = &to, .msg_namelen = sizeof(to), .msg_iov = &part, .msg_iovlen = 1 };
	__u8 source[16];

	if (place >= SESSIONS_INSIDE)
		sessions->peer[number].said++;
	address_of(peer, place, to.sin6_addr.s6_addr);
	if (place == SESSIONS_STATIC) {
		sessions_inner_own(sessions, number, source);
		message.msg_control = &control;
		message.msg_controllen = sizeof(control);
		put_source(&message, source);
	}
	if (sendmsg(sessions->socket[place].fd, &message, MSG_DONTWAIT | MSG_NOSIGNAL) < 0)
		return;
}
