/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What stands inside the boxes, byte by byte (docs/PROTOCOL.md 7.1, 7.2 and 7.5). The seam between
 * rendezvous_box.c and two_stage.c, which box it, and the layouts.
 *
 *	native:  version(1) type(1) publisher(32) reader(32) le32 period_s, le32 period, body, zero up to 200
 *	offer:   K(16) base(16) prefix length(1) hop bits(1) seed(8) le32 rotation_ms
 */
#ifndef MAYFLY_CTL_RENDEZVOUS_PLAIN_H
#define MAYFLY_CTL_RENDEZVOUS_PLAIN_H

#include "ctl/rendezvous.h"

enum {
	PLAIN_VERSION = 1,
	PLAIN_HEAD_BYTES = 74,
	PLAIN_OFFER_BYTES = 46,
	PLAIN_NATIVE_BYTES = 200,
	PLAIN_FULL_BYTES = 36,
	PLAIN_COMPACT_BYTES = 25,
	PLAIN_BOX_BYTES = 40, /* what a box adds: nonce 24, MAC 16 */
};

enum plain_type { PLAIN_OFFER = 1, PLAIN_LONG = 2, PLAIN_SHORT = 3 };

/* Who says it to whom, of which period. */
struct plain_head {
	enum plain_type type;
	const __u8 *publisher, *reader; /* 32 bytes each */
	__u32 period_s, period;
};

void plain_put_head(__u8 plain[static PLAIN_HEAD_BYTES], const struct plain_head *head);

/* 0 if `plain` begins with this very head; -EBADMSG, or -EINVAL for another version; and `why`. */
int plain_check_head(const __u8 plain[static PLAIN_HEAD_BYTES], const struct plain_head *head,
		     char why[static SAY_BYTES]);

/* Nothing but zero from `used` to the end? 0, or -EINVAL and `why`. */
int plain_check_padding(const __u8 plain[static PLAIN_NATIVE_BYTES], size_t used, char why[static SAY_BYTES]);

void plain_put_offer(__u8 body[static PLAIN_OFFER_BYTES], const struct rendezvous_offer *offer);
void plain_take_offer(struct rendezvous_offer *offer, const __u8 body[static PLAIN_OFFER_BYTES]);

/* The forms of patent and paper. */
void plain_put_full(__u8 plain[static PLAIN_FULL_BYTES], const struct rendezvous_offer *offer);
void plain_take_full(struct rendezvous_offer *offer, const __u8 plain[static PLAIN_FULL_BYTES]);
void plain_put_compact(__u8 plain[static PLAIN_COMPACT_BYTES], const struct rendezvous_offer *offer);
void plain_take_compact(struct rendezvous_offer *offer, const __u8 plain[static PLAIN_COMPACT_BYTES]);

/* Whether an offer makes sense, and its form can say it. 0, or -EINVAL and `why`. */
int plain_check_offer(const struct rendezvous_offer *offer, char why[static SAY_BYTES]);

#endif
