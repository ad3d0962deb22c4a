// SPDX-License-Identifier: GPL-2.0-only
/*
 * Programs attached to the world's devices, raw sockets at either end.
 */
#include "tests/packet/live.h"

#include <arpa/inet.h>
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/if_packet.h>
#include <linux/if_tun.h>
#include <linux/virtio_net.h>
#include <net/if.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include "mayfly.skel.h"

enum { ETH_ALL = 0x0003, WAIT_MS = 2000, SILENCE_MS = 100, TCP_CHECK = 16 };

static void give_up(const char *what)
{
	perror(what);
	exit(1);
}

static int raw_socket(const char *device)
{
	struct sockaddr_ll at = { .sll_family = AF_PACKET, .sll_protocol = htons(ETH_ALL),
				  .sll_ifindex = if_nametoindex(device) };
	int fd = socket(AF_PACKET, SOCK_RAW, htons(ETH_ALL)), one = 1;

	if (fd < 0 || bind(fd, (struct sockaddr *)&at, sizeof(at)) ||
	    setsockopt(fd, SOL_PACKET, PACKET_VNET_HDR, &one, sizeof(one)) ||
	    setsockopt(fd, SOL_PACKET, PACKET_IGNORE_OUTGOING, &one, sizeof(one)))
		give_up(device);
	return fd;
}

static void attach(const struct bpf_program *program, const char *device, enum bpf_tc_attach_point point)
{
	LIBBPF_OPTS(bpf_tc_hook, hook, .ifindex = if_nametoindex(device), .attach_point = point);
	LIBBPF_OPTS(bpf_tc_opts, options, .prog_fd = bpf_program__fd(program), .flags = BPF_TC_F_REPLACE, .handle = 1,
		    .priority = 1);

	libbpf_print_fn_t say = libbpf_set_print(NULL);
	int rc = bpf_tc_hook_create(&hook); /* libbpf says so if it is there already */

	libbpf_set_print(say);
	if ((rc && rc != -EEXIST) || bpf_tc_attach(&hook, &options))
		give_up(device);
}

static int tun_open(char *name)
{
	struct ifreq request = { .ifr_name = "tun%d", .ifr_flags = IFF_TUN | IFF_NO_PI };
	int fd = open("/dev/net/tun", O_RDWR), ip = socket(AF_INET6, SOCK_DGRAM, 0);

	if (fd < 0 || ip < 0 || ioctl(fd, TUNSETIFF, &request))
		give_up("/dev/net/tun");
	memcpy(name, request.ifr_name, IFNAMSIZ);
	request.ifr_flags = IFF_UP;
	if (ioctl(ip, SIOCSIFFLAGS, &request))
		give_up(name);
	close(ip);
	return fd;
}

static void counters_read(struct rig *rig, __u64 *sum)
{
	int cpus = libbpf_num_possible_cpus();
	__u64 *each = calloc(cpus, sizeof(*each));

	for (__u32 key = 0; key < MF_VERDICT_ROOM; key++) {
		bpf_map_lookup_elem(bpf_map__fd(rig->skel->maps.mf_verdict), &key, each);
		sum[key] = 0;
		for (int i = 0; i < cpus; i++)
			sum[key] += each[i];
	}
	free(each);
}

int live_verdict(struct live *live)
{
	__u64 now[MF_VERDICT_ROOM];
	int verdict = NO_VERDICT;

	counters_read(live->rig, now);
	for (int i = MF_VERDICTS - 1; i >= 0; i--)
		if (now[i] != live->counters[i])
			verdict = i;
	memcpy(live->counters, now, sizeof(now));
	return verdict;
}

void live_open(struct live *live, struct rig *rig)
{
	char tun[IFNAMSIZ];

	live->rig = rig;
	live->in = raw_socket("mayfly0");
	live->out = raw_socket("wire");
	live->tun = tun_open(tun);
	attach(rig->skel->progs.mf_out_tc, "nic", BPF_TC_EGRESS);
	attach(rig->skel->progs.mf_cut_tc, "mayfly0-in", BPF_TC_INGRESS);
	attach(rig->skel->progs.mf_guard, tun, BPF_TC_INGRESS);
	counters_read(rig, live->counters);
}

void live_close(struct live *live)
{
	close(live->in);
	close(live->out);
	close(live->tun);
}

static void send_head(int fd, const struct virtio_net_hdr *head, const struct live_frame *frame)
{
	struct iovec parts[2] = { { (void *)head, sizeof(*head) }, { (void *)frame->byte, frame->length } };

	if (writev(fd, parts, 2) != (ssize_t)(sizeof(*head) + frame->length))
		give_up("raw socket");
}

static struct virtio_net_hdr begun(const struct live_frame *frame)
{
	return (struct virtio_net_hdr){
		.flags = VIRTIO_NET_HDR_F_NEEDS_CSUM,
		.gso_type = frame->segment ? VIRTIO_NET_HDR_GSO_TCPV6 : VIRTIO_NET_HDR_GSO_NONE,
		.hdr_len = frame->headers,
		.gso_size = frame->segment,
		.csum_start = ETH_BYTES + IP6_BYTES,
		.csum_offset = TCP_CHECK,
	};
}

void live_send(struct live *live, const struct live_frame *frame)
{
	struct virtio_net_hdr head = {};

	if (frame->segment)
		head = begun(frame);
	send_head(live->in, &head, frame);
}

void live_send_on(struct live *live, const char *device, const struct live_frame *frame)
{
	struct virtio_net_hdr head = begun(frame);
	int fd = raw_socket(device);

	(void)live;
	send_head(fd, &head, frame);
	close(fd);
}

void live_send_tun(struct live *live, const void *packet, __u32 length)
{
	if (write(live->tun, packet, length) != (ssize_t)length)
		give_up("tun");
}

static int receive(int fd, struct live_frame *frame, int wait_ms)
{
	struct virtio_net_hdr head = {};
	struct iovec parts[2] = { { &head, sizeof(head) }, { frame->byte, sizeof(frame->byte) } };
	struct pollfd wait = { .fd = fd, .events = POLLIN };
	ssize_t got;

	do {
		if (poll(&wait, 1, wait_ms) != 1)
			return -1;
		got = readv(fd, parts, 2);
		if (got < (ssize_t)sizeof(head))
			return -1;
	} while (frame->byte[0] & 1); /* the kernel's own words to multicast groups */
	frame->length = got - sizeof(head);
	frame->segment = head.gso_type ? head.gso_size : 0;
	frame->headers = 0;
	return 0;
}

int live_receive(struct live *live, struct live_frame *frame)
{
	return receive(live->out, frame, WAIT_MS);
}

int live_receive_back(struct live *live, struct live_frame *frame)
{
	return receive(live->in, frame, WAIT_MS);
}

int live_is_silent(struct live *live, struct live_frame *frame)
{
	return receive(live->out, frame, SILENCE_MS) && receive(live->in, frame, SILENCE_MS);
}
