/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The wire of many clients in one process: whole packets out by a raw socket, and in by a packet socket, which are those
 * to the /48 that all the clients' prefixes lie in. Nothing of it is an address of the host's.
 */
#ifndef MAYFLY_TESTS_BENCH_LOAD_WIRE_H
#define MAYFLY_TESTS_BENCH_LOAD_WIRE_H

#include <netinet/in.h>
#include <sys/socket.h>

#include "tests/bench/load_packet.h"

enum { LOAD_BATCH = 64 };

struct load_wire {
	int out, in;
	__u32 waiting; /* packets gathered, not sent yet */
	__u64 sent, received, unsent;
	__u8 packet[LOAD_BATCH][LOAD_PACKET_MOST];
	struct iovec part[LOAD_BATCH];
	struct sockaddr_in6 to[LOAD_BATCH];
	struct mmsghdr header[LOAD_BATCH];
	__u8 heard[LOAD_BATCH][LOAD_PACKET_MOST];
	struct iovec heard_part[LOAD_BATCH];
	struct mmsghdr heard_header[LOAD_BATCH];
};

/* `prefix`: first 6 bytes of the /48. 0 or -errno. */
int load_wire_open(struct load_wire *wire, const char *device, const __u8 prefix[static 6]);

/* One packet more, sent with others (`seal` NULL: by encap); or all that wait, now. */
void load_wire_put(struct load_wire *wire, const struct mf_slot *slot, struct load_seal *seal, __u8 next_header,
		   const __u8 *payload, size_t bytes);
void load_wire_flush(struct load_wire *wire);

/* Gives what has come to `take`. How many that was; waits for the first one up to `wait_ms`. */
typedef void load_wire_take(void *context, const __u8 *packet, size_t bytes);
int load_wire_receive(struct load_wire *wire, int wait_ms, load_wire_take *take, void *context);

/* Packets that came in and found no room, since it was last asked. */
__u32 load_wire_overflows(struct load_wire *wire);

#endif
