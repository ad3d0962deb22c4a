/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What a person is told, on stderr: a line a message, with sd-daemon(3) priority prefixes where that is the journal.
 */
#ifndef MAYFLY_LOADER_LOG_H
#define MAYFLY_LOADER_LOG_H

enum mf_log_level { MF_LOG_ERROR = 3, MF_LOG_WARNING = 4, MF_LOG_NOTICE = 5, MF_LOG_INFO = 6, MF_LOG_DEBUG = 7 };

void mf_log(enum mf_log_level level, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif
