/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Frames through the kernel itself, for what BPF_PROG_TEST_RUN cannot show: tags that the kernel has taken
 * off, large frames, devices without Ethernet headers.
 */
#ifndef MAYFLY_TESTS_PACKET_LIVE_H
#define MAYFLY_TESTS_PACKET_LIVE_H

#include <sys/types.h>

#include "tests/packet/rig.h"

enum { LIVE_MOST = 66000 };

/* A frame as packet sockets give it: large ones say how they are to be cut. */
struct live_frame {
	__u32 length;
	__u16 segment;   /* 0: a single packet */
	__u16 headers;   /* of a large frame, from the Ethernet header on; TCP alone */
	__u8 byte[LIVE_MOST];
};

struct live {
	struct rig *rig;
	int in;    /* raw socket on mayfly0, where applications' packets come from */
	int out;   /* raw socket on wire, the way to the peer */
	int tun;   /* device without Ethernet headers, behind mf_guard */
	__u64 counters[MF_VERDICT_ROOM];
};

/* Attaches mf_out_tc to nic, mf_cut_tc to mayfly0-in, mf_guard to a tun device. */
void live_open(struct live *live, struct rig *rig);
void live_close(struct live *live);

void live_send(struct live *live, const struct live_frame *frame);

/* The same on another device; its checksum is begun, as an application's is: TCP over IPv6. */
void live_send_on(struct live *live, const char *device, const struct live_frame *frame);
void live_send_tun(struct live *live, const void *packet, __u32 length);

/* The next frame that comes out at the wire, or back at the device; 0, or -1: none. Groups' frames do not count. */
int live_receive(struct live *live, struct live_frame *frame);
int live_receive_back(struct live *live, struct live_frame *frame);

/* Nothing comes out at either end for a tenth of a second. */
int live_is_silent(struct live *live, struct live_frame *frame);

/* What was counted since the last call; NO_VERDICT: nothing. */
int live_verdict(struct live *live);

#endif
