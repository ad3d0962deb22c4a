/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Slots: which one it is, when it starts, what both ends are called in it.
 * Pure functions of their arguments (MTD'15 equations 1 and 3, MT6D 2011 for the ports).
 */
#ifndef MAYFLY_LOADER_SLOT_H
#define MAYFLY_LOADER_SLOT_H

#include "bpf/abi.h"

struct mf_schedule {
	__u32 rotation_ms;
	__u32 phase_ms; /* mf_slot_phase() of the key and this rotation */
};

/* One end in one slot. */
struct mf_slot_end {
	__u8 identifier[8];
	__be16 port;
	__u32 flow_label; /* 20 bits, host order */
};

/* le32(SHA-256("mayfly phase" || K)[0..4)) mod rotation. rotation_ms > 0. */
__u32 mf_slot_phase(const __u8 key[static 16], __u32 rotation_ms);

/* Index of the slot that holds `now_ms`: (now + phase) / rotation. */
__u64 mf_slot_index(const struct mf_schedule *schedule, __u64 now_ms);

/* First millisecond of slot `index`: index * rotation - phase. */
__u64 mf_slot_start(const struct mf_schedule *schedule, __u64 index);

/* Identifier, port and flow label out of D. */
void mf_slot_end_read(struct mf_slot_end *end, const __u8 digest[static 32]);

/* D = SHA-256(seed || K || le64(start_ms)); identifier, port and flow label out of it. */
void mf_slot_end(struct mf_slot_end *end, const __u8 seed[static 8], const __u8 key[static 16], __u64 start_ms);

/* Puts the leading hop_bits of the identifier into the template's low bits. */
void mf_slot_address(__u8 address[static 16], const struct mf_template *template, const __u8 identifier[static 8]);

/* Plain sum of its 16-bit words as they lie in memory, as the programs take it into checksums. */
__u32 mf_address_sum(const __u8 address[static 16]);

/* Fills a slot as the programs read it, but for its association; label_out is that of the local end. */
void mf_slot_fill(struct mf_slot *slot, const struct mf_seed *seed, const struct mf_schedule *schedule, __u64 index);

/* 0, or -EINVAL: lengths out of range or base has bits set that hop. */
int mf_template_check(const struct mf_template *template);

#endif
