// SPDX-License-Identifier: GPL-2.0-only
/* seccomp, by a list of calls. */
#include "loader/filter.h"

#include <errno.h>

static int allow(scmp_filter_ctx filter, int call)
{
	int error = seccomp_rule_add(filter, SCMP_ACT_ALLOW, call, 0);

	return error == -EDOM ? 0 : error; /* this architecture has no such call */
}

int mf_filter_calls(const int *calls, size_t count, int (*more)(scmp_filter_ctx filter))
{
	scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ERRNO(EPERM));
	int error = filter ? 0 : -ENOMEM;

	for (size_t i = 0; !error && i < count; i++)
		error = allow(filter, calls[i]);
	if (!error)
		error = more(filter);
	if (!error)
		error = seccomp_load(filter);
	seccomp_release(filter);
	return error;
}
