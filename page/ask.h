/* SPDX-License-Identifier: GPL-2.0-only */
/* What a request may say: whom it means (Host) and which page of the sessions it wants. Pure. */
#ifndef MAYFLY_PAGE_ASK_H
#define MAYFLY_PAGE_ASK_H

#include <linux/types.h>
#include <stdbool.h>

enum { ASK_PAGE_MOST = 19999 /* of a million sessions */ };

/*
 * Whether a Host names this host in a way that no foreign page can have a browser say: an address (bracketed if it is IPv6),
 * localhost, or one of `names`; a port may follow. A name that leads here by the foreign page's own DNS is none of these.
 */
bool ask_host_is_ours(const char *host, const char *const names[], unsigned int count);

/* "page": digits alone, from 1. 0 if there is none (then it is 0), -EINVAL or -ERANGE. The page counts from 0. */
int ask_page(const char *value, __u32 *page);

#endif
