/* SPDX-License-Identifier: GPL-2.0-only */
/* Sessions that go on in the loader after whoever kept them has died. */
#ifndef MAYFLY_CTL_SESSIONS_UNKEPT_H
#define MAYFLY_CTL_SESSIONS_UNKEPT_H

#include "ctl/snapshot.h"

/* How many the loader has, and what to do about it in `why`; 0: none, or no loader answers. For when nobody keeps any. */
size_t sessions_unkept(const char *socket, char why[static SAY_BYTES]);

/* The same of what the loader has told. */
size_t sessions_unkept_words(const struct snapshot *snapshot, char why[static SAY_BYTES]);

#endif
