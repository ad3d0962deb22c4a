/* SPDX-License-Identifier: GPL-2.0-only */
/* What a process may ask of the kernel from now on; for programs that foreign bytes reach. */
#ifndef MAYFLY_LOADER_FILTER_H
#define MAYFLY_LOADER_FILTER_H

#include <seccomp.h>
#include <stddef.h>

/*
 * These system calls (SCMP_SYS()), and what `more` adds; any other fails with EPERM. It cannot be undone, and takes
 * PR_SET_NO_NEW_PRIVS or CAP_SYS_ADMIN. 0 or -errno.
 */
int mf_filter_calls(const int *calls, size_t count, int (*more)(scmp_filter_ctx filter));

#endif
