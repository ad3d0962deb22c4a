/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Gives up what is not needed after start.
 */
#ifndef MAYFLY_LOADER_CONFINE_H
#define MAYFLY_LOADER_CONFINE_H

/* 0 or -errno; says what failed. After this only a few capabilities and system calls are left. */
int mf_confine(void);

#endif
