/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Prefixes of inner addresses, IPv4 mapped (::ffff:0:0/96 plus the IPv4 length), as pure values.
 */
#ifndef MAYFLY_LOADER_PREFIX_H
#define MAYFLY_LOADER_PREFIX_H

#include "bpf/abi.h"

int mf_prefix_is_ipv4(const struct mf_prefix *prefix);
int mf_prefix_is_host(const struct mf_prefix *prefix);
int mf_prefix_same(const struct mf_prefix *one, const struct mf_prefix *other);

/* Is the address in it? Are all of the other's addresses? Do they have any in common? */
int mf_prefix_has(const struct mf_prefix *prefix, const __u8 address[static 16]);
int mf_prefix_covers(const struct mf_prefix *prefix, const struct mf_prefix *other);
int mf_prefix_overlaps(const struct mf_prefix *one, const struct mf_prefix *other);

/* The one address of `prefix`, as a /128. */
struct mf_prefix mf_prefix_host(const struct mf_prefix *prefix);
struct mf_prefix mf_prefix_of_template(const struct mf_template *template);

/* First IPv6 /128 of the list, or NULL. */
const struct mf_prefix *mf_prefix_first_host(const struct mf_prefix *list, unsigned int count);

#endif
