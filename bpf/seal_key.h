/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What an association of the `sealed` carriage is sealed and opened with: a key each way, the counter of what this end
 * has sealed, the replay window of what it has opened. A key comes from one handshake, is put here once and goes with its
 * association; its counter begins with it, only ever goes up, and stands in a pinned map. So no nonce is used twice,
 * whichever process dies and whatever the clock does.
 */
#ifndef MAYFLY_BPF_SEAL_KEY_H
#define MAYFLY_BPF_SEAL_KEY_H

#include <linux/types.h>

enum mf_seal_limit {
	MF_SEALED_MOST = 9216,      /* bytes that are sealed at once, from the shim on */
	MF_SEALED_MTU_MOST = 40 + 8 + 24 + MF_SEALED_MOST, /* so no outer packet is larger */
	MF_REPLAY_WORDS = 264,   /* of 32 packets each: 8,416 behind the newest are told apart, whatever their order */
	MF_REPLAY_PACKETS = (MF_REPLAY_WORDS - 1) * 32,
	MF_PADDING_CLASS_LEAST = 128, /* bytes behind the UDP header */
	MF_PADDING_CLASSES_MORE = 3,  /* each twice the one before: 256, 512, 1024; then as long as the path bears */
};

#define MF_COUNTER_END (1ULL << 37)   /* no packet has this counter: no key seals so many (RFC 9001 section 6.6 allows 2^62) */
#define MF_COUNTER_AHEAD (1ULL << 32) /* nor is any so far ahead of the newest heard; what stands there is noise */

enum mf_padding {
	MF_PADDING_NONE = 0,
	MF_PADDING_CLASSES = 1, /* up to the next of 128, 256, 512, 1024 bytes behind the UDP header, or all that the path bears */
	MF_PADDING_FULL = 2,    /* always all that the path bears */
};

/* One direction. Secret. */
struct mf_seal_key {
	__u32 key[8];  /* ChaCha20-Poly1305 (RFC 8439), as little-endian words */
	__u64 mask[2]; /* SipHash-2-4, which hides the counter; as little-endian words */
	__u32 sender;  /* first word of the nonce: who seals with it. 0: the handshake's initiator, 1: its responder */
	__u32 pad[3];
};

/*
 * mf_seal: by association. A word of the window holds the upper bits of a counter (what is above its lowest five) and,
 * below them, which of the 32 packets that share those have been opened. Written without a lock, by compare and swap.
 */
struct mf_seal {
	struct mf_seal_key out;
	struct mf_seal_key in;
	__u64 sent;        /* counter of the next packet out */
	__u64 pad[7];
	__u64 heard;       /* newest counter that was opened, or a little less */
	__u64 pad2[7];
	__u64 window[MF_REPLAY_WORDS];
};

_Static_assert(sizeof(struct mf_seal_key) == 64, "struct mf_seal_key");
_Static_assert(sizeof(struct mf_seal) == 256 + 8 * MF_REPLAY_WORDS, "struct mf_seal");

#endif
