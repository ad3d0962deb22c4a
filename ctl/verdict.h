/* SPDX-License-Identifier: GPL-2.0-only */
/* Names and meanings of the verdicts and events of bpf/verdict.h, in one place. */
#ifndef MAYFLY_CTL_VERDICT_H
#define MAYFLY_CTL_VERDICT_H

#include <stdbool.h>

#include "bpf/verdict.h"

/* The enumerator in lower case without MF_: "drop_dead"; "unknown" beyond the last. Never NULL. */
const char *verdict_name(unsigned int verdict);

/* One line for a person. */
const char *verdict_meaning(unsigned int verdict);

/* Whether a packet was lost to it. */
bool verdict_is_drop(unsigned int verdict);

/* "probe_random" and so on. */
const char *event_name(unsigned int kind);
const char *event_meaning(unsigned int kind);

#endif
