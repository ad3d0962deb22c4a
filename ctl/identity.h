/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What follows from a public key alone: the inner addresses that vouch for themselves, and the
 * seed identifier that hopping starts from. docs/PROTOCOL.md gives the vectors.
 */
#ifndef MAYFLY_CTL_IDENTITY_H
#define MAYFLY_CTL_IDENTITY_H

#include "bpf/abi.h"

/* fd6d::/16 with its low 112 bits = SHA-256("mayfly inner v1" || public key)[0..14). */
void identity_address(__u8 address[static 16], const __u8 public_key[static 32]);

/* Likewise with "mayfly introduction v1": inner address where handshakes of sessions go that have yet to begin. */
void identity_introduction(__u8 address[static 16], const __u8 public_key[static 32]);

/* Likewise with "mayfly visitor v1": where they come from, so that two that visit each other keep both apart. */
void identity_visitor(__u8 address[static 16], const __u8 public_key[static 32]);

/* SHA-256("mayfly seed" || public key)[0..8). */
void identity_seed(__u8 seed[static 8], const __u8 public_key[static 32]);

#endif
