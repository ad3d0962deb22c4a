/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Threaded NAPI (Linux 5.12): packets that a device receives are handled by threads, which the scheduler puts on any core,
 * instead of on the core that was interrupted. /sys/class/net/INTERFACE/threaded.
 */
#ifndef MAYFLY_LOADER_NAPI_H
#define MAYFLY_LOADER_NAPI_H

/* 1 or 0; or -errno: the interface, or the kernel, has none of it, or /sys is of another network namespace. */
int mf_napi_threaded(const char *interface);

/* 0 or -errno. */
int mf_napi_thread(const char *interface, int on);

#endif
