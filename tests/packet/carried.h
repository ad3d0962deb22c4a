/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What a right carried frame is, written from docs/PROTOCOL.md alone: the oracle that the
 * programs' output is compared with, and the peer whose packets the way in is given.
 */
#ifndef MAYFLY_TESTS_PACKET_CARRIED_H
#define MAYFLY_TESTS_PACKET_CARRIED_H

#include "bpf/abi.h"
#include "tests/packet/frame.h"

enum form { WITHOUT_ADDRESSES = 1, WHOLE = 2 };

enum {
	AT_CLASS = ETH_BYTES,             /* offsets in an untagged outer frame */
	AT_LENGTH = ETH_BYTES + 4,
	AT_NEXT = ETH_BYTES + 6,
	AT_HOP_LIMIT = ETH_BYTES + 7,
	AT_SOURCE = ETH_BYTES + 8,
	AT_DESTINATION = ETH_BYTES + 24,
	AT_PORTS = ETH_BYTES + IP6_BYTES,
	AT_UDP_LENGTH = AT_PORTS + 4,
	AT_CHECK = AT_PORTS + 6,
	AT_SHIM = AT_PORTS + 8,
	AT_CARRIED = AT_SHIM + 4,
	AT_COUNTER = AT_SHIM, /* of a sealed one */
	AT_TAG = AT_COUNTER + 8,
	AT_SEALED = AT_TAG + 16,
};

/* `inner` (tags in its frame are carried) in the slot of the end that sends it. */
void carried_encap(struct frame *frame, const struct mf_slot *sender, const struct frame *inner, enum form form);

/* Any bytes behind any shim, lengths and checksum right. */
void carried_raw(struct frame *frame, const struct mf_slot *sender, const __u8 *shim, const void *bytes, __u32 count);

/* `inner` with the slot's addresses and masked ports, checksum computed anew. Untagged IPv6 only. */
void carried_rewrite(struct frame *frame, const struct mf_slot *sender, const struct frame *inner);

/* UDP ports as `rewrite` writes them. */
__u16 carried_port(__u16 port, __be16 mask);

/* Seals what carried_encap() or carried_raw() made, for the slot with this index. */
void carried_seal(struct frame *frame, const struct mf_seal_key *key, __u64 counter, __u64 index);

/* Pads it, before it is sealed, by so many bytes: 2 or more. */
void carried_pad(struct frame *frame, __u32 bytes);

/* Lengths and checksum of an outer frame whose contents a test has changed. */
void carried_finish(struct frame *frame);

#endif
