/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Is what a request says within bounds? Pure. Each gives 0, or the offset in struct mf_message of the first
 * value that is not; what is past these is used without further questions.
 */
#ifndef MAYFLY_LOADER_CHECK_H
#define MAYFLY_LOADER_CHECK_H

#include "loader/control.h"

#define MF_FIELD(member) offsetof(struct mf_message, member)

/* mf_message.node_config. A look-ahead or capacity of 0 is given its default by mf_check_node_fill(). */
__u16 mf_check_node(const struct mf_message *message);

/* mf_message.assoc_config; and the part of it that DELETE and LEAD read, and FIND. */
__u16 mf_check_assoc(const struct mf_message *message);
__u16 mf_check_name(const struct mf_message *message);
__u16 mf_check_host(const struct mf_message *message);

/* Defaults for what was left 0 (but ring_slots), zeros behind the counts: equal configurations become equal bytes. */
void mf_check_node_fill(struct mf_node_config *config);
void mf_check_assoc_fill(struct mf_assoc_config *config);

/* The ring_slots of a new node that leaves them to us. */
__u32 mf_check_ring_slots(const struct mf_node_config *config);

#endif
