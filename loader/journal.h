/* SPDX-License-Identifier: GPL-2.0-only */
/* Whether what is said goes to systemd's journal; both programs ask. */
#ifndef MAYFLY_LOADER_JOURNAL_H
#define MAYFLY_LOADER_JOURNAL_H

#include <stdbool.h>

/*
 * Whether `fd` is the stream that JOURNAL_STREAM names by device and inode (systemd.exec(5)): then a line begins with its
 * priority, "<4>" (sd-daemon(3)), and needs neither a name nor a time. A stream that was redirected since is none.
 */
bool mf_is_journal(int fd);

#endif
