/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Blind rendezvous: where two parties meet, in which period, and what one leaves there for the other
 * (MTD'15 sections 2.3 and 4; docs/PROTOCOL.md section 7). Pure: keys, time and bytes in, bytes out.
 */
#ifndef MAYFLY_CTL_RENDEZVOUS_H
#define MAYFLY_CTL_RENDEZVOUS_H

#include <stddef.h>

#include "bpf/abi.h"
#include "ctl/say.h"

enum rendezvous_limit {
	RENDEZVOUS_PERIOD_DEFAULT_S = 600,
	RENDEZVOUS_PERIOD_MIN_S = 1,
	RENDEZVOUS_PERIOD_MAX_S = 86400,
	RENDEZVOUS_LADDER = 3,            /* steps: n, n/2, n/4 */
	RENDEZVOUS_LADDER_FLOOR_S = 60,
	RENDEZVOUS_VALUE_BYTES = 240,     /* of every native value: nonce 24, MAC 16, plain 200 */
	RENDEZVOUS_FULL_BYTES = 76,
	RENDEZVOUS_COMPACT_BYTES = 65,
	RENDEZVOUS_NONCE_BYTES = 24,
	RENDEZVOUS_DESCRIPTOR_BYTES = 20, /* d_T */
	RENDEZVOUS_PREFIX_LEAST = 48,     /* no hopping prefix is wider */
	RENDEZVOUS_FIRST_S = 1735689600,  /* 2025-01-01: a clock before that has not been set */
};

/*
 * Whether an end may name this to another as its hopping prefix (docs/PROTOCOL.md 7.2). 0; -EINVAL: lengths out of
 * bounds, bits set where it hops; -EADDRNOTAVAIL: no unicast prefix that is routed.
 */
int rendezvous_check_prefix(const struct mf_template *prefix);

/* What two parties share, from the point of view of one of them. Secret. */
struct rendezvous_pair {
	__u8 shared[32];    /* s: the raw X25519 output */
	__u8 box_key[32];   /* crypto_box_beforenm */
	__u8 publisher[32]; /* public keys: who leaves the value, who reads it */
	__u8 reader[32];
};

/*
 * own: private key of this end; `own_publishes`: this end leaves the value. 0, or -EINVAL: a public key that
 * gives no secret (low order).
 */
int rendezvous_pair(struct rendezvous_pair *pair, const __u8 own[static 32], const __u8 other_public[static 32],
		    int own_publishes);

/*
 * The same with the public key of `own` known already: half the work, for a publisher with many readers.
 */
int rendezvous_pair_known(struct rendezvous_pair *pair, const __u8 own[static 32], const __u8 own_public[static 32],
			  const __u8 other_public[static 32], int own_publishes);

/*
 * Whether a clock that says so can name a period that somebody else looks in: it has been set, and T (32 bits) holds it. 0, or
 * -ERANGE and `why`, with what to do.
 */
int rendezvous_check_clock(__u64 unix_s, char why[static SAY_BYTES]);

/* T: start of the period of `period_s` (not 0) that holds `unix_s`. */
__u32 rendezvous_period(__u64 unix_s, __u32 period_s);

/*
 * The period on step 0, 1, 2 of the ladder of n = `period_s`: n, n/2, n/4 in whole seconds, none below 60 s unless n
 * is. Steps may be the same: the last one, where the floor is reached.
 */
__u32 rendezvous_ladder(__u32 period_s, unsigned int step);

/* d_T = SHA-256(s || le32(T))[0..20) */
void rendezvous_descriptor(const struct rendezvous_pair *pair, __u32 period, __u8 descriptor[static 20]);

/* Seed of the Ed25519 key of the native item of period T (docs/PROTOCOL.md 7.2). Secret; wipe it. */
void rendezvous_item_seed(const struct rendezvous_pair *pair, __u32 period_s, __u32 period, __u8 seed[static 32],
			  __u8 public_key[static 32]);

/* How a value was written, or is to be. */
enum rendezvous_form {
	RENDEZVOUS_NATIVE = 1,
	RENDEZVOUS_FULL = 2,    /* the patent's 36 bytes, boxed: 76 */
	RENDEZVOUS_COMPACT = 3, /* the paper's 25 bytes, boxed: 65 */
};

/* The introduction: how to reach the publisher in this period. K is secret. */
struct rendezvous_offer {
	enum rendezvous_form form;
	__u8 key[16];              /* K */
	struct mf_template prefix; /* base: the publisher's hopping prefix */
	__u8 seed[8];              /* the publisher's seed identifier; zero in the compact form */
	__u32 rotation_ms;         /* compact: whole seconds */
	__u32 period_s, period;    /* native: named inside; else as asked for */
};

/* C_IID = SHA-256(s || K)[0..8): the reader's seed identifier. */
void rendezvous_reader_seed(const struct rendezvous_pair *pair, const __u8 key[static 16], __u8 seed[static 8]);

/* Boxes an offer. How many bytes (at most RENDEZVOUS_VALUE_BYTES), or -EINVAL: the form cannot say it (`why`). */
int rendezvous_seal(const struct rendezvous_pair *pair, const struct rendezvous_offer *offer,
		    __u8 value[static RENDEZVOUS_VALUE_BYTES], char why[static SAY_BYTES]);

/* The same under a nonce of the caller's choice. For test vectors: a nonce used twice gives the box away. */
int rendezvous_seal_with(const struct rendezvous_pair *pair, const struct rendezvous_offer *offer,
			 const __u8 nonce[static RENDEZVOUS_NONCE_BYTES], __u8 value[static RENDEZVOUS_VALUE_BYTES],
			 char why[static SAY_BYTES]);

/*
 * Opens what stood at (pair, period_s, period); the length tells the form. 0; -EBADMSG: not from the other end, or not
 * for this place, time or direction; -EINVAL: authentic but senseless. `why` says which, `offer` is then untouched.
 * Every byte is hostile until the box has opened. The forms of paper and patent name neither time nor direction:
 * theirs is all that the descriptor says.
 */
int rendezvous_open(const struct rendezvous_pair *pair, __u32 period_s, __u32 period, const __u8 *value, size_t length,
		    struct rendezvous_offer *offer, char why[static SAY_BYTES]);

/*
 * Whether a value of this length may stand where a reader of this form looks. The native place takes native values
 * alone: the others, which name neither time nor direction, could be carried there from another period or the way back.
 */
bool rendezvous_is_of_form(enum rendezvous_form form, size_t length);

#endif
