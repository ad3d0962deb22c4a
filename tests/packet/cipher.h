/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the programs of cipher.bpf.c share with those who run them.
 */
#ifndef MAYFLY_TESTS_PACKET_CIPHER_H
#define MAYFLY_TESTS_PACKET_CIPHER_H

#include "bpf/aead_job.h"

enum {
	CIPHER_HEAD = 62, /* bytes: Ethernet, IPv6, UDP */
	CIPHER_BLOCKS = 24,
};

struct cipher_work {
	struct aead_job job;
	__u32 bytes;      /* to seal or open */
	__u32 blocks;     /* to authenticate */
	__u32 above_last; /* 0: the last block brings its own end */
	__u32 unused;
	__u64 block[CIPHER_BLOCKS][2];
	__u64 hash;
};

#endif
