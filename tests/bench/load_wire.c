// SPDX-License-Identifier: GPL-2.0-only
/* Packets out and in, many a system call. */
#include "tests/bench/load_wire.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/filter.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <poll.h>
#include <string.h>

enum { BUFFER_BYTES = 256 << 20, AT_NEXT = 6, AT_DESTINATION = 24 };

/* To the /48 and UDP, from the network header on. */
static int filter_set(int fd, const __u8 prefix[static 6])
{
	__u32 first = (__u32)prefix[0] << 24 | (__u32)prefix[1] << 16 | (__u32)prefix[2] << 8 | prefix[3];
	__u32 second = (__u32)prefix[4] << 8 | prefix[5];
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, AT_DESTINATION),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, first, 0, 5),
		BPF_STMT(BPF_LD | BPF_H | BPF_ABS, AT_DESTINATION + 4),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, second, 0, 3),
		BPF_STMT(BPF_LD | BPF_B | BPF_ABS, AT_NEXT),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, IPPROTO_UDP, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, LOAD_PACKET_MOST),
		BPF_STMT(BPF_RET | BPF_K, 0),
	};
	struct sock_fprog program = { .len = sizeof(code) / sizeof(code[0]), .filter = code };

	return setsockopt(fd, SOL_SOCKET, SO_ATTACH_FILTER, &program, sizeof(program)) ? -errno : 0;
}

static int open_in(const char *device, const __u8 prefix[static 6])
{
	struct sockaddr_ll at = { .sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_IPV6),
				  .sll_ifindex = (int)if_nametoindex(device) };
	const int bytes = BUFFER_BYTES;
	int fd = socket(AF_PACKET, SOCK_DGRAM | SOCK_CLOEXEC, 0), error; /* hears nothing before it is bound */

	if (fd < 0)
		return -errno;
	error = at.sll_ifindex ? filter_set(fd, prefix) : -ENODEV;
	setsockopt(fd, SOL_SOCKET, SO_RCVBUFFORCE, &bytes, sizeof(bytes));
	if (!error && bind(fd, (struct sockaddr *)&at, sizeof(at)))
		error = -errno;
	return error ? error : fd;
}

/* Messages, their parts and their memory never change. */
static void tie(struct load_wire *wire)
{
	for (int i = 0; i < LOAD_BATCH; i++) {
		wire->to[i].sin6_family = AF_INET6;
		wire->part[i].iov_base = wire->packet[i];
		wire->header[i].msg_hdr = (struct msghdr){ .msg_name = &wire->to[i], .msg_namelen = sizeof(wire->to[i]),
							   .msg_iov = &wire->part[i], .msg_iovlen = 1 };
		wire->heard_part[i] = (struct iovec){ wire->heard[i], LOAD_PACKET_MOST };
		wire->heard_header[i].msg_hdr = (struct msghdr){ .msg_iov = &wire->heard_part[i], .msg_iovlen = 1 };
	}
}

int load_wire_open(struct load_wire *wire, const char *device, const __u8 prefix[static 6])
{
	const int bytes = BUFFER_BYTES;

	memset(wire, 0, sizeof(*wire));
	tie(wire);
	wire->out = socket(AF_INET6, SOCK_RAW | SOCK_CLOEXEC, IPPROTO_RAW);
	if (wire->out < 0)
		return -errno;
	setsockopt(wire->out, SOL_SOCKET, SO_SNDBUFFORCE, &bytes, sizeof(bytes));
	wire->in = open_in(device, prefix);
	return wire->in < 0 ? wire->in : 0;
}

void load_wire_put(struct load_wire *wire, const struct mf_slot *slot, struct load_seal *seal, __u8 next_header,
		   const __u8 *payload, size_t bytes)
{
	__u32 at = wire->waiting++;

	wire->part[at].iov_len = load_packet_write(wire->packet[at], slot, seal, next_header, payload, bytes);
	memcpy(&wire->to[at].sin6_addr, slot->remote, 16);
	if (wire->waiting == LOAD_BATCH)
		load_wire_flush(wire);
}

void load_wire_flush(struct load_wire *wire)
{
	__u32 done = 0;

	while (done < wire->waiting) {
		int sent = sendmmsg(wire->out, wire->header + done, wire->waiting - done, 0);

		if (sent < 0 && errno == EINTR)
			continue;
		wire->sent += sent < 0 ? 0 : (__u64)sent;
		wire->unsent += sent < 0; /* the first of them is the one that cannot go */
		done += sent < 0 ? 1 : (__u32)sent;
	}
	wire->waiting = 0;
}

int load_wire_receive(struct load_wire *wire, int wait_ms, load_wire_take *take, void *context)
{
	struct pollfd poll_in = { .fd = wire->in, .events = POLLIN };
	int count = recvmmsg(wire->in, wire->heard_header, LOAD_BATCH, MSG_DONTWAIT, NULL);

	if (count <= 0 && wait_ms && poll(&poll_in, 1, wait_ms) > 0)
		count = recvmmsg(wire->in, wire->heard_header, LOAD_BATCH, MSG_DONTWAIT, NULL);
	if (count <= 0)
		return 0;
	wire->received += (__u64)count;
	for (int i = 0; i < count; i++)
		take(context, wire->heard[i], wire->heard_header[i].msg_len);
	return count;
}

__u32 load_wire_overflows(struct load_wire *wire)
{
	struct tpacket_stats stats = { 0 };
	socklen_t bytes = sizeof(stats);

	getsockopt(wire->in, SOL_PACKET, PACKET_STATISTICS, &stats, &bytes);
	return stats.tp_drops;
}
