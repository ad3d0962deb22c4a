/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * From a message as it came to its answer: size, version, type and every value are checked here, before
 * anything behind the seam (struct mf_request_target) sees them.
 */
#ifndef MAYFLY_LOADER_REQUEST_H
#define MAYFLY_LOADER_REQUEST_H

#include <stddef.h>

#include "loader/control.h"

/*
 * Who carries requests out. What they get is within bounds (loader/check.h). They fill the answer's payload, or
 * refuse it by the functions below and then have changed nothing.
 */
struct mf_request_target {
	void (*node_set)(void *context, const struct mf_node_config *config, struct mf_message *answer);
	void (*node_get)(void *context, struct mf_message *answer);
	void (*node_clear)(void *context, struct mf_message *answer);
	void (*assoc_add)(void *context, const struct mf_assoc_config *config, struct mf_message *answer);
	void (*assoc_change)(void *context, const struct mf_assoc_config *config, struct mf_message *answer);
	void (*assoc_delete)(void *context, const char *name, struct mf_message *answer);
	void (*assoc_lead)(void *context, const char *name, struct mf_message *answer);
	void (*assoc_find)(void *context, const __u8 host[static 16], struct mf_message *answer);
	void (*assoc_next)(void *context, __u32 id, struct mf_message *answer);
	void (*counters_get)(void *context, struct mf_message *answer);
	void (*lend)(void *context, const struct mf_lend *lend, struct mf_message *answer);

	/* What session messages leave and come by: its number, even while it is gone with its NIC; 0: there is none. */
	int (*device)(void *context);
};

/* What the connection itself has to do for an accepted request. */
enum mf_request_wants { MF_WANTS_NOTHING = 0, MF_WANTS_EVENTS, MF_WANTS_SOCKET };

/* Answers `message` (of `bytes` bytes). */
enum mf_request_wants mf_request_answer(const struct mf_request_target *target, void *context,
					const struct mf_message *message, size_t bytes, struct mf_message *answer);

void mf_request_refuse(struct mf_message *answer, enum mf_refusal refusal);
void mf_request_refuse_value(struct mf_message *answer, __u16 field);
void mf_request_refuse_interface(struct mf_message *answer, __u16 unfit);

/* By the errno of what failed: -EEXIST, -ENOENT and -ENOSPC have refusals of their own. */
void mf_request_refuse_error(struct mf_message *answer, int error);

#endif
