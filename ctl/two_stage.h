/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Two-stage publication (MTD'15 section 6, after DP5; docs/PROTOCOL.md 7.5): in a long window every reader finds an
 * item of its own, boxed pairwise, that gives access to one item a period for all of them. n + w puts instead
 * of n * w. Pure but for nonces.
 */
#ifndef MAYFLY_CTL_TWO_STAGE_H
#define MAYFLY_CTL_TWO_STAGE_H

#include "ctl/rendezvous.h"

enum two_stage_limit {
	TWO_STAGE_PERIODS_DEFAULT = 6, /* w: periods in a long window; an hour with the default period */
	TWO_STAGE_PERIODS_LEAST = 2,
	TWO_STAGE_PERIODS_MOST = 144,
};

/* The long window that holds a moment: [start, start + long_s), multiples of long_s = w * period_s. */
struct two_stage_window {
	__u32 period_s, long_s, start;
};

/* What a long item gives to its reader. Secret. */
struct two_stage_access {
	struct two_stage_window window;
	__u8 publisher[32];
	__u8 public_key[32];     /* A: Ed25519; the item keys P_T of the window's periods follow from it */
	__u8 decryption_key[32]; /* of the common values */
};

/* What the publisher keeps besides. Secret. */
struct two_stage_keys {
	struct two_stage_access access;
	__u8 scalar[32];    /* a: A = a * base point */
	__u8 nonce_key[32]; /* of the signatures */
};

/* 0, or -EINVAL: period or number of periods out of bounds, or together more than RENDEZVOUS_PERIOD_MAX_S. */
int two_stage_window(struct two_stage_window *window, __u32 period_s, __u32 periods, __u64 unix_s);

/*
 * The keys of a window, out of the publisher's private key and an epoch, which is random and never comes again. Another
 * epoch is other keys at once: whoever was removed finds and opens nothing that is put from then on. 0, or -EINVAL: a private key that gives no public one.
 */
int two_stage_keys(struct two_stage_keys *keys, const __u8 own[static 32], const struct two_stage_window *window,
		   const __u8 epoch[static 32]);

/*
 * The long item of one reader stands at rendezvous_item_seed(pair, long_s, start); its value, native, of type 2.
 * Seal: RENDEZVOUS_VALUE_BYTES. Open: 0, -EBADMSG or -EINVAL and `why`, as rendezvous_open(). `window` is
 * the one looked in; its period_s must be what the item says.
 */
int two_stage_seal_long(const struct rendezvous_pair *pair, const struct two_stage_access *access,
			__u8 value[static RENDEZVOUS_VALUE_BYTES]);
int two_stage_open_long(const struct rendezvous_pair *pair, const struct two_stage_window *window, const __u8 *value,
			size_t length, struct two_stage_access *access, char why[static SAY_BYTES]);

/* P_T: the Ed25519 key of the common item of period T. 0, or -EINVAL: T lies outside of the window. */
int two_stage_item_key(const struct two_stage_access *access, __u32 period, __u8 public_key[static 32]);

/* A signature under P_T (RFC 8032), of any message. 0 or -EINVAL, as above. */
int two_stage_sign(const struct two_stage_keys *keys, __u32 period, const void *message, size_t length,
		   __u8 signature[static 64]);

/* The same of a mutable item without salt (BEP 44): value is the content of the bencoded string, at most 996 bytes. */
int two_stage_sign_item(const struct two_stage_keys *keys, __u32 period, __s64 sequence, const __u8 *value,
			size_t length, __u8 signature[static 64]);

/*
 * The common value of the offer's period, of type 3: a secret box, and signed inside, because every reader has the
 * key of the box. The offer is native and names the period. How many bytes, or -EINVAL and `why`.
 */
int two_stage_seal_short(const struct two_stage_keys *keys, const struct rendezvous_offer *offer,
			 __u8 value[static RENDEZVOUS_VALUE_BYTES], char why[static SAY_BYTES]);

/* 0, -EBADMSG or -EINVAL and `why`, as rendezvous_open(). */
int two_stage_open_short(const struct two_stage_access *access, __u32 period, const __u8 *value, size_t length,
			 struct rendezvous_offer *offer, char why[static SAY_BYTES]);

#endif
