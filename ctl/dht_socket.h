/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * One UDP socket for one source of the DHT engine. On IPv6 it stands at a fresh random address of a prefix, which the
 * loader lends: passed to the stack, local, answered for, and nothing bound to an interface.
 */
#ifndef MAYFLY_CTL_DHT_SOCKET_H
#define MAYFLY_CTL_DHT_SOCKET_H

#include "ctl/client.h"
#include "ctl/dht/dht.h"

enum { DHT_SOCKET_LENT_MS = 120000 }; /* longer than any operation; it is given back when it ends */

/* Where sockets come from. All zero but the fds: any address of the host. */
struct dht_socket_from {
	struct client *loader;     /* NULL: nobody lends, addresses are those of the host */
	struct mf_template prefix; /* of IPv6 sources, with a loader */
};

struct dht_socket {
	int fd; /* -1: none */
	enum dht_family family;
	bool lent;
	__u8 address[16]; /* lent */
};

/* Opens one, not blocking, at a port of the kernel's choice. 0, or -errno and `why`; then there is nothing to close. */
int dht_socket_open(struct dht_socket *socket, const struct dht_socket_from *from, enum dht_family family,
		    char why[static SAY_BYTES]);

/* Closes it and gives its address back. */
void dht_socket_close(struct dht_socket *socket, const struct dht_socket_from *from);

/* 0 or -errno. A datagram that does not go out is a lost one: the engine sends again. */
int dht_socket_send(const struct dht_socket *socket, const struct dht_endpoint *to, const __u8 *bytes, size_t length);

/* Length of a datagram and who sent it; -EAGAIN: none waits; another -errno. Longer ones come cut off. */
ssize_t dht_socket_receive(const struct dht_socket *socket, struct dht_endpoint *from, __u8 *bytes, size_t room);

#endif
