/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What a session's packets are sealed with (docs/PROTOCOL.md 9.2), out of what its handshake has left:
 *
 *	HKDF-SHA256(secret = k, salt = none, info = "mayfly sealed v1" || h) = key(32) || mask(16)
 *
 * k is the Split key of the direction, h the handshake hash. Each handshake has others, so each key has one association,
 * once. Pure.
 */
#ifndef MAYFLY_CTL_SEAL_KEYS_H
#define MAYFLY_CTL_SEAL_KEYS_H

#include <stdbool.h>

#include "bpf/seal_key.h"
#include "ctl/noise.h"

/* Who seals, as it stands in the nonce. */
enum seal_sender { SEAL_BY_INITIATOR = 0, SEAL_BY_RESPONDER = 1 };

/* Both directions, as one end has them. Secret. */
struct seal_keys {
	struct mf_seal_key out, in;
};

/* `initiator`: whether this end was. */
void seal_keys_derive(struct seal_keys *keys, const struct noise_result *result, bool initiator);

#endif
