/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Settings of one interface under /proc/sys/net.
 */
#ifndef MAYFLY_LOADER_SYSCTL_H
#define MAYFLY_LOADER_SYSCTL_H

/* FAMILY ("ipv4", "ipv6"), interface, setting. */
int mf_sysctl_set(const char *family, const char *interface, const char *setting, const char *value);

#endif
