/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What tests/pktgen/live and its program share.
 */
#ifndef MAYFLY_TESTS_PKTGEN_LIVE_H
#define MAYFLY_TESTS_PKTGEN_LIVE_H

#include <linux/types.h>

enum {
	LIVE_FRAMES = 4096, /* that are told apart */
	LIVE_MOST = 1514,   /* bytes of a frame */
};

struct live_frame {
	__u8 byte[LIVE_MOST];
	__u8 pad[6];
};

#endif
