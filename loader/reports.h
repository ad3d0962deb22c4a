/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What programs report through the ring buffer mf_events.
 */
#ifndef MAYFLY_LOADER_REPORTS_H
#define MAYFLY_LOADER_REPORTS_H

#include "bpf/verdict.h"

struct mf_instance;

typedef void mf_reports_handler(const struct mf_event *event, void *context);

int mf_reports_open(struct mf_instance *instance);
void mf_reports_close(struct mf_instance *instance);

/* Descriptor that becomes readable; -1: none. */
int mf_reports_fd(const struct mf_instance *instance);

/* Hands on what is there. */
void mf_reports_read(struct mf_instance *instance);

#endif
