// SPDX-License-Identifier: GPL-2.0-only
/* Sockets of the DHT. Addresses are mapped for the engine, and IPv4 for the kernel, here and nowhere else. */
#include "ctl/dht_socket.h"

#include <errno.h>
#include <netinet/in.h>
#include <sodium.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static const __u8 mapped[12] = { 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff };

union address {
	struct sockaddr any;
	struct sockaddr_in v4;
	struct sockaddr_in6 v6;
};

static socklen_t to_kernel(union address *address, enum dht_family family, const struct dht_endpoint *endpoint)
{
	memset(address, 0, sizeof(*address));
	if (family == DHT_IPV4) {
		address->v4.sin_family = AF_INET;
		address->v4.sin_port = endpoint->port;
		memcpy(&address->v4.sin_addr, endpoint->address + 12, 4);
		return sizeof(address->v4);
	}
	address->v6.sin6_family = AF_INET6;
	address->v6.sin6_port = endpoint->port;
	memcpy(&address->v6.sin6_addr, endpoint->address, 16);
	return sizeof(address->v6);
}

static int from_kernel(struct dht_endpoint *endpoint, const union address *address)
{
	if (address->any.sa_family == AF_INET) {
		memcpy(endpoint->address, mapped, sizeof(mapped));
		memcpy(endpoint->address + 12, &address->v4.sin_addr, 4);
		endpoint->port = address->v4.sin_port;
		return 0;
	}
	if (address->any.sa_family != AF_INET6)
		return -EAFNOSUPPORT;
	memcpy(endpoint->address, &address->v6.sin6_addr, 16);
	endpoint->port = address->v6.sin6_port;
	return 0;
}

/* The prefix with chance in its hopping bits. */
static void draw_address(__u8 address[static 16], const struct mf_template *prefix)
{
	__u8 chance[16];

	randombytes_buf(chance, sizeof(chance));
	memcpy(address, prefix->base, 16);
	for (unsigned int bit = 128 - prefix->hop_bits; bit < 128; bit++) {
		__u8 mask = (__u8)(0x80 >> bit % 8);

		address[bit / 8] = (__u8)((address[bit / 8] & ~mask) | (chance[bit / 8] & mask));
	}
}

static int lend(const struct dht_socket *socket, const struct dht_socket_from *from, __be16 port, __u32 lifetime_ms,
		char why[static SAY_BYTES])
{
	struct mf_message message = { .type = MF_LEND_ADDRESS };
	int error;

	memcpy(message.lend.address, socket->address, 16);
	message.lend.port = port;
	message.lend.lifetime_ms = lifetime_ms;
	error = client_ask_again(from->loader, &message);
	return error ? client_why(from->loader, error, MF_LEND_ADDRESS, &message, why) : 0;
}

static int bind_lent(struct dht_socket *socket, const struct dht_socket_from *from, char why[static SAY_BYTES])
{
	struct dht_endpoint endpoint = { 0 };
	union address address;
	socklen_t length;
	int on = 1, error;

	draw_address(socket->address, &from->prefix);
	memcpy(endpoint.address, socket->address, 16);
	length = to_kernel(&address, DHT_IPV6, &endpoint);
	if (setsockopt(socket->fd, SOL_IPV6, IPV6_FREEBIND, &on, sizeof(on)) ||
	    bind(socket->fd, &address.any, length) || getsockname(socket->fd, &address.any, &length))
		return say_why(why, -errno, "cannot bind a lent address: %s", strerror(errno));
	error = lend(socket, from, address.v6.sin6_port, DHT_SOCKET_LENT_MS, why);
	socket->lent = !error;
	return error;
}

static int bind_any(struct dht_socket *socket, char why[static SAY_BYTES])
{
	const struct dht_endpoint anywhere = { 0 };
	union address address;
	socklen_t length = to_kernel(&address, socket->family, &anywhere);

	if (bind(socket->fd, &address.any, length))
		return say_why(why, -errno, "cannot bind a UDP socket: %s", strerror(errno));
	return 0;
}

int dht_socket_open(struct dht_socket *result, const struct dht_socket_from *from, enum dht_family family,
		    char why[static SAY_BYTES])
{
	int domain = family == DHT_IPV4 ? AF_INET : AF_INET6, on = 1, error;
	struct dht_socket value = { .family = family };

	value.fd = socket(domain, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (value.fd < 0)
		return say_why(why, -errno, "cannot make a UDP socket: %s", strerror(errno));
	if (family == DHT_IPV6)
		setsockopt(value.fd, SOL_IPV6, IPV6_V6ONLY, &on, sizeof(on));
	error = family == DHT_IPV6 && from->loader ? bind_lent(&value, from, why) : bind_any(&value, why);
	if (error) {
		close(value.fd);
		return error;
	}
	*result = value;
	return 0;
}

void dht_socket_close(struct dht_socket *socket, const struct dht_socket_from *from)
{
	char why[SAY_BYTES];

	if (socket->fd >= 0)
		close(socket->fd);
	socket->fd = -1;
	if (socket->lent && from->loader)
		lend(socket, from, 0, 0, why); /* if it does not take it back now, it does when the time is over */
	socket->lent = false;
}

int dht_socket_send(const struct dht_socket *socket, const struct dht_endpoint *to, const __u8 *bytes, size_t length)
{
	union address address;
	socklen_t size = to_kernel(&address, socket->family, to);

	return sendto(socket->fd, bytes, length, MSG_NOSIGNAL, &address.any, size) < 0 ? -errno : 0;
}

ssize_t dht_socket_receive(const struct dht_socket *socket, struct dht_endpoint *from, __u8 *bytes, size_t room)
{
	union address address = { .any.sa_family = AF_UNSPEC };
	socklen_t size = sizeof(address);
	ssize_t got = recvfrom(socket->fd, bytes, room, 0, &address.any, &size);

	if (got < 0)
		return -errno;
	return from_kernel(from, &address) ? -EAGAIN : got;
}
