/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Runs the programs of cipher.bpf.c.
 */
#ifndef MAYFLY_TESTS_PACKET_CIPHER_RUN_H
#define MAYFLY_TESTS_PACKET_CIPHER_RUN_H

#include "tests/packet/cipher.h"
#include "tests/packet/frame.h"

struct bpf_object;

enum cipher_program {
	SEAL_XDP, OPEN_XDP, SEAL_TC, OPEN_TC, STREAM_XDP, AUTHENTICATE_XDP, HASH_XDP, NOTHING_XDP,
	SEAL_LARGE_TC, CIPHER_PROGRAMS,
};

/* The first two are assembly, which rotates by shifts or by multiplication. */
enum cipher_version { SHIFTS, MULTIPLIES, PLAIN_C, CIPHER_VERSIONS };

struct cipher {
	struct bpf_object *object;
	struct cipher_work *work; /* the map itself, mapped */
	int fd[CIPHER_PROGRAMS];
};

void cipher_open(struct cipher *cipher, enum cipher_version version);
void cipher_close(struct cipher *cipher);

/* A frame with a head and `bytes` bytes from `seed` on behind it, `more` behind those. */
void cipher_frame(struct frame *frame, __u32 bytes, __u32 more, __u64 *seed);

/* 0, or -1: the program refused. `out` may be `in`. */
int cipher_run(const struct cipher *cipher, enum cipher_program program, const struct frame *in, struct frame *out);

__u64 cipher_draw(__u64 *seed);
void cipher_draw_bytes(__u64 *seed, void *bytes, __u32 count);

#endif
