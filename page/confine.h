/* SPDX-License-Identifier: GPL-2.0-only */
/* Gives up everything but what answering takes: no files, no new sockets, no programs. */
#ifndef MAYFLY_PAGE_CONFINE_H
#define MAYFLY_PAGE_CONFINE_H

/* 0 or -errno. */
int page_confine(void);

#endif
