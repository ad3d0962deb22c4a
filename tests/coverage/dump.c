// SPDX-License-Identifier: GPL-2.0-only
/*
 * Only in the build of `make coverage`: what a process has run is written down when it ends by _exit() or by a signal as
 * well, which the compiler's library does not see. The linker puts this in the place of _exit() (--wrap). The loader's filter of
 * system calls needs no hole for it: files may be opened, locked and written, and root's directory is root's.
 */
#include <gcov.h>
#include <signal.h>
#include <stddef.h>

void __real__exit(int status) __attribute__((noreturn));
void __wrap__exit(int status) __attribute__((noreturn));

void __wrap__exit(int status)
{
	__gcov_dump();
	__real__exit(status);
}

static void end(int number)
{
	__gcov_dump();
	signal(number, SIG_DFL);
	raise(number);
}

/* Of programs that do not mind these signals; the others put their own in place of this. */
static void __attribute__((constructor)) catch_ends(void)
{
	static const int ends[] = { SIGTERM, SIGINT, SIGPIPE };

	for (size_t i = 0; i < sizeof(ends) / sizeof(*ends); i++)
		if (signal(ends[i], end) == SIG_IGN)
			signal(ends[i], SIG_IGN);
}
