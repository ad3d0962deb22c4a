/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Keys of sealed associations: put into mf_seal once, with their counters at 0, and wiped when they end.
 */
#ifndef MAYFLY_LOADER_SEAL_H
#define MAYFLY_LOADER_SEAL_H

#include "loader/control.h"

/* Before mf_assoc says that there is an association. */
void mf_seal_begin(struct mf_seal *seal, const struct mf_assoc_config *config);

/* After it has said that there is none. */
void mf_seal_end(struct mf_seal *seal);

/* 0, or the field of a CHANGE that would take keys away, bring some, or bring others. */
__u16 mf_seal_conflict(const struct mf_seal *seal, const struct mf_association *before,
		       const struct mf_assoc_config *config);

/* The largest outer packet of an association, bytes: the link bears it, and so does its carriage. */
__u16 mf_seal_mtu(__u8 carriage, __u32 link_mtu);

#endif
